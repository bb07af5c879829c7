import type { ChangeNote } from "../../planning/change-note.js";

export const snapshotNotes: readonly ChangeNote[] = [
  {
    input: "Snapshot, taken",
    running: '`"external"`: runs on; `"internal"`: stands still while its memory is written',
  },
  { input: "Snapshot, deleted", running: "live: what it wrote since is merged into its disks" },
  {
    input: "Snapshot: `revert`",
    running: "goes back to the snapshot: what it wrote since is lost",
    note: "an external one without memory: it is stopped, and boots",
  },
];
