import type { Host } from "../../hosts/host.js";
import type { DomainDisk, ModelDifference } from "../../libvirt/xml/index.js";
import type { Plan } from "../../planning/plan.js";
import { rescanPoolOnce } from "../rescan.js";
import { snapshotLayers } from "../snapshot-layers.js";
import { virsh } from "../virsh.js";
import { modelOf } from "../volume-model.js";
import { sameVolume } from "./desired-disks.js";
import { isActive, type ObservedDomain, snapshotNames } from "./observed.js";
import type { MachineRequest } from "./request.js";
import { volumeOf } from "./schema.js";

/** A disk that is there and that a file is a layer over: what was written since the layer was made isn't in the disk itself. */
export interface LayeredDisk {
  pool: string;
  volume: string;
  /** Paths of those over which there are no others: of one snapshot after another the last. */
  tops: string[];
}

/** The declared disks that the definition doesn't have, as when somebody has taken them out. */
export function absentDisks(
  { inputs }: MachineRequest,
  domain: ObservedDomain | undefined,
): { pool: string; volume: string; readonly: boolean }[] {
  const defined = domain?.persistent?.disks;
  if (defined === undefined) return [];
  return (inputs.disks ?? [])
    .map((entry, i) => ({ ...volumeOf(inputs.name, entry, i), readonly: entry.readonly === true }))
    .filter((volume) => !defined.some(({ source }) => sameVolume(source, volume)));
}

/** Those of them that have a layer over them, and that the guest is to write to. */
export async function layeredDisks(
  request: MachineRequest,
  domain: ObservedDomain | undefined,
  host: Host,
): Promise<LayeredDisk[]> {
  const written = absentDisks(request, domain).filter(({ readonly }) => !readonly);
  const found = written.map(async ({ pool, volume }): Promise<LayeredDisk[]> => {
    const tops = await topsOver(host, pool, volume);
    return tops.length === 0 ? [] : [{ pool, volume, tops }];
  });
  return (await Promise.all(found)).flat();
}

/** In the disk's own pool, where libvirt makes them unless it is told otherwise, and as snapshots say. */
async function topsOver(host: Host, pool: string, volume: string): Promise<string[]> {
  const listed = async () => (await host.observations.contents(pool)).volumes;
  if (!(await listed()).some(({ name }) => name === volume)) return [];
  // libvirt doesn't list by itself what was made there by hand. While it fills volumes there it doesn't look, and nobody need wait for that.
  await rescanPoolOnce(host, pool, { waitMs: 0 }).catch(() => undefined);
  const volumes = await listed();
  const ofSnapshots = [...(await snapshotLayers(host))].map(([path, under]) => [path, under.path] as const);
  const ofFiles = volumes.map((other) => [other.path, modelOf(other).backing?.path] as const);
  const over = (path: string) =>
    new Set([...ofSnapshots, ...ofFiles].flatMap(([layer, under]) => (under === path ? [layer] : [])));
  const tops = (path: string): string[] =>
    [...over(path)].flatMap((layer) => {
      const above = tops(layer);
      return above.length === 0 ? [layer] : above;
    });
  const disk = volumes.find(({ name }) => name === volume);
  return disk === undefined ? [] : tops(disk.path);
}

/** Put in as it is, the disk would take the guest back to what it had before, and what the guest writes would spoil the layer. */
export function refusePutUnderLayer(
  definition: readonly ModelDifference[],
  layered: readonly LayeredDisk[] | undefined,
  domain: ObservedDomain,
  result: Plan,
): void {
  for (const d of definition) {
    if (d.kind !== "disk" || d.property !== undefined || d.from !== undefined) continue;
    const found = layered?.find((disk) => sameVolume((d.to as DomainDisk | undefined)?.source, disk));
    if (found === undefined) continue;
    const { name } = domain.record;
    const { pool, volume, tops } = found;
    const attach = (layer: string) =>
      virsh(
        ...["attach-disk", name, layer, d.target, "--subdriver", "qcow2", "--config"],
        ...(isActive(domain) ? ["--live"] : []),
      );
    const forget =
      domain.snapshots === undefined || domain.snapshots.length === 0
        ? ""
        : `, and have libvirt forget its snapshot (${virsh("snapshot-delete", name, "SNAPSHOT", "--metadata")}; there are ${snapshotNames(domain)})`;
    const wayOut = `Put that in (${tops.map(attach).join("; or ")}), or remove it when nothing in it is needed any more${forget}`;
    result.refusals.push({
      kind: "inUse",
      message: `disk ${volume} in pool ${pool} can't be put in while ${tops.join(" and ")}, of a snapshot or made by hand, ${tops.length > 1 ? "are layers" : "is a layer"} over it: what was written since is in there, and would be spoilt. ${wayOut}`,
    });
  }
}
