import { oneLine } from "../../provider/hosts/errors.js";
import type { Hosts } from "../../provider/hosts/hosts.js";
import type { VolumeRecord } from "../../provider/libvirt/index.js";
import { readOnce } from "../../provider/planning/read-once.js";
import { kindOf } from "../../provider/resources/storage-pool/kinds.js";
import { modelOf } from "../../provider/resources/volume-model.js";
import type { FoundHost, FoundPool } from "./found-host.js";
import type { VolumeKey } from "./machine/disks.js";

/** A pool of a host whose folder another host has as well. */
interface Side {
  found: FoundHost;
  pool: FoundPool;
}

/** Pools of several hosts that are one folder, as those on a server of files are: what is in it each of the hosts has. */
export class SharedFolders {
  readonly #pairs: readonly (readonly [Side, Side])[];

  private constructor(pairs: readonly (readonly [Side, Side])[]) {
    this.#pairs = pairs;
  }

  /** Folders with files of the same names are compared, others aren't asked for. */
  static async among(
    found: readonly FoundHost[],
    hosts: Hosts,
    warn: (message: string) => void,
  ): Promise<SharedFolders> {
    const sides = found.flatMap((each) =>
      each.pools
        .filter(({ active, type }) => active && kindOf(type)?.holdsFiles === true)
        .map((pool): Side => ({ found: each, pool })),
    );
    const stampOf = readOnce((side: Side) => stampOfFolder(side, hosts, warn));
    const pairs: [Side, Side][] = [];
    for (const [i, a] of sides.entries())
      for (const b of sides.slice(i + 1)) {
        if (a.found === b.found) continue;
        const common = commonVolumes(a.pool, b.pool);
        if (common.length === 0) continue;
        const isSame = common.some(isSameFile) || isSameStamp(await Promise.all([stampOf(a), stampOf(b)]));
        if (isSame) pairs.push([a, b]);
      }
    return new SharedFolders(pairs);
  }

  /** The same volume as other hosts have it. */
  sameAs(host: string, key: VolumeKey): { found: FoundHost; key: VolumeKey }[] {
    const isHere = ({ found, pool }: Side) => found.ref.name === host && pool.name === key.pool;
    return this.#pairs.flatMap(([a, b]) => {
      const other = isHere(a) ? b : isHere(b) ? a : undefined;
      if (other === undefined) return [];
      return [{ found: other.found, key: { pool: other.pool.name, volume: key.volume } }];
    });
  }
}

function commonVolumes(a: FoundPool, b: FoundPool): [VolumeRecord, VolumeRecord][] {
  const there = new Map(b.contents.volumes.map((volume) => [volume.name, volume]));
  return a.contents.volumes.flatMap((volume): [VolumeRecord, VolumeRecord][] => {
    const other = there.get(volume.name);
    return other === undefined ? [] : [[volume, other]];
  });
}

/** Two files aren't both written and changed in the same nanosecond. A running guest changes its own between two looks. */
function isSameFile([a, b]: [VolumeRecord, VolumeRecord]): boolean {
  const [x, y] = [modelOf(a), modelOf(b)];
  return x.changedAt !== undefined && x.changedAt === y.changedAt && x.physicalBytes === y.physicalBytes;
}

/** Of the folder itself, in which files come and go seldom. */
async function stampOfFolder(
  { found, pool }: Side,
  hosts: Hosts,
  warn: (message: string) => void,
): Promise<string | undefined> {
  if (pool.path === undefined) return undefined;
  try {
    const { stdout } = await hosts.get(found.ref).exec(["stat", "-L", "-c", "%i %z", "--", pool.path]);
    return stdout.trim() || undefined;
  } catch (error) {
    warn(`whether ${found.ref.name} shares ${pool.path} with another host can't be seen: ${oneLine(error)}`);
    return undefined;
  }
}

function isSameStamp([a, b]: readonly (string | undefined)[]): boolean {
  return a !== undefined && a === b;
}
