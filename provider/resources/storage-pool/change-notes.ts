import type { ChangeNote } from "../../planning/change-note.js";

export const poolNotes: readonly ChangeNote[] = [
  {
    input: "StoragePool: `source.host`, `source.format`, `source.auth`, ...",
    running: "refused while a running VM has a disk in it",
    note: "else the pool stops for a moment",
  },
  {
    input: "StoragePool: the rest",
    running: "nothing",
    note: "another name, path or storage replaces it, which is refused while volumes are in it",
  },
];
