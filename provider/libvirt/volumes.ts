import { unlessAbsent } from "./absent.js";
import { toLibvirtError } from "./errors.js";
import type { StorageVol, StreamChunk } from "./rpc/index.js";
import type { OperationOptions, Session } from "./session.js";

/** A volume as it is on its host. */
export interface VolumeRecord {
  /** Name of its pool. */
  readonly pool: string;
  readonly name: string;
  readonly key: string;
  readonly path: string;
  readonly xml: string;
  readonly type: "file" | "block" | "dir" | "network" | "netdir" | "ploop" | "unknown";
  readonly capacityBytes: number;
  readonly allocationBytes: number;
}

/** Bounds of a copy. The deadline of the whole is `timeoutMs`, one hour unless given. */
export interface TransferOptions extends OperationOptions {
  /** Longest pause between two packets. Default 300,000 ms: a slow disk may hold the host up. */
  readonly idleTimeoutMs?: number | undefined;
  /** First byte in the volume. Default 0. */
  readonly offsetBytes?: number;
  /** How many bytes; everything unless given. */
  readonly lengthBytes?: number;
  /** Holes stay holes instead of becoming zeros. */
  readonly sparse?: boolean;
  /** Called with the bytes done so far, holes included. */
  readonly onProgress?: (doneBytes: number) => void;
}

const TYPES = ["file", "block", "dir", "network", "netdir", "ploop"] as const;
const SPARSE = 1;
const IDLE_TIMEOUT_MS = 300_000;
/** More wait for those before them, and the deadline of each call counts that: of thousands of volumes on slow storage the last would fail. */
const READ_AT_ONCE = 8;

/** Volumes of one host's pools. Deadlines: 30 s to read, 120 s to change, an hour for what copies. */
export class VolumeApi {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  /** Every volume of an active pool. One that vanishes meanwhile is left out. */
  async observeAll(pool: string, options: OperationOptions = {}): Promise<VolumeRecord[]> {
    const { records } = await this.observeWhere(pool, () => true, options);
    return records;
  }

  /** The names of all volumes of an active pool, and those volumes that are wanted: what a listing itself says is little, and each costs. */
  async observeWhere(
    pool: string,
    isWanted: (name: string) => boolean,
    options: OperationOptions = {},
  ): Promise<{ names: string[]; records: VolumeRecord[] }> {
    const operation = `list the volumes of pool ${pool}`;
    const found = await this.#session.read(operation, "StoragePoolLookupByName", { name: pool }, options);
    const args = { pool: found.pool, needResults: 1, flags: 0 };
    const { vols } = await this.#session.read(operation, "StoragePoolListAllVolumes", args, options);
    const wanted = vols.filter(({ name }) => isWanted(name));
    const records: (VolumeRecord | undefined)[] = [];
    const queue = wanted.entries();
    const readSome = async () => {
      for (const [i, vol] of queue)
        records[i] = await unlessAbsent("volumeNotFound", () => this.#read(vol, options));
    };
    await Promise.all(Array.from({ length: READ_AT_ONCE }, readSome));
    return {
      names: vols.map(({ name }) => name),
      records: records.filter((record) => record !== undefined),
    };
  }

  /** One volume; undefined when the pool has none of that name. The pool must be there and active. */
  observe(pool: string, name: string, options: OperationOptions = {}): Promise<VolumeRecord | undefined> {
    return unlessAbsent("volumeNotFound", async () =>
      this.#read(await this.#find(pool, name, options), options),
    );
  }

  /** The volume that has this path, in any pool. */
  byPath(path: string, options: OperationOptions = {}): Promise<VolumeRecord | undefined> {
    return unlessAbsent("volumeNotFound", async () => {
      const { vol } = await this.#session.read(
        `find volume ${path}`,
        "StorageVolLookupByPath",
        { path },
        options,
      );
      return this.#read(vol, options);
    });
  }

  /** Makes a volume. `preallocateMetadata` lays a qcow2 out in full. */
  async create(
    pool: string,
    xml: string,
    options: OperationOptions & { readonly preallocateMetadata?: boolean } = {},
  ): Promise<VolumeRecord> {
    const operation = `create a volume in pool ${pool}`;
    const found = await this.#session.read(operation, "StoragePoolLookupByName", { name: pool }, options);
    const args = { pool: found.pool, xml, flags: options.preallocateMetadata ? 1 : 0 };
    const { vol } = await this.#session.change(operation, "StorageVolCreateXML", args, options);
    return this.#read(vol, options);
  }

  /** Makes a volume as a copy of another, which may be in another pool of the host. */
  async createFrom(
    pool: string,
    xml: string,
    source: { readonly pool: string; readonly name: string },
    options: OperationOptions = {},
  ): Promise<VolumeRecord> {
    const operation = `copy volume ${source.name} of pool ${source.pool} to pool ${pool}`;
    const [found, clonevol] = await Promise.all([
      this.#session.read(operation, "StoragePoolLookupByName", { name: pool }, options),
      this.#find(source.pool, source.name, options),
    ]);
    const args = { pool: found.pool, xml, clonevol, flags: 0 };
    const { vol } = await this.#session.long(operation, "StorageVolCreateXMLFrom", args, options);
    return this.#read(vol, { signal: options.signal });
  }

  async delete(pool: string, name: string, options: OperationOptions = {}): Promise<void> {
    const args = { vol: volumeOf(pool, name), flags: 0 };
    await this.#session.change(`delete volume ${name} of pool ${pool}`, "StorageVolDelete", args, options);
  }

  /** Sets the size. Smaller only with `shrink`. */
  async resize(
    pool: string,
    name: string,
    capacityBytes: number,
    options: OperationOptions & { readonly allocate?: boolean; readonly shrink?: boolean } = {},
  ): Promise<void> {
    const flags = (options.allocate ? 1 : 0) | (options.shrink ? 4 : 0);
    const args = { vol: volumeOf(pool, name), capacity: BigInt(capacityBytes), flags };
    await this.#session.change(`resize volume ${name} of pool ${pool}`, "StorageVolResize", args, options);
  }

  /** Overwrites it with zeros. */
  async wipe(pool: string, name: string, options: OperationOptions = {}): Promise<void> {
    const args = { vol: volumeOf(pool, name), flags: 0 };
    await this.#session.long(`wipe volume ${name} of pool ${pool}`, "StorageVolWipe", args, options);
  }

  /**
   * Writes what `source` yields into the volume. Returns when the host has confirmed all of it.
   * A hole is skipped, not cleared: a sparse upload is for a new volume.
   */
  async upload(
    pool: string,
    name: string,
    source: AsyncIterable<Uint8Array | StreamChunk>,
    options: TransferOptions = {},
  ): Promise<void> {
    const operation = `upload to volume ${name} of pool ${pool}`;
    const bounds = transferBounds(options);
    await this.#session.withLong(operation, bounds, (connection) =>
      connection.upload(
        "StorageVolUpload",
        transferArgs(pool, name, options),
        counted(source, options.onProgress),
        bounds,
      ),
    );
  }

  /** Reads the volume. Leaving the loop early ends the transfer. */
  async *download(
    pool: string,
    name: string,
    options: TransferOptions = {},
  ): AsyncGenerator<StreamChunk, void, void> {
    const operation = `download volume ${name} of pool ${pool}`;
    const bounds = transferBounds(options);
    const { connection, giveBack } = await this.#session.borrowLong(operation, bounds.signal);
    const chunks = counted(
      connection.download("StorageVolDownload", transferArgs(pool, name, options), bounds),
      options.onProgress,
    );
    try {
      yield* chunks;
    } catch (error) {
      throw toLibvirtError(error, { hostName: this.#session.hostName, operation });
    } finally {
      giveBack();
    }
  }

  async #find(pool: string, name: string, options: OperationOptions): Promise<StorageVol> {
    const operation = `find volume ${name} of pool ${pool}`;
    const found = await this.#session.read(operation, "StoragePoolLookupByName", { name: pool }, options);
    return (
      await this.#session.read(operation, "StorageVolLookupByName", { pool: found.pool, name }, options)
    ).vol;
  }

  async #read(vol: StorageVol, options: OperationOptions): Promise<VolumeRecord> {
    const operation = `read volume ${vol.name} of pool ${vol.pool}`;
    const [{ xml }, path, info] = await Promise.all([
      this.#session.read(operation, "StorageVolGetXMLDesc", { vol, flags: 0 }, options),
      this.#session.read(operation, "StorageVolGetPath", { vol }, options),
      this.#session.read(operation, "StorageVolGetInfo", { vol }, options),
    ]);
    return {
      ...vol,
      path: path.name,
      xml,
      type: TYPES[info.type] ?? "unknown",
      capacityBytes: Number(info.capacity),
      allocationBytes: Number(info.allocation),
    };
  }
}

/** The daemon finds a volume by the names of its pool and its own; the key isn't used. */
function volumeOf(pool: string, name: string): StorageVol {
  return { pool, name, key: "" };
}

function transferArgs(pool: string, name: string, options: TransferOptions) {
  return {
    vol: volumeOf(pool, name),
    offset: BigInt(options.offsetBytes ?? 0),
    length: BigInt(options.lengthBytes ?? 0),
    flags: options.sparse ? SPARSE : 0,
  };
}

// The deadline of the whole transfer becomes part of the signal; `timeoutMs` there is only that of the opening call.
function transferBounds(options: TransferOptions) {
  const deadline = AbortSignal.timeout(options.timeoutMs ?? 3_600_000);
  return {
    idleTimeoutMs: options.idleTimeoutMs ?? IDLE_TIMEOUT_MS,
    signal: options.signal === undefined ? deadline : AbortSignal.any([options.signal, deadline]),
  };
}

async function* counted(
  source: AsyncIterable<Uint8Array | StreamChunk>,
  onProgress: ((doneBytes: number) => void) | undefined,
): AsyncGenerator<StreamChunk, void, void> {
  let doneBytes = 0;
  for await (const piece of source) {
    const chunk: StreamChunk = piece instanceof Uint8Array ? { kind: "bytes", bytes: piece } : piece;
    yield chunk;
    doneBytes += chunk.kind === "bytes" ? chunk.bytes.byteLength : Number(chunk.lengthBytes);
    onProgress?.(doneBytes);
  }
}
