import type { ChangeNote } from "../../planning/change-note.js";

export const networkNotes: readonly ChangeNote[] = [
  { input: "Network: DHCP range and fixed addresses", running: "live" },
  {
    input: "Network: the rest",
    running: 'refused while a running VM is attached, unless `restartPolicy: "whenNeeded"`',
  },
];
