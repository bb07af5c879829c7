export { moveVolume, settleMove } from "./move-volume.js";
export { clearNote, dropNote } from "./notes.js";
export type { VolumeMove } from "./volume-move.js";
