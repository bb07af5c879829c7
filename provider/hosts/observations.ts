import {
  type DomainRecord,
  isLibvirtError,
  type Libvirt,
  type NetworkRecord,
  type PoolRecord,
  type SnapshotRecord,
  type VolumeRecord,
} from "../libvirt/index.js";
import type { HostFacts } from "./facts.js";
import {
  isSidecar,
  readFillingName,
  readNoteName,
  readSidecarName,
  sidecarName,
  type VolumeMark,
  type VolumeNote,
} from "./volume-mark.js";

/** A pool's volumes: the ones that people see, and the marks of those that we made. */
export interface PoolContents {
  /** Without those that are still being filled. */
  volumes: VolumeRecord[];
  marks: VolumeMark[];
  /** Of volumes on their way to another place; see VolumeNote. */
  notes: Record<VolumeNote, VolumeMark[]>;
  /** Names of volumes that are still being filled, or whose filling was cut off. */
  filling?: string[];
}

/** What the names of a pool's volumes say of their owners. */
export type PoolMarks = Pick<PoolContents, "marks" | "notes">;

interface ObservedHost {
  facts(): Promise<HostFacts>;
  exec(command: readonly string[]): Promise<{ exitCode: number; stdout: string }>;
  idempotent<T>(work: (libvirt: Libvirt) => Promise<T>): Promise<T>;
}

/**
 * What was read of one host: each kind of object once, in bulk, at the first question, then kept for the deployment. After a write of our own
 * the object that was written is read again, the rest stands.
 */
export class Observations {
  readonly #host: ObservedHost;
  #facts: Promise<HostFacts> | undefined;
  #domains: Promise<Map<string, DomainRecord>> | undefined;
  /** The same by name, as long as none is read again. */
  #named: { of: Map<string, DomainRecord>; byName: Map<string, DomainRecord> } | undefined;
  /** A reading of all domains that has begun, and the one after it. */
  #currentDomains: Promise<unknown> = Promise.resolve();
  #nextDomains: Promise<DomainRecord[]> | undefined;
  #pools: Promise<Map<string, PoolRecord>> | undefined;
  #networks: Promise<Map<string, NetworkRecord>> | undefined;
  #routes: Promise<string> | undefined;
  readonly #snapshots = new Map<string, Promise<SnapshotRecord[]>>();
  readonly #contents = new Map<string, Promise<PoolContents>>();
  readonly #marks = new Map<string, Promise<PoolMarks>>();
  /** Of pools that are to be listed again: the volumes that are to be read again, known or not. */
  readonly #stale = new Map<string, Set<string>>();
  /** Hears of a domain when it is read, while others are still being read: of what comes of all of them something can be done beforehand. */
  onDomain: ((domain: DomainRecord) => void) | undefined;

  constructor(host: ObservedHost) {
    this.#host = host;
  }

  facts(): Promise<HostFacts> {
    this.#facts ??= forgetFailure(this.#host.facts(), () => {
      this.#facts = undefined;
    });
    return this.#facts;
  }

  async domains(): Promise<DomainRecord[]> {
    return [...(await this.#domainMap()).values()];
  }

  async domain(uuid: string): Promise<DomainRecord | undefined> {
    return (await this.#domainMap()).get(uuid);
  }

  /** A host has one of a name at most. */
  async domainNamed(name: string): Promise<DomainRecord | undefined> {
    const all = await this.#domainMap();
    if (this.#named?.of !== all)
      this.#named = { of: all, byName: new Map([...all.values()].map((domain) => [domain.name, domain])) };
    return this.#named.byName.get(name);
  }

  /**
   * The domains as they are from now on, which what is kept isn't: a guest may have been started, or a disk attached, by hand. Those who ask while others'
   * reading goes on share the next one: of a hundred volumes that move at once each asks several times.
   */
  domainsNow(): Promise<DomainRecord[]> {
    if (this.#nextDomains !== undefined) return this.#nextDomains;
    const reading = this.#currentDomains.then(() => {
      this.#nextDomains = undefined;
      this.#currentDomains = reading.catch(() => undefined);
      return this.#host.idempotent((libvirt) => libvirt.domains.observeAll());
    });
    this.#nextDomains = reading;
    return reading;
  }

  async pools(): Promise<PoolRecord[]> {
    return [...(await this.#poolMap()).values()];
  }

  async networks(): Promise<NetworkRecord[]> {
    return [...(await this.#networkMap()).values()];
  }

  /** The kernel's table of IPv4 routes, which networks change as well; empty where it can't be read. */
  routes(): Promise<string> {
    this.#routes ??= this.#host.exec(["cat", "/proc/net/route"]).then(
      ({ exitCode, stdout }) => (exitCode === 0 ? stdout : ""),
      () => "",
    );
    return this.#routes;
  }

  /** A pool that isn't there, or isn't running, has no contents that could be read. */
  async contents(poolName: string): Promise<PoolContents> {
    const known = this.#contents.get(poolName);
    const stale = this.#stale.get(poolName);
    if (known !== undefined && stale === undefined) return known;
    this.#stale.delete(poolName);
    const reading = forgetFailure(this.#readContents(poolName, known, stale), () => {
      if (this.#contents.get(poolName) === reading) this.#contents.delete(poolName);
    });
    this.#contents.set(poolName, reading);
    return reading;
  }

  /**
   * Whose volumes are in a pool, and which are on their way: their names alone tell. Of a pool with which a resource has nothing to do, thousands of
   * ISO images for instance, no volume is read.
   */
  async marks(poolName: string): Promise<PoolMarks> {
    if (this.#contents.has(poolName)) return this.contents(poolName);
    const known = this.#marks.get(poolName);
    if (known !== undefined) return known;
    const reading = forgetFailure(
      this.#list(poolName, () => false).then(({ names }) => ({
        marks: names.flatMap((name) => readSidecarName(name) ?? []),
        notes: notesIn(names),
      })),
      () => this.#marks.delete(poolName),
    );
    this.#marks.set(poolName, reading);
    return reading;
  }

  /** Reads the domains with this UUID and this name again. */
  async refreshDomain(selector: { uuid?: string | undefined; name?: string | undefined }): Promise<void> {
    const all = await this.#domainMap();
    const { uuid, name } = selector;
    this.#named = undefined;
    for (const [key, domain] of all)
      if (domain.uuid === uuid || domain.name === name) {
        all.delete(key);
        this.#snapshots.delete(key);
      }
    const found = await this.#host.idempotent((libvirt) =>
      Promise.all([
        uuid === undefined ? undefined : libvirt.domains.observe({ uuid }),
        name === undefined ? undefined : libvirt.domains.observe({ name }),
      ]),
    );
    for (const domain of found) if (domain !== undefined) all.set(domain.uuid, domain);
    this.#named = undefined;
  }

  /** A domain's snapshots. One that has none isn't asked. */
  async snapshots(uuid: string): Promise<SnapshotRecord[]> {
    const record = (await this.#domainMap()).get(uuid);
    if (record?.hasSnapshots !== true) return [];
    const known = this.#snapshots.get(uuid);
    if (known !== undefined) return known;
    const reading = forgetFailure(
      this.#host.idempotent((libvirt) => libvirt.domains.snapshots(uuid)),
      () => this.#snapshots.delete(uuid),
    );
    this.#snapshots.set(uuid, reading);
    return reading;
  }

  async refreshPool(name: string): Promise<void> {
    const all = await this.#poolMap();
    const pool = await this.#host.idempotent((libvirt) => libvirt.pools.observe({ name }));
    if (pool === undefined) all.delete(name);
    else all.set(name, pool);
    if (pool?.active !== true) this.#contents.delete(name);
    this.#marks.delete(name);
  }

  async refreshVolume(poolName: string, volumeName: string): Promise<void> {
    await this.contents(poolName);
    const volume = await this.#host.idempotent((libvirt) => libvirt.volumes.observe(poolName, volumeName));
    // The pool may have been listed meanwhile.
    const contents = await this.contents(poolName);
    contents.volumes = contents.volumes.filter((other) => other.name !== volumeName);
    if (volume !== undefined && contents.filling?.includes(volumeName) !== true)
      contents.volumes.push(volume);
  }

  async refreshNetwork(name: string): Promise<void> {
    this.#routes = undefined;
    const all = await this.#networkMap();
    const network = await this.#host.idempotent((libvirt) => libvirt.networks.observe({ name }));
    if (network === undefined) all.delete(name);
    else all.set(name, network);
  }

  async noteMark(poolName: string, mark: VolumeMark): Promise<void> {
    const contents = await this.contents(poolName);
    contents.marks = [...without(contents.marks, mark), mark];
  }

  async dropMark(poolName: string, mark: VolumeMark): Promise<void> {
    const contents = await this.contents(poolName);
    contents.marks = without(contents.marks, mark);
  }

  /** A note that has come to be, or is gone. */
  async setNote(poolName: string, note: VolumeNote, mark: VolumeMark, isThere: boolean): Promise<void> {
    const { notes } = await this.contents(poolName);
    notes[note] = [...without(notes[note], mark), ...(isThere ? [mark] : [])];
  }

  dropContents(poolName: string): void {
    this.#contents.delete(poolName);
    this.#marks.delete(poolName);
    this.#stale.delete(poolName);
  }

  /**
   * At the next question the pool is listed again. Volumes that are there still are as they were read before, except these: what may have changed. A
   * pool has hundreds, and one of them moves.
   */
  listAgain(poolName: string, volumeNames: readonly string[]): void {
    this.#marks.delete(poolName);
    const stale = this.#stale.get(poolName) ?? new Set();
    for (const name of volumeNames) stale.add(name);
    this.#stale.set(poolName, stale);
  }

  dropAll(): void {
    this.#facts = undefined;
    this.#domains = undefined;
    this.#named = undefined;
    this.#pools = undefined;
    this.#networks = undefined;
    this.#routes = undefined;
    this.#snapshots.clear();
    this.#contents.clear();
    this.#marks.clear();
    this.#stale.clear();
  }

  /** Of what was read before only what may have changed is read again. */
  async #readContents(
    poolName: string,
    earlier?: Promise<PoolContents>,
    stale: ReadonlySet<string> = new Set(),
  ): Promise<PoolContents> {
    const before = await earlier;
    const known = new Set<string>();
    for (const { name } of before?.volumes ?? []) if (!stale.has(name)) known.add(name);
    for (const mark of before?.marks ?? []) if (!stale.has(mark.volume)) known.add(sidecarName(mark));
    const { names, records } = await this.#list(poolName, (name) => !known.has(name));
    const there = new Set(names);
    const filling = names.flatMap((name) => readFillingName(name) ?? []);
    const stays = (name: string) => known.has(name) && there.has(name);
    return {
      volumes: [
        ...(before?.volumes ?? []).filter(({ name }) => stays(name)),
        ...records.filter(({ name }) => !isSidecar(name)),
      ].filter(({ name }) => !filling.includes(name)),
      marks: [
        ...(before?.marks ?? []).filter((mark) => stays(sidecarName(mark))),
        ...records.flatMap(markOf),
      ],
      notes: notesIn(names),
      filling,
    };
  }

  async #list(
    poolName: string,
    isWanted: (name: string) => boolean,
  ): Promise<{ names: string[]; records: VolumeRecord[] }> {
    const nothing = { names: [], records: [] };
    if ((await this.#poolMap()).get(poolName)?.active !== true) return nothing;
    return this.#host
      .idempotent((libvirt) => libvirt.volumes.observeWhere(poolName, isWanted))
      .catch(async (error: unknown) => {
        if (!isLibvirtError(error, "poolNotFound", "operationInvalid")) throw error;
        // Stopped or removed since the pools were read, by another resource of a destroy for instance.
        await this.refreshPool(poolName);
        return nothing;
      });
  }

  #domainMap(): Promise<Map<string, DomainRecord>> {
    this.#domains ??= forgetFailure(
      this.#bulk(
        (libvirt) => libvirt.domains.observeAll({ onRecord: (domain) => this.onDomain?.(domain) }),
        (domain) => domain.uuid,
      ),
      () => {
        this.#domains = undefined;
      },
    );
    return this.#domains;
  }

  #poolMap(): Promise<Map<string, PoolRecord>> {
    this.#pools ??= forgetFailure(
      this.#bulk(
        (libvirt) => libvirt.pools.observeAll(),
        (pool) => pool.name,
      ),
      () => {
        this.#pools = undefined;
      },
    );
    return this.#pools;
  }

  #networkMap(): Promise<Map<string, NetworkRecord>> {
    this.#networks ??= forgetFailure(
      this.#bulk(
        (libvirt) => libvirt.networks.observeAll(),
        (network) => network.name,
      ),
      () => {
        this.#networks = undefined;
      },
    );
    return this.#networks;
  }

  async #bulk<T>(
    read: (libvirt: Libvirt) => Promise<T[]>,
    key: (record: T) => string,
  ): Promise<Map<string, T>> {
    const records = await this.#host.idempotent(read);
    return new Map(records.map((record) => [key(record), record]));
  }
}

function without(marks: readonly VolumeMark[], mark: VolumeMark): VolumeMark[] {
  return marks.filter((other) => other.volume !== mark.volume || other.nonce !== mark.nonce);
}

function notesIn(names: readonly string[]): Record<VolumeNote, VolumeMark[]> {
  const notes = (note: VolumeNote) => names.flatMap((name) => readNoteName(note, name) ?? []);
  return { unfinished: notes("unfinished"), leaving: notes("leaving") };
}

function markOf({ name, capacityBytes }: VolumeRecord): VolumeMark[] {
  const mark = readSidecarName(name);
  if (mark === undefined) return [];
  return [capacityBytes === 0 ? mark : { ...mark, fileBytes: capacityBytes }];
}

/** A reading that failed isn't kept: whether the host may be asked again is the connection's business. */
function forgetFailure<T>(reading: Promise<T>, forget: () => void): Promise<T> {
  reading.catch(forget);
  return reading;
}
