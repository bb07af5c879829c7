import { platformOf } from "../../hosts/facts.js";
import type { DomainModel, ModelDifference } from "../../libvirt/xml/index.js";
import type { Refusal } from "../../planning/plan.js";
import { features } from "./features/index.js";
import type { ObservedHost } from "./observed.js";

/**
 * What a host can't give to a guest. Only what changes is asked for where the guest is there already: what it runs with, the host has had.
 * A change of the machine, or of how it is emulated, concerns everything.
 */
export function obstacles(
  model: DomainModel,
  host: ObservedHost,
  changes: readonly ModelDifference[] | "everything",
): Refusal[] {
  const changed =
    changes === "everything"
      ? undefined
      : new Set(changes.flatMap((change) => (change.kind === "property" ? [change.property] : [])));
  if (changed?.size === 0) return [];
  const platform = platformOf(host.facts, model);
  if (platform === undefined) return [];
  const all = changed === undefined || changed.has("machine") || changed.has("accelerator");
  return features
    .flatMap(
      (feature) =>
        feature.obstacles?.(model, {
          name: host.ref.name,
          facts: host.facts,
          capabilities: platform.capabilities,
        }) ?? [],
    )
    .filter(({ property }) => all || changed.has(property))
    .map(({ message }) => ({ kind: "notSupported", message }));
}

/** Of a VM that stays where it is: what keeps one from moving for it is said with the move. */
export function accelerationRefusals(
  model: Pick<DomainModel, "accelerator">,
  { ref, facts }: ObservedHost,
  before?: Pick<DomainModel, "accelerator">,
): Refusal[] {
  if (model.accelerator !== "kvm" || before?.accelerator === "kvm" || facts.kvm) return [];
  return [
    {
      kind: "missing",
      message: `emulation "kvm" isn't possible on ${ref.name}: it has no usable hardware virtualisation; use "auto" or "qemu", or enable it in the firmware`,
    },
  ];
}
