import { unlessAbsent } from "./absent.js";
import type { StoragePool } from "./rpc/index.js";
import type { OperationOptions, Session } from "./session.js";

/** A storage pool as it is on its host. */
export interface PoolRecord {
  readonly name: string;
  readonly uuid: string;
  readonly xml: string;
  readonly active: boolean;
  readonly autostart: boolean;
  readonly persistent: boolean;
  /** While it isn't active: what it was when libvirt last looked. */
  readonly capacityBytes: number;
  readonly allocationBytes: number;
  readonly availableBytes: number;
}

/** How a pool is named. */
export type PoolKey = { readonly uuid: string } | { readonly name: string };

const LIST = { persistent: 4, autostart: 16 } as const;
const XML_INACTIVE = 1;
const STATE_INACTIVE = 0;
const BUILD_NO_OVERWRITE = 4;

/** Storage pools of one host. Deadlines: 30 s to read, 120 s to change, an hour to build and refresh. */
export class PoolApi {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  /** Every pool. One that vanishes meanwhile is left out. */
  async observeAll(options: OperationOptions = {}): Promise<PoolRecord[]> {
    const list = async (flags: number) => {
      const args = { needResults: 1, flags };
      return (await this.#session.read("list the pools", "ConnectListAllStoragePools", args, options)).pools;
    };
    const uuids = async (flags: number) => new Set((await list(flags)).map(({ uuid }) => uuid));
    const [pools, persistent, autostart] = await Promise.all([
      list(0),
      uuids(LIST.persistent),
      uuids(LIST.autostart),
    ]);
    const records = await Promise.all(
      pools.map((pool) =>
        unlessAbsent("poolNotFound", () =>
          this.#read(
            pool,
            { persistent: persistent.has(pool.uuid), autostart: autostart.has(pool.uuid) },
            options,
          ),
        ),
      ),
    );
    return records.filter((record) => record !== undefined);
  }

  /** One pool; undefined when there is none. */
  observe(key: PoolKey, options: OperationOptions = {}): Promise<PoolRecord | undefined> {
    return unlessAbsent("poolNotFound", async () => {
      const { pool } =
        "uuid" in key
          ? await this.#session.read(
              `find pool ${key.uuid}`,
              "StoragePoolLookupByUUID",
              { uuid: key.uuid },
              options,
            )
          : await this.#session.read(
              `find pool ${key.name}`,
              "StoragePoolLookupByName",
              { name: key.name },
              options,
            );
      const operation = `read pool ${pool.name}`;
      const [{ persistent }, { autostart }] = await Promise.all([
        this.#session.read(operation, "StoragePoolIsPersistent", { pool }, options),
        this.#session.read(operation, "StoragePoolGetAutostart", { pool }, options),
      ]);
      return this.#read(pool, { persistent: persistent === 1, autostart: autostart === 1 }, options);
    });
  }

  async define(xml: string, options: OperationOptions = {}): Promise<{ name: string; uuid: string }> {
    return (await this.#session.change("define a pool", "StoragePoolDefineXML", { xml, flags: 0 }, options))
      .pool;
  }

  /**
   * Makes what the pool stands on. Without `format` a folder at most, with it (file systems, volume groups, ZFS) what its devices are to hold:
   * libvirt refuses those that aren't blank.
   */
  async build(
    uuid: string,
    options: OperationOptions & { readonly format?: "noOverwrite" } = {},
  ): Promise<void> {
    const flags = options.format === "noOverwrite" ? BUILD_NO_OVERWRITE : 0;
    await this.#session.long(
      `build pool ${uuid}`,
      "StoragePoolBuild",
      { pool: poolOf(uuid), flags },
      options,
    );
  }

  async start(uuid: string, options: OperationOptions = {}): Promise<void> {
    await this.#session.change(
      `start pool ${uuid}`,
      "StoragePoolCreate",
      { pool: poolOf(uuid), flags: 0 },
      options,
    );
  }

  async stop(uuid: string, options: OperationOptions = {}): Promise<void> {
    await this.#session.change(`stop pool ${uuid}`, "StoragePoolDestroy", { pool: poolOf(uuid) }, options);
  }

  async undefine(uuid: string, options: OperationOptions = {}): Promise<void> {
    await this.#session.change(
      `undefine pool ${uuid}`,
      "StoragePoolUndefine",
      { pool: poolOf(uuid) },
      options,
    );
  }

  /** Removes what the pool stands on. Only while it is stopped; of a folder only when it is empty. */
  async delete(uuid: string, options: OperationOptions = {}): Promise<void> {
    await this.#session.change(
      `delete pool ${uuid}`,
      "StoragePoolDelete",
      { pool: poolOf(uuid), flags: 0 },
      options,
    );
  }

  /** Looks at the storage again: libvirt doesn't see by itself what others put there. */
  async refresh(uuid: string, options: OperationOptions = {}): Promise<void> {
    await this.#session.long(
      `refresh pool ${uuid}`,
      "StoragePoolRefresh",
      { pool: poolOf(uuid), flags: 0 },
      options,
    );
  }

  async setAutostart(uuid: string, autostart: boolean, options: OperationOptions = {}): Promise<void> {
    const args = { pool: poolOf(uuid), autostart: autostart ? 1 : 0 };
    await this.#session.change(`set autostart of pool ${uuid}`, "StoragePoolSetAutostart", args, options);
  }

  async #read(
    pool: StoragePool,
    traits: { readonly persistent: boolean; readonly autostart: boolean },
    options: OperationOptions,
  ): Promise<PoolRecord> {
    const operation = `read pool ${pool.name}`;
    const flags = traits.persistent ? XML_INACTIVE : 0;
    const [{ xml }, info] = await Promise.all([
      this.#session.read(operation, "StoragePoolGetXMLDesc", { pool, flags }, options),
      this.#session.read(operation, "StoragePoolGetInfo", { pool }, options),
    ]);
    return {
      name: pool.name,
      uuid: pool.uuid,
      xml,
      active: info.state !== STATE_INACTIVE,
      ...traits,
      capacityBytes: Number(info.capacity),
      allocationBytes: Number(info.allocation),
      availableBytes: Number(info.available),
    };
  }
}

/** The daemon finds a pool by its UUID alone; the name only appears in its messages. */
function poolOf(uuid: string): StoragePool {
  return { name: uuid, uuid };
}
