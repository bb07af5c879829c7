import type { ChangeNote } from "../../planning/change-note.js";

export const networkNotes: readonly ChangeNote[] = [
  {
    input: "Network: `dhcp`, `ipv6.dhcp`, `dns.hosts`, `dns.txt`, `dns.srv`",
    running: "live",
    note: "a name at two addresses: as the rest",
  },
  {
    input: "Network: `portgroups`, `forwardDevices`",
    running: "live, where no running VM uses them",
  },
  {
    input: 'Network: `vlan` and used `portgroups` of mode `"ovs"`',
    running: 'refused while a running VM is attached, unless `restartPolicy: "whenNeeded"`',
    note: "then it goes over, with its link up",
  },
  {
    input: "Network: the rest",
    running: 'refused while a running VM is attached, unless `restartPolicy: "whenNeeded"`',
    note: 'then its link is cut for some seconds; `"ovs"` and `"macvtap"`: refused all the same',
  },
];
