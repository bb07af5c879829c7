import type { CrossCheck } from "../definition.js";
import type { Inputs } from "./schema.js";

/** Each place in the boot order is one device's. */
export const bootOrderChecks: readonly CrossCheck<Inputs>[] = [
  ({ disks = [], cdroms = [], interfaces = [] }) => {
    const taken = new Map<number, string>();
    const ordered = [
      ...disks.map(({ bootOrder }, i) => ({ bootOrder, device: `disks[${i}]` })),
      ...cdroms.map(({ bootOrder }, i) => ({ bootOrder, device: `cdroms[${i}]` })),
      ...interfaces.map(({ bootOrder }, i) => ({ bootOrder, device: `interfaces[${i}]` })),
    ];
    return ordered.flatMap(({ bootOrder, device }) => {
      if (bootOrder === undefined) return [];
      const first = taken.get(bootOrder);
      taken.set(bootOrder, first ?? device);
      return first === undefined
        ? []
        : [{ path: `${device}.bootOrder`, message: `${bootOrder} is that of ${first} already` }];
    });
  },
];
