import type { Deployment } from "../../provider/engine/deployment.js";
import type { HostRef } from "../../provider/hosts/host-ref.js";
import { sameValue } from "../../provider/libvirt/xml/index.js";
import { resourceNames } from "./program/names.js";
import { type Imported, type ImportedResource, importedKinds, type LeftAlone } from "./resource.js";
import { takeOver } from "./takeover.js";

/**
 * One program of what there is on several hosts: a pool or a network that several have alike is one resource, so that VMs move between them by
 * another `host` alone.
 */
export async function combine(
  parts: readonly { resources: ImportedResource[]; left: readonly LeftAlone[] }[],
  refs: readonly HostRef[],
  deployment: Deployment,
  project: string,
): Promise<Imported> {
  const resources: ImportedResource[] = [];
  for (const resource of parts.flatMap((part) => part.resources)) {
    const at = resources.findIndex((other) => isAlike(other, resource));
    const joint = resources[at];
    const hosts = [...(joint?.hosts ?? []), ...resource.hosts];
    const { kind, libvirtName, inputs } = resource;
    const on = refs.filter(({ name }) => hosts.includes(name));
    const isOne =
      joint !== undefined &&
      (await takeOver({ kind, libvirtName, on, project }, deployment, inputs, {})).kind === "taken";
    if (isOne) resources[at] = { ...joint, hosts };
    else resources.push(resource);
  }
  resources.sort((a, b) => importedKinds.indexOf(a.kind) - importedKinds.indexOf(b.kind));
  const names = resourceNames(resources);
  return {
    resources: resources.map((resource, i) => ({ ...resource, name: names[i] ?? resource.libvirtName })),
    left: parts.flatMap(({ left }) => left),
  };
}

function isAlike(a: ImportedResource, b: ImportedResource): boolean {
  return (
    (b.kind === "StoragePool" || b.kind === "Network") &&
    a.kind === b.kind &&
    a.libvirtName === b.libvirtName &&
    sameValue([a.inputs, a.notes], [b.inputs, b.notes])
  );
}
