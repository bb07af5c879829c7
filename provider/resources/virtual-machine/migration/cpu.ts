import type { Host } from "../../../hosts/host.js";
import type { CpuComparison } from "../../../libvirt/index.js";
import { parseXml, rootOf } from "../../../libvirt/xml/document.js";
import { attributeOf, childElement } from "../../../libvirt/xml/element.js";
import type { DomainModel } from "../../../libvirt/xml/index.js";
import { serializeElement } from "../../../libvirt/xml/serialize.js";

/**
 * Whether the target has what the guest's CPU has. Undefined where nobody needs to ask (emulated CPUs are the same everywhere),
 * or where libvirt can't compare.
 */
export async function compareCpu(
  source: Host,
  target: Host,
  uuid: string,
  model: DomainModel,
): Promise<CpuComparison | undefined> {
  if (model.accelerator !== "kvm") return undefined;
  const xml = await source.idempotent((libvirt) => libvirt.domains.xml(uuid, { migratable: true }));
  const cpu = childElement(rootOf(parseXml(xml, "domain")), "cpu");
  if (cpu === undefined) return undefined;
  const mode = attributeOf(cpu, "mode");
  if (mode === "host-passthrough" || mode === "maximum") {
    // The guest has whatever the source's CPU has, and libvirt doesn't know what that is.
    const [here, there] = await Promise.all([source.observations.facts(), target.observations.facts()]);
    return here.cpuModel === there.cpuModel ? "identical" : "incompatible";
  }
  const query = { architecture: model.architecture, machine: model.machine, virtType: model.accelerator };
  return target
    .idempotent((libvirt) => libvirt.host.compareCpu(serializeElement(cpu), query))
    .catch(() => undefined);
}
