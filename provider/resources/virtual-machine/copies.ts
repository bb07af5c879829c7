import type { DomainModel } from "../../libvirt/xml/index.js";
import type { Base } from "./bases.js";
import { sameVolume } from "./desired-disks.js";
import { ownMarks } from "./disks.js";
import type { CopiedVolume } from "./migration/index.js";
import { isActive, type ObservedDomain, type ObservedHost } from "./observed.js";
import { relocationsOf } from "./relocations.js";
import type { MachineRequest } from "./request.js";
import { volumeOf } from "./schema.js";
import { bootMedia, mediumInputOf } from "./seed/boot-media.js";

/**
 * The volumes that must be copied for a move: disks and the VM's own boot media, those that the guest runs with and those for its next start.
 * On storage that both hosts share, the volume with its mark, whose nonce is random, is seen from both; what isn't seen so is taken for the
 * host's own.
 */
export function volumesToCopy(
  request: MachineRequest,
  target: ObservedHost,
  source: ObservedHost,
  domain: ObservedDomain,
  bases: readonly Base[] = [],
): CopiedVolume[] {
  const storage = request.inputs.migration?.storage ?? "auto";
  if (storage === "shared") return [];
  const poolThere = poolsAtTarget(request, source, domain);
  const isLeft = (disk: Named) => leftOpen(request, source, domain).some((left) => sameVolume(left, disk));
  const disks = [...writableDisks(domain), ...takenUpAgain(request, source, domain)];
  const copies = [...disks.filter((disk) => !isLeft(disk)), ...bootMediaOf(domain)].flatMap(
    ({ pool, volume, readonly }): CopiedVolume[] => {
      const here = source.pools.find((other) => other.name === pool);
      const mark = here?.contents.marks.find((other) => other.volume === volume);
      const seenThere = target.pools.some(
        (other) =>
          other.name === pool &&
          other.contents.marks.some((seen) => seen.volume === volume && seen.nonce === mark?.nonce),
      );
      if (storage === "auto" && mark !== undefined && seenThere) return [];
      // Somebody else's CD-ROM stays where it is.
      if (mark === undefined && mediumInputOf(volume) !== undefined) return [];
      const targetPool = poolThere({ pool, volume });
      const there = target.pools.find((other) => other.name === targetPool);
      return [
        {
          sourcePool: pool,
          targetPool,
          name: volume,
          sourcePath: `${here?.path ?? ""}/${volume}`,
          targetPath: `${there?.path ?? here?.path ?? ""}/${volume}`,
          owned: mark !== undefined,
          ...(readonly ? { readonly } : {}),
        },
      ];
    },
  );
  return withBases(copies, bases);
}

/** Of layers only the layer, where the target has all that they are layers over: QEMU copies either layers or whole chains. */
function withBases(copies: CopiedVolume[], bases: readonly Base[]): CopiedVolume[] {
  const baseOf = ({ sourcePool, name }: CopiedVolume) =>
    bases.find(({ pool, volume }) => pool === sourcePool && volume === name);
  const layers = copies.flatMap((copy) => baseOf(copy) ?? []);
  if (layers.some(({ there }) => typeof there === "object")) return copies;
  return copies.map((copy) => {
    const base = baseOf(copy);
    if (base === undefined) return copy;
    const { path, format } = base;
    return { ...copy, base: format === undefined ? { path } : { path, format } };
  });
}

/** Why a move can't do with the layers alone, where the inputs ask for that. */
export function baseRefusals({ inputs }: MachineRequest, bases: readonly Base[]): string[] {
  if (inputs.migration?.storage !== "incremental") return [];
  return bases.flatMap(({ volume, there }) =>
    typeof there === "object"
      ? [
          `migration.storage is "incremental" and volume ${volume} can't be copied as a layer: ${there.problem}`,
        ]
      : [],
  );
}

/** A volume goes to where it is declared; what a program doesn't say keeps its pool's name. */
function poolsAtTarget(
  request: MachineRequest,
  source: ObservedHost,
  domain: ObservedDomain,
): (from: { pool: string; volume: string }) => string {
  const { moves } = relocationsOf(request, source, domain);
  const media = bootMedia(request.inputs);
  return ({ pool, volume }) => {
    const move = moves.find((other) => other.volume === volume && other.from === pool);
    if (move !== undefined) return move.mark === undefined || move.resumes === true ? pool : move.to;
    const input = mediumInputOf(volume);
    return media.find((medium) => medium.input === input)?.pool ?? pool;
  };
}

interface Named {
  pool: string;
  volume: string;
  readonly: boolean;
}

/**
 * Disks that the guest has and disks that it is to have at its next boot, once each. What it hasn't open is copied as a file, which QEMU does only
 * of what its guest has.
 */
function writableDisks(domain: ObservedDomain): Named[] {
  const [defined, open] = [disksIn(domain.persistent), disksIn(domain.live)];
  if (!isActive(domain)) return defined;
  const waiting = defined.filter((disk) => !open.some((other) => sameVolume(other, disk)));
  return [...open, ...waiting.map((disk) => ({ ...disk, readonly: true }))];
}

/** Disks of the VM's own that are in none of its documents, and that the program declares again before they were deleted. */
function takenUpAgain(request: MachineRequest, source: ObservedHost, domain: ObservedDomain): Named[] {
  const isOurs = ownMarks(request, domain);
  const known = [...disksIn(domain.persistent), ...disksIn(domain.live)];
  return (request.inputs.disks ?? []).flatMap((entry, i): Named[] => {
    const { pool, volume } = volumeOf(request.inputs.name, entry, i);
    const { marks, volumes } = source.pools.find(({ name }) => name === pool)?.contents ?? {};
    const isThere = volumes?.some(({ name }) => name === volume) === true;
    const isMarked = marks?.some((mark) => mark.volume === volume && isOurs(mark)) === true;
    if (entry.disk !== undefined || !isThere || !isMarked) return [];
    return known.some((other) => sameVolume(other, { pool, volume }))
      ? []
      : [{ pool, volume, readonly: true }];
  });
}

/**
 * Disks that a running guest still has, that its definition has no longer, and that aren't the VM's own: they outlive it, or are resources of
 * their own, and stay where they are.
 */
export function leftOpen(
  request: MachineRequest,
  source: ObservedHost,
  domain: ObservedDomain,
): { pool: string; volume: string }[] {
  if (request.inputs.migration?.storage === "shared" || domain.persistent === undefined) return [];
  const isOurs = ownMarks(request, domain);
  const defined = disksIn(domain.persistent);
  return disksIn(domain.live).filter((disk) => {
    const { marks } = source.pools.find(({ name }) => name === disk.pool)?.contents ?? {};
    const isOwn = marks?.some((mark) => mark.volume === disk.volume && isOurs(mark)) === true;
    return !isOwn && !defined.some((other) => sameVolume(other, disk));
  });
}

function disksIn(model: DomainModel | undefined): Named[] {
  return (model?.disks ?? []).flatMap(({ device, readonly, source }) =>
    device !== "disk" || readonly || source === undefined || !("pool" in source)
      ? []
      : [{ pool: source.pool, volume: source.volume, readonly: false }],
  );
}

function bootMediaOf({ persistent, live }: ObservedDomain): Named[] {
  const sources = [persistent, live].flatMap((model) =>
    model === undefined ? [] : [...model.disks.map(({ source }) => source), model.ignition],
  );
  const media = new Map<string, Named>();
  for (const source of sources)
    if (source !== undefined && "pool" in source && mediumInputOf(source.volume) !== undefined)
      media.set(JSON.stringify(source), { pool: source.pool, volume: source.volume, readonly: true });
  return [...media.values()];
}
