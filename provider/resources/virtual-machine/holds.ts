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
    ...(powerState === "stopped" ? [] : [...disksWritten(ref, inputs), ...addressesHeld(ref, inputs)]),
  ];
}

/** What is taken over may share a volume, which is told then. */
function volumesHeld(host: HostRef, { name, disks = [], adopt }: Partial<Inputs>): Holding[] {
  if (name === undefined || adopt === true) return [];
  return disks.flatMap((entry, i) =>
    entry.disk === undefined ? [volumeHeld(host, volumeOf(name, entry, i), `disks[${i}]`)] : [],
  );
}

function disksWritten(host: HostRef, { disks = [] }: Partial<Inputs>): Holding[] {
  return disks.flatMap(({ disk, readonly, shareable }, i): Holding[] =>
    disk === undefined || readonly === true || shareable === true
      ? []
      : [
          {
            ...{ host, what: `writing to ${disk.pool}/${disk.name}`, path: `disks[${i}]`, onlyWarns: true },
            says: (other) =>
              `disks[${i}]: ${other} writes to disk ${disk.name} in pool ${disk.pool} on ${host.name} as well: QEMU doesn't start the second of the two; give each a disk of its own, or shareable: true for guests that know of each other`,
          },
        ],
  );
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
