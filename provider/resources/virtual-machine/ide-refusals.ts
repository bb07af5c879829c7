import type { DomainModel } from "../../libvirt/xml/index.js";
import type { Refusal } from "../../planning/plan.js";

/** Of the one controller that machine "pc" has, by two on each of its channels. */
const MOST_ON_IDE = 4;

/** More than an IDE controller has room for, which libvirt refuses when it is to define it. */
export function ideRefusals({ name, disks }: Pick<DomainModel, "name" | "disks">): Refusal[] {
  const targets = disks.filter(({ bus }) => bus === "ide").map(({ target }) => target);
  if (targets.length <= MOST_ON_IDE) return [];
  return [
    {
      kind: "notSupported",
      message: `${name} would have ${targets.length} disks and drives on IDE (${targets.sort().join(", ")}), which has room for ${MOST_ON_IDE}; have others on another bus, such as "sata"`,
    },
  ];
}
