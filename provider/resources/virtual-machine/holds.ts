import type { HostRef } from "../../hosts/host-ref.js";
import { type Holding, nameHeld, volumeHeld } from "../holding.js";
import { refOf } from "./observe.js";
import { plugPlace, sameAddress } from "./same-addresses.js";
import { type Inputs, volumeOf } from "./schema.js";

/** Its name, its own volumes, and what two guests that run had better not have both. */
export function holds(inputs: Partial<Inputs>): Holding[] {
  const { host, connection, credentials, name, powerState } = inputs;
  if (host === undefined || connection === undefined) return [];
  const ref = refOf({ host, connection, credentials });
  return [
    ...(name === undefined
      ? []
      : [nameHeld(ref, "virtual machine", name, "give each virtual machine of a host a name of its own")]),
    ...volumesHeld(ref, inputs),
    ...(powerState === "stopped" ? [] : [...disksOpen(ref, inputs), ...addressesHeld(ref, inputs)]),
  ];
}

/** What is taken over may share a volume, which is told then. */
function volumesHeld(host: HostRef, { name, disks = [], adopt }: Partial<Inputs>): Holding[] {
  if (name === undefined || adopt === true) return [];
  return disks.flatMap((entry, i) =>
    entry.disk === undefined ? [volumeHeld(host, volumeOf(name, entry, i), `disks[${i}]`)] : [],
  );
}

/** How guests have a disk open. */
const ways = {
  "read by": { writes: false, shares: false },
  "written by": { writes: true, shares: false },
  "read, shareable, by": { writes: false, shares: true },
  "written, shareable, by": { writes: true, shares: true },
};

type Way = keyof typeof ways;

/** QEMU wants the consent of everybody who has a disk open to each who writes to it. */
function excludeEachOther(one: Way, other: Way): boolean {
  const [a, b] = [ways[one], ways[other]];
  return (a.writes && !b.shares) || (b.writes && !a.shares);
}

function disksOpen(host: HostRef, { name, disks = [] }: Partial<Inputs>): Holding[] {
  return disks.flatMap(({ disk, readonly = false, shareable = false }, i): Holding[] => {
    if (disk === undefined || name === undefined) return [];
    const way: Way = `${readonly ? "read" : "written"}${shareable ? ", shareable," : ""} by`;
    const opened = (how: Way) => `disk ${disk.pool}/${disk.name}, ${how} `;
    const excluded = (Object.keys(ways) as Way[]).filter((how) => excludeEachOther(way, how)).map(opened);
    const where = `disk ${disk.name} in pool ${disk.pool} on ${host.name}`;
    const because = readonly ? "writes to it" : "has it open as well, and this virtual machine writes to it";
    return [
      {
        ...{ host, what: `${opened(way)}${name}`, path: `disks[${i}]`, onlyWarns: true },
        meets: (what) => excluded.some((beginning) => what.startsWith(beginning)),
        says: (other) =>
          `disks[${i}]: ${where}: ${other} ${because}: QEMU doesn't start the second of the two; give each a disk of its own, or set shareable: true in both for guests that know of each other`,
      },
    ];
  });
}

function addressesHeld(host: HostRef, { interfaces = [] }: Partial<Inputs>): Holding[] {
  return interfaces.flatMap((entry, index): Holding[] => {
    const { mac } = entry;
    if (mac === undefined) return [];
    const place = plugPlace(entry);
    return [
      {
        ...{ host, what: `${mac} in ${place}`, path: `interfaces[${index}].mac`, onlyWarns: true },
        says: (other) => sameAddress({ index, mac, place, host: host.name }, other),
      },
    ];
  });
}
