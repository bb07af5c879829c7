import type { AnyDefinition } from "./definition.js";
import type { ResourceKind } from "./index.js";

const loaders: Readonly<Record<ResourceKind, () => Promise<AnyDefinition>>> = {
  Disk: async () => (await import("./disk/index.js")).disk,
  Host: async () => (await import("./host/index.js")).host,
  Image: async () => (await import("./image/index.js")).image,
  Snapshot: async () => (await import("./snapshot/index.js")).snapshot,
  StoragePool: async () => (await import("./storage-pool/index.js")).storagePool,
  Network: async () => (await import("./network/index.js")).network,
  VirtualMachine: async () => (await import("./virtual-machine/index.js")).virtualMachine,
};

/** Those of these kinds, without loading the others; an unknown kind has none. */
export async function definitionsOf(
  kinds: readonly string[],
): Promise<Readonly<Record<string, AnyDefinition>>> {
  const wanted = Object.entries(loaders).filter(([kind]) => kinds.includes(kind));
  return Object.fromEntries(await Promise.all(wanted.map(async ([kind, load]) => [kind, await load()])));
}
