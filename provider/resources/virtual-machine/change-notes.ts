import type { ChangeNote } from "../../planning/change-note.js";

/** What a VM's plan does by steps of their own. */
export const machineNotes: readonly ChangeNote[] = [
  {
    input: "host",
    running: "migrates, live: it runs on",
    note: "disks that both hosts don't share are copied with it, into the pools that are declared then",
  },
  { input: "`disks[].size`, larger", running: "live", note: "smaller is refused" },
  { input: "autostart", running: "nothing" },
  {
    input: "`disks[].pool`",
    running: "live: it is copied while the guest writes to it, which then goes over to the copy",
    note: "refused while the VM has snapshots",
  },
  { input: "`disks[].format`", running: "refused", note: "an image stays what it was made as" },
  {
    input: '`powerState: "stopped"`',
    running: "is shut down, gracefully",
    note: "its power is cut only with `forceStop: true`",
  },
  { input: '`powerState: "paused"`', running: "stands still" },
];
