import type { ChangeNote } from "../../planning/change-note.js";

export const diskNotes: readonly ChangeNote[] = [
  { input: "Disk: `size`, larger", running: "live", note: "smaller is refused" },
  {
    input: "Disk: `pool`",
    running: "live: it is copied while the guest writes to it, which then goes over to the copy",
    note: "refused while several VMs use it, or its VM has snapshots",
  },
  {
    input: "Disk: `host`",
    running: "moves with its VM",
    note: "one that no VM uses is copied through this machine",
  },
  {
    input: "Disk: `format`, `backing`, `source`, `name`",
    running: "refused while a VM uses the disk",
    note: "else the disk is replaced",
  },
];
