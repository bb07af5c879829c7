import type { ResourceDefinition } from "./definition.js";
import { disk } from "./disk/index.js";
import { host } from "./host/index.js";
import { image } from "./image/index.js";
import { network } from "./network/index.js";
import { snapshot } from "./snapshot/index.js";
import { storagePool } from "./storage-pool/index.js";
import { virtualMachine } from "./virtual-machine/index.js";

/** Every kind of resource, by the name that the SDK's provider objects pass. */
// biome-ignore lint/suspicious/noExplicitAny: definitions of many types; the engine only passes a definition's own values back to it
export const definitions: Readonly<Record<string, ResourceDefinition<any, any, any>>> = {
  Disk: disk,
  Host: host,
  Image: image,
  Snapshot: snapshot,
  StoragePool: storagePool,
  Network: network,
  VirtualMachine: virtualMachine,
};
