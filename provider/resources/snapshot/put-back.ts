import type { Host } from "../../hosts/host.js";
import { isLibvirtError } from "../../libvirt/index.js";
import { buildVolume, type RevertMark, readDiskChains, revertMarkKind } from "../../libvirt/xml/index.js";
import type { ApplyContext } from "../definition.js";
import { setMark } from "../virtual-machine/metadata.js";
import { modelOf } from "../volume-model.js";
import { removeFile, volumeAt } from "./files.js";
import type { FoundSnapshot } from "./observe.js";

/**
 * What libvirt does since 9.9, of a running guest's disks since 10.10, for a snapshot on which no other is built: the guest is stopped, gets empty
 * files in place of those that it wrote to since the snapshot, and is started again if it ran. Cut off anywhere, it is begun again: until the note
 * in the domain is gone nobody starts the guest.
 */
export async function putDisksBack(
  host: Host,
  uuid: string,
  { model }: FoundSnapshot,
  mark: RevertMark,
  context: ApplyContext,
): Promise<void> {
  const libvirt = await host.libvirt();
  await libvirt.domains.destroy(uuid, { graceful: true }).catch((error: unknown) => {
    if (!isLibvirtError(error, "operationInvalid")) throw error; // It is off already.
  });
  const record = await libvirt.domains.observe({ uuid });
  if (record?.persistentXml === undefined) throw new Error(`the domain has no definition on ${host.name}`);
  const layers = (model.below ?? []).map(({ overlay, path, format }) => [overlay, { path, format }] as const);
  const chains = readDiskChains(record.persistentXml, new Map(layers));
  for (const { target, place, overlay } of model.disks) {
    if (place !== "external" || overlay === undefined) continue;
    const chain = chains.find((other) => other.target === target);
    const below = chain?.paths[1];
    if (chain?.paths[0] !== overlay || below === undefined)
      throw new Error(
        `disk ${target} is ${chain?.paths[0] ?? "gone"} on ${host.name}, and not what snapshot ${model.name} made of it, ${overlay}; merge or remove what was put over it by hand`,
      );
    await makeAnew(host, overlay, { path: below, format: chain.formats[1] }, context);
  }
  await setMark(host, record, revertMarkKind, undefined);
  if (mark.wasRunning) await libvirt.domains.start(uuid, { signal: context.signal });
}

async function makeAnew(
  host: Host,
  overlay: string,
  below: { path: string; format: string | undefined },
  { signal }: ApplyContext,
): Promise<void> {
  const place = await volumeAt(host, overlay, signal);
  const libvirt = await host.libvirt();
  const base = await libvirt.volumes.byPath(below.path);
  if (place === undefined || base === undefined)
    throw new Error(
      `${place === undefined ? overlay : below.path} isn't in a pool that runs on ${host.name}`,
    );
  await removeFile(host, overlay, signal);
  const { capacityBytes, format } = modelOf(base);
  const backing = { path: below.path, format: below.format ?? format ?? "raw" };
  const xml = buildVolume({ name: place.name, format: "qcow2", capacityBytes, allocationBytes: 0, backing });
  await libvirt.volumes.create(place.pool, xml, { signal });
  await host.observations.refreshVolume(place.pool, place.name);
}
