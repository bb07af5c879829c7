import type { DiskSource, DomainModel } from "../../../libvirt/xml/index.js";
import type { Plan, Refusal } from "../../../planning/plan.js";
import type { Step } from "../../../planning/step.js";
import { changedFiles } from "../../../seeds/changes.js";
import { declaredDrives, sameVolume } from "../desired-disks.js";
import { ownMarks } from "../disks.js";
import type { ObservedDomain, ObservedHost } from "../observed.js";
import type { MachineRequest } from "../request.js";
import type { Inputs } from "../schema.js";
import { type BootMedium, bootMedia, mediumInputOf, mediumTitles } from "./boot-media.js";
import { AS_ON_FIRST_BOOT, instanceText, UNLESS_HAD } from "./instance.js";

/** Of an instance that was started before, with a config or without one. */
const ONCE_READ = "Ignition reads it at a guest's first boot only: one that has had that isn't changed by it";

/**
 * The media that are declared and aren't in their pool, or not as a whole: one is written from its beginning to its end, and is named by its
 * content, so the size tells.
 */
export function mediaSteps(
  request: MachineRequest,
  place: ObservedHost,
  domain: ObservedDomain | undefined,
  result: Plan,
): void {
  const host = place.ref.name;
  const isOurs = ownMarks(request, domain);
  for (const declared of bootMedia(request.inputs)) {
    const { pool: poolName, volume: name, input, sizeBytes } = declared;
    const pool = place.pools.find((other) => other.name === poolName);
    if (pool?.active !== true && request.chosen !== undefined) {
      result.refusals.push({
        kind: "missing",
        message: `pool ${poolName}, which is to hold the ${mediumTitles[input]}, isn't there, or isn't running, on ${host}; declare it there (hosts: [...]) or start it`,
      });
      continue;
    }
    const volume = pool?.contents.volumes.find((other) => other.name === name);
    const mark = pool?.contents.marks.find((other) => other.volume === name);
    const isUsed = domain?.persistent !== undefined && isUsedBy(domain.persistent, declared);
    if (
      volume !== undefined &&
      !isUsed &&
      request.inputs.adopt !== true &&
      (mark === undefined || !isOurs(mark))
    ) {
      result.refusals.push({
        kind: "foreignObject",
        message: `there is a volume ${name} in pool ${poolName} on ${host} already, which this virtual machine didn't make; remove it, or set adopt: true to take it over`,
      });
      continue;
    }
    if (volume?.capacityBytes === sizeBytes) continue;
    result.steps.push({
      kind: "writeMedium",
      subject: request.inputs.name,
      host,
      pool: poolName,
      volume: name,
      title: mediumTitles[input],
      sizeBytes,
      effect: "none",
      reason: volume === undefined ? reasonFor(declared, request, domain) : "it isn't complete",
    });
  }
}

/** The media that are the VM's and that neither its definition nor its guest has any more. */
export function releasedMediaSteps(
  request: MachineRequest,
  place: ObservedHost,
  domain: ObservedDomain | undefined,
  inUse: readonly DomainModel[],
  result: Plan,
): void {
  const isOurs = ownMarks(request, domain);
  for (const pool of place.pools)
    for (const mark of [...pool.contents.marks].sort((a, b) => (a.volume < b.volume ? -1 : 1))) {
      const input = mediumInputOf(mark.volume);
      if (input === undefined || !isOurs(mark)) continue;
      const there = { pool: pool.name, volume: mark.volume };
      if (inUse.some((model) => isUsedBy(model, there))) continue;
      result.steps.push({
        kind: "deleteMedium",
        subject: request.inputs.name,
        host: place.ref.name,
        ...there,
        title: mediumTitles[input],
        effect: "none",
      });
    }
}

/**
 * Of a VM that is taken over: cloud-init takes whichever seed it finds first, and an image of somebody else's can't be told from other media. So the
 * program says what becomes of it.
 */
export function secondSeedRefusals({ inputs, previous }: MachineRequest, desired: DomainModel): Refusal[] {
  if (inputs.cloudInit === undefined || previous?.cloudInit !== undefined) return [];
  const media = bootMedia(inputs);
  const drives = desired.disks
    .filter(({ device, source }) => device === "cdrom" && !media.some((medium) => sameVolume(source, medium)))
    .sort((a, b) => a.target.length - b.target.length || (a.target < b.target ? -1 : 1));
  const declared = new Set(declaredDrives(inputs, previous, desired).map(({ disk }) => disk.target));
  const filled = drives.filter(({ source, target }) => source !== undefined && !declared.has(target));
  if (filled.length === 0) return [];
  const what = filled.map(({ target, source }) => `in drive ${target} (${textOf(source)})`).join(" and ");
  const taking = drives.map(() => "{}").join(", ");
  const keeping = drives.map(({ source }) =>
    source === undefined ? "{}" : `{ source: ${literalOf(source)} }`,
  );
  return [
    {
      kind: "ambiguous",
      message: `${inputs.name} has a medium ${what} already: if that is a seed as well, cloud-init takes whichever it finds first. Say what becomes of it: cdroms: [${taking}] takes it out, cdroms: [${keeping.join(", ")}] keeps it beside the new one; or leave cloudInit out`,
    },
  ];
}

function textOf(source: DiskSource | undefined): string {
  if (source === undefined) return "";
  if ("file" in source) return source.file;
  return "volume" in source ? `${source.volume} in pool ${source.pool}` : "a source of another kind";
}

/** As a program would write it. */
function literalOf(source: DiskSource): string {
  if ("file" in source) return JSON.stringify(source.file);
  return "volume" in source
    ? `{ pool: ${JSON.stringify(source.pool)}, volume: ${JSON.stringify(source.volume)} }`
    : "...";
}

/** Whether a definition has a volume, as a disk or as a medium. */
export function isUsedBy(
  { disks, ignition }: DomainModel,
  volume: { pool: string; volume: string },
): boolean {
  return [...disks.map(({ source }) => source), ignition].some((source) => sameVolume(source, volume));
}

/** Why it is written, and what a guest makes of it. Holds nothing of what is in it. */
function reasonFor(
  declared: BootMedium,
  request: MachineRequest,
  domain: ObservedDomain | undefined,
): string {
  const { inputs, previous } = request;
  if (domain === undefined) return "new";
  const before =
    previous === undefined ? undefined : bootMedia(previous).find(({ input }) => input === declared.input);
  if (before?.volume === declared.volume && before.pool === declared.pool) return "it is gone from there";
  if (previous === undefined && inputs.adopt === true && declared.input === "cloudInit")
    return inputs.cloudInit?.instanceId === undefined
      ? `new; unless the guest knows the VM's UUID as its instance-id (else give cloudInit.instanceId), ${AS_ON_FIRST_BOOT}`
      : "new";
  if (before === undefined) {
    if (declared.input === "ignition") return `new; ${ONCE_READ}`;
    return declared.input === "cloudInit" && previous !== undefined
      ? `new; with it ${AS_ON_FIRST_BOOT}, ${UNLESS_HAD}`
      : "new";
  }
  const files = changedFiles(before.medium, declared.medium);
  const what = files.length === 0 ? "it moves" : `other ${files.join(", ")}`;
  if (declared.input === "ignition" && files.length > 0) return `${what}; ${ONCE_READ}`;
  const text =
    declared.input === "cloudInit" && previous !== undefined ? instanceText(previous, inputs) : undefined;
  return text === undefined ? what : `${what}; ${text}`;
}

/** The medium that a step writes. */
export function mediumOf(step: Extract<Step, { kind: "writeMedium" }>, inputs: Inputs): BootMedium {
  const found = bootMedia(inputs).find(({ pool, volume }) => pool === step.pool && volume === step.volume);
  if (found === undefined) throw new Error(`${step.volume} isn't declared`);
  return found;
}
