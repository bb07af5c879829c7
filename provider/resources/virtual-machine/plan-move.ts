import { posix } from "node:path";
import type { MigratedVolume } from "../../libvirt/xml/index.js";
import type { Plan, Refusal } from "../../planning/plan.js";
import type { Step } from "../../planning/step.js";
import { leftOpen, volumesToCopy } from "./copies.js";
import { releasedVolumeSteps } from "./disks.js";
import type { CopiedVolume } from "./migration/index.js";
import { isActive, type ObservedDomain, type ObservedHost, type ObservedMachine } from "./observed.js";
import { relocationsOf } from "./relocations.js";
import type { MachineRequest } from "./request.js";
import { releasedMediaSteps } from "./seed/steps.js";

export function planSettling(request: MachineRequest, observed: ObservedMachine, result: Plan): void {
  const { target, elsewhere } = observed;
  const journal = target.domain?.journal ?? elsewhere?.domain?.journal;
  const from = journal?.from.name ?? elsewhere?.ref.name ?? target.ref.name;
  const to = journal?.to.name ?? target.ref.name;
  result.steps.push({
    kind: "settleMigration",
    subject: request.inputs.name,
    from,
    to,
    effect: "live",
    reason: "one running copy stays, and it moves on if it isn't where it should be",
  });
  if (elsewhere === undefined) {
    result.refusals.push({
      kind: "ambiguous",
      message: `virtual machine ${request.inputs.name} is in the middle of a migration ${from} -> ${to}, and the other of the two hosts isn't known to this deployment; declare both as Host resources`,
    });
    return;
  }
  // Settling may leave it on either host; a move that might follow has to be announced.
  if (elsewhere.domain !== undefined) {
    const settled = { ...observed, target: withoutCopies(target, journal?.volumes ?? []) };
    const copies = volumesToCopy(request, settled.target, elsewhere, elsewhere.domain, settled.bases);
    const runs = [elsewhere.domain, target.domain].some((domain) => domain !== undefined && isActive(domain));
    result.steps.push(moveStep(request, settled, elsewhere, copies, runs));
  }
}

/** As the host is when settling has left the guest on the other one: what was copied to here, or from here, is gone. */
function withoutCopies(host: ObservedHost, copied: readonly MigratedVolume[]): ObservedHost {
  const pools = host.pools.map((pool) => {
    const isCopied = (name: string) =>
      copied.some(
        (volume) => volume.name === name && [volume.sourcePool, volume.targetPool].includes(pool.name),
      );
    const { marks, volumes } = pool.contents;
    const contents = {
      ...pool.contents,
      volumes: volumes.filter(({ name }) => !isCopied(name)),
      marks: marks.filter(({ volume }) => !isCopied(volume)),
    };
    return { ...pool, contents };
  });
  return { ...host, pools };
}

export function planMove(
  request: MachineRequest,
  observed: ObservedMachine,
  place: ObservedHost,
  domain: ObservedDomain,
  copies: readonly CopiedVolume[],
  result: Plan,
): void {
  const { inputs } = request;
  const mode = inputs.migration?.mode ?? "live";
  const active = isActive(domain);
  const move = `virtual machine ${inputs.name} is on ${place.ref.name} and should be on ${observed.target.ref.name}`;
  if (mode === "none")
    result.refusals.push({ kind: "policy", message: `${move}, but migration.mode "none" forbids moving it` });
  if (mode === "offline" && active)
    result.refusals.push({
      kind: "policy",
      message: `${move}, but it runs and migration.mode is "offline"; deploy powerState: "stopped" first, or mode "live"`,
    });
  for (const { volume, pool } of leftOpen(request, place, domain))
    result.refusals.push({
      kind: "inUse",
      message: `${move}, but the guest still uses disk ${volume} in pool ${pool}, which was taken from it, isn't its own any more and stays on ${place.ref.name}; have it restart there first (shut it down and deploy, or restartPolicy: "whenNeeded")`,
    });
  result.refusals.push(
    ...observed.moveRefusals.map(
      (message): Refusal => ({ kind: "missing", message: `${move}, but ${message}` }),
    ),
  );
  result.steps.push(moveStep(request, observed, place, copies, active));
}

function moveStep(
  request: MachineRequest,
  observed: ObservedMachine,
  place: ObservedHost,
  volumes: readonly CopiedVolume[],
  active: boolean,
): Step {
  const { inputs } = request;
  const copies = volumes.map(({ name, sourcePool, targetPool, base }) => {
    const place = sourcePool === targetPool ? "" : ` to pool ${targetPool}`;
    const layer = base === undefined ? "" : ` (its layer over ${posix.basename(base.path)}, which is there)`;
    return `${name}${place}${layer}`;
  });
  // One host may have become another machine.
  const isNameOfBoth = place.ref.name === observed.target.ref.name;
  const label = ({ ref }: ObservedHost) =>
    isNameOfBoth ? `${ref.name} (${ref.connection.address})` : ref.name;
  const what = { subject: inputs.name, from: label(place), to: label(observed.target), copies };
  return active
    ? { kind: "migrate", ...what, effect: "migrate" }
    : { kind: "moveStopped", ...what, effect: "none" };
}

/** What is the VM's and in no document of it isn't moved: nobody would look for it afterwards. */
export function releaseLeftBehind(
  request: MachineRequest,
  place: ObservedHost,
  domain: ObservedDomain,
  copies: readonly CopiedVolume[],
  result: Plan,
): void {
  const models = [domain.persistent, domain.live].flatMap((model) => model ?? []);
  const copied = copies.map(({ sourcePool: pool, name: volume }) => ({ source: { pool, volume } }));
  const open = models.flatMap(({ disks }) => disks);
  releasedVolumeSteps(
    request,
    place,
    domain,
    { defined: [...copied, ...open], open: [] },
    relocationsOf(request, place, domain),
    result,
  );
  releasedMediaSteps(request, place, domain, models, result);
}
