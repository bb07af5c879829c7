import type { HostExamination } from "./examine.js";
import type { Finding } from "./finding.js";
import { withHostUuid } from "./judge-libvirt.js";
import { Verdict } from "./verdict.js";

/** What is said of hosts that have one of libvirt's host UUIDs: each of the first that has it. Pure. */
export function judgeTwins(examinations: readonly HostExamination[]): Finding[] {
  const first = new Map<string, { name: string; addresses: readonly string[] }>();
  return examinations.flatMap(({ name, seen }): Finding[] => {
    if (seen.kind === "silent" || seen.libvirt.kind !== "open") return [];
    const { machine, libvirt } = seen;
    const { uuid } = libvirt.facts.host;
    const twin = first.get(uuid);
    if (twin === undefined) {
      first.set(uuid, { name, addresses: machine.addresses });
      return [];
    }
    const verdict = new Verdict(twin.name, name);
    const shared = twin.addresses.find((address) => machine.addresses.includes(address));
    if (shared !== undefined)
      return [
        verdict.notice("libvirt", `${name} is the same machine`, {
          why: `Both have ${shared} and libvirt's host UUID ${uuid}. In a program it is to be one Host.`,
        }),
      ];
    return [
      verdict.problem("libvirt", `${name} has the same host UUID, ${uuid}`, {
        why: "By it machines are told apart, by libvirt as well: VMs don't move between the two, and a program can't have both.",
        on: name,
        commands: withHostUuid(machine, 'host_uuid = "$(cat /proc/sys/kernel/random/uuid)"'),
      }),
    ];
  });
}
