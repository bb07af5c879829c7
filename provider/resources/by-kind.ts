import type { ResourceDefinition } from "./definition.js";

// biome-ignore lint/suspicious/noExplicitAny: definitions of many types; the engine only passes a definition's own values back to it
type AnyDefinition = ResourceDefinition<any, any, any>;

const loaders: Readonly<Record<string, () => Promise<AnyDefinition>>> = {
  Disk: async () => (await import("./disk/index.js")).disk,
  Host: async () => (await import("./host/index.js")).host,
  Image: async () => (await import("./image/index.js")).image,
  Snapshot: async () => (await import("./snapshot/index.js")).snapshot,
  StoragePool: async () => (await import("./storage-pool/index.js")).storagePool,
  Network: async () => (await import("./network/index.js")).network,
  VirtualMachine: async () => (await import("./virtual-machine/index.js")).virtualMachine,
};

/** Every kind of resource, by the name that the SDK's provider objects pass. */
export const kinds: readonly string[] = Object.keys(loaders);

/** The definitions of these kinds, and nothing of the others is loaded; a kind that isn't known has none. */
export async function definitionsOf(
  wanted: Iterable<string>,
): Promise<Readonly<Record<string, AnyDefinition>>> {
  const known = [...new Set(wanted)].filter((kind) => Object.hasOwn(loaders, kind));
  return Object.fromEntries(await Promise.all(known.map(async (kind) => [kind, await loaders[kind]?.()])));
}
