import { identityHash, RENAMED } from "../../planning/owner.js";
import { emptyPlan, type Plan } from "../../planning/plan.js";
import type { Step } from "../../planning/step.js";
import { roomProblem } from "./find.js";
import {
  changedContentKeys,
  type ImagePlace,
  type ImageRequest,
  isChanged,
  isThere,
  knownOf,
  type ObservedImage,
  type WantedVolume,
} from "./observed.js";
import { parseSource, type Source } from "./source.js";
import { UNPACKERS } from "./tools.js";

/** Types of pools that are folders, in which files can be put. */
const FOLDERS = new Set(["dir", "netfs", "fs"]);

/** What it takes until every host has the declared content, and no other that nobody uses. */
export function plan(request: ImageRequest, observed: ObservedImage): Plan {
  const result = emptyPlan();
  const { inputs, previous } = request;
  if (previous !== undefined && previous.name !== inputs.name) result.replaceBecause.push("name");
  if (previous !== undefined && previous.pool !== inputs.pool) result.replaceBecause.push("pool");
  for (const message of observed.source?.problems ?? [])
    result.refusals.push({ kind: "notSupported", message });
  const missing: { place: ImagePlace; reason: string }[] = [];
  for (const place of observed.places) {
    refuseSameMachine(place, observed, result);
    const reason = planPlace(request, place, result);
    if (reason !== undefined) missing.push({ place, reason });
  }
  if (missing.length > 0) planFetch(request, observed, missing, result);
  if (result.replaceBecause.length > 0) {
    for (const place of observed.replaced) refuseReplacement(request, place, result);
    return result;
  }
  for (const place of observed.places) planFormer(request, place, result);
  for (const place of observed.former) planRelease(request, place, result);
  planOwner(request, observed, result);
  return result;
}

function refuseSameMachine(place: ImagePlace, { places }: ObservedImage, result: Plan): void {
  const twin = places.find((other) => other.hostUuid === place.hostUuid);
  if (twin === undefined || twin === place) return;
  result.refusals.push({
    kind: "ambiguous",
    message: `hosts ${twin.ref.name} and ${place.ref.name} are one machine (libvirt's host UUID ${place.hostUuid}); name it once`,
  });
}

/** Why the image must be fetched to a place; undefined when it is there, or can't be fetched. */
function planPlace(request: ImageRequest, place: ImagePlace, result: Plan): string | undefined {
  const { inputs, previous, chosen } = request;
  const { poolState, poolType, wanted } = place;
  const host = place.ref.name;
  const wasThere = previous !== undefined && Object.hasOwn(previous.hosts, host);
  if (poolState !== "running") {
    if (chosen !== undefined) {
      result.refusals.push({
        kind: "missing",
        message: `pool ${inputs.pool} ${poolState === "absent" ? "isn't there" : "is stopped"} on ${host}; declare it there as a StoragePool (hosts: [...]), or start it`,
      });
      return undefined;
    }
    // At a preview the pool is perhaps yet to be made, or started; an image that was there is likely to be in it.
    if (!wasThere) return "new";
    result.steps.push({
      kind: "record",
      subject: inputs.name,
      effect: "none",
      reason: `what is in pool ${inputs.pool} on ${host} when it runs`,
    });
    return undefined;
  }
  if (!FOLDERS.has(poolType ?? "")) {
    result.refusals.push({
      kind: "notSupported",
      message: `pool ${inputs.pool} on ${host} is of type ${poolType}, and images are kept as files: give a pool of type dir, fs or netfs`,
    });
    return undefined;
  }
  if (!isThere(wanted) || wanted === undefined) return reasonToFetch(request, place);
  if (wanted.mine !== undefined) return undefined;
  if (wanted.claimed || wasThere) {
    result.steps.push({ kind: "useImage", subject: wanted.name, pool: inputs.pool, host, effect: "none" });
    return undefined;
  }
  planForeign(request, host, wanted, result);
  return undefined;
}

function reasonToFetch({ inputs, previous }: ImageRequest, { ref, wanted }: ImagePlace): string {
  if (wanted?.volume !== undefined && isChanged(wanted.volume, wanted.markedBytes))
    return `its file was changed: ${wanted.volume.fileBytes} bytes instead of ${wanted.markedBytes}`;
  if (previous === undefined || !Object.hasOwn(previous.hosts, ref.name)) return "new";
  if (wanted?.mine !== undefined) return "it is gone";
  const changed = changedContentKeys(previous, inputs);
  return changed.length > 0 ? `changed ${changed.join(", ")}` : "new";
}

function planForeign({ inputs }: ImageRequest, host: string, wanted: WantedVolume, result: Plan): void {
  if (inputs.adopt === true) {
    const subject = `image ${wanted.name} in pool ${inputs.pool}`;
    result.steps.push({ kind: "adopt", subject, host, effect: "none" });
    return;
  }
  result.refusals.push({
    kind: "foreignObject",
    message: `there is a volume ${wanted.name} in pool ${inputs.pool} on ${host} already, which no image of this package made; delete it, give another name, or set adopt: true to take it over`,
  });
}

function planFetch(
  request: ImageRequest,
  { source: seen }: ObservedImage,
  missing: readonly { place: ImagePlace; reason: string }[],
  result: Plan,
): void {
  const { inputs } = request;
  const source = parseSource(inputs.source);
  const known = knownOf(request);
  result.steps.push({
    kind: "fetchImage",
    subject: known.volume ?? inputs.name,
    from: source.label,
    pool: inputs.pool,
    hosts: missing.map(({ place, reason }) => ({ host: place.ref.name, reason })),
    effect: "none",
  });
  for (const { place } of missing) {
    const host = place.ref.name;
    const { route, programs, availableBytes } = place;
    if (route !== undefined && seen?.sourceBytes !== undefined && seen.sourceBytes > availableBytes)
      result.refusals.push({
        kind: "noRoom",
        message: roomProblem(seen.sourceBytes, availableBytes, inputs.pool, host),
      });
    const unpacker = seen?.sourceCompression === undefined ? undefined : UNPACKERS[seen.sourceCompression];
    if (unpacker !== undefined && route !== "stream" && programs?.has(unpacker) === false)
      result.refusals.push({
        kind: "missing",
        message: `${source.label} can't be unpacked on ${host}: there is no ${unpacker}; install it${unpacker === "xz" ? " (Debian: xz-utils)" : ""}, or give a source that isn't compressed`,
      });
    const isConverted =
      inputs.format !== undefined && seen?.sourceFormat !== undefined && seen.sourceFormat !== inputs.format;
    if (!isConverted) continue;
    const what = `${seen.sourceFormat} can't be converted to ${inputs.format} on ${host}`;
    if (route === "stream")
      result.refusals.push({
        kind: "notSupported",
        message: `${what}: the user there may not write into ${place.folder}; let it, or give an image that is ${inputs.format} already`,
      });
    else if (programs?.has("qemu-img") === false)
      result.refusals.push({
        kind: "missing",
        message: `${what}: there is no qemu-img; install it (Debian: qemu-utils), or give an image that is ${inputs.format} already`,
      });
  }
  // Of a list that has no line for it, or a source that isn't there, a refusal tells.
  const isUnverified = known.checksum === undefined && inputs.checksumUrl === undefined;
  if (source.kind === "url" && isUnverified && seen?.problems.length === 0)
    result.warnings.push(unverified(source));
}

function unverified(source: Source & { kind: "url" }): string {
  const whom =
    source.url.protocol === "http:"
      ? "anybody on the way can put something else in its place"
      : "whoever answers under that address is trusted";
  return `${source.label} comes without a checksum: ${whom}, and what comes first is kept. Give sha256, sha512 or checksumUrl`;
}

/** Content of before, when nobody uses it any more; what is used stays, and is looked at again by every later plan. */
function planFormer(request: ImageRequest, place: ImagePlace, result: Plan): void {
  const { inputs } = request;
  if (place.wanted === undefined) return;
  for (const claim of place.claims) {
    const isDouble = claim.name === place.wanted.name && claim.mark !== place.wanted.mine;
    if (claim.name === place.wanted.name ? !isDouble : claim.users.length > 0 && !claim.shared) continue;
    result.steps.push({
      kind: "dropImage",
      subject: claim.name,
      pool: inputs.pool,
      host: place.ref.name,
      reason: "another content is declared",
      effect: "none",
    });
  }
}

function planRelease({ inputs }: ImageRequest, place: ImagePlace, result: Plan): void {
  const host = place.ref.name;
  for (const claim of place.claims) {
    if (claim.users.length > 0 && !claim.shared && inputs.retainOnDelete !== true)
      result.refusals.push({
        kind: "inUse",
        message: `image ${claim.name} can't leave ${host} while it is used there by ${claim.users.join(", ")}; move or delete that first, and take the host from the image's hosts in a second deployment`,
      });
    else
      result.steps.push({
        kind: "dropImage",
        subject: claim.name,
        pool: inputs.pool,
        host,
        reason: "the host isn't named any more",
        effect: "none",
      });
  }
}

/** The deletion itself would come without a preview, and first. */
function refuseReplacement({ previous }: ImageRequest, place: ImagePlace, result: Plan): void {
  if (previous?.retainOnDelete === true) return;
  for (const { name, users, shared } of place.claims)
    if (users.length > 0 && !shared)
      result.refusals.push({
        kind: "inUse",
        message: `another ${result.replaceBecause.join(" and another ")} replaces image ${name}, which is used on ${place.ref.name} by ${users.join(", ")}; delete that first, or set retainOnDelete: true (and deploy that) to leave the image there`,
      });
}

function planOwner(request: ImageRequest, { places }: ObservedImage, result: Plan): void {
  const hash = identityHash(request.identity);
  if (places.every(({ wanted }) => wanted?.mine === undefined || wanted.mine.identityHash === hash)) return;
  const step: Step = {
    kind: "recordOwner",
    subject: request.inputs.name,
    effect: "none",
    reason: RENAMED,
  };
  result.steps.push(step);
}
