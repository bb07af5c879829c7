import type { Host } from "../hosts/host.js";
import type { PoolRecord } from "../libvirt/index.js";
import { parsePool } from "../libvirt/xml/index.js";
import { kindOf } from "./storage-pool/kinds.js";

const rooms = new WeakMap<PoolRecord, Promise<number>>();

/**
 * The room in a pool of files as its file system has it, asked once for all that is planned with what was read of the pool: libvirt says what it was
 * when it last looked, which may be long ago. That counts where the host can't be asked otherwise.
 */
export function roomIn(host: Host, pool: PoolRecord): Promise<number> {
  const asked = rooms.get(pool) ?? askForRoom(host, pool);
  rooms.set(pool, asked);
  return asked;
}

async function askForRoom(host: Host, { xml, active, availableBytes }: PoolRecord): Promise<number> {
  const { type, path } = parsePool(xml);
  if (!active || path === undefined || kindOf(type)?.holdsFiles !== true) return availableBytes;
  const told = await host.exec(["stat", "-f", "-c", "%a %S", "--", path]).catch(() => undefined);
  const [, blocks, blockBytes] = /^(\d+) (\d+)\s*$/.exec(told?.stdout ?? "") ?? [];
  return blocks === undefined ? availableBytes : Number(blocks) * Number(blockBytes);
}
