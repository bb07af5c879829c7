import type { ChangeNote } from "../../planning/change-note.js";

export const diskNotes: readonly ChangeNote[] = [
  { input: "Disk: `size`, larger", running: "live", note: "smaller is refused" },
  {
    input: "Disk: `pool`, `format`, `backing`, `name`",
    running: "refused while a VM uses the disk",
    note: "else the disk is replaced",
  },
];
