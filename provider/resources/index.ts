import type { AnyDefinition } from "./definition.js";
import { disk } from "./disk/index.js";
import { host } from "./host/index.js";
import { image } from "./image/index.js";
import { network } from "./network/index.js";
import { snapshot } from "./snapshot/index.js";
import { storagePool } from "./storage-pool/index.js";
import { virtualMachine } from "./virtual-machine/index.js";

const byKind = {
  Disk: disk,
  Host: host,
  Image: image,
  Snapshot: snapshot,
  StoragePool: storagePool,
  Network: network,
  VirtualMachine: virtualMachine,
};

/** The name by which the SDK's provider objects pass a kind of resource. */
export type ResourceKind = keyof typeof byKind;

/** All kinds, loaded at once: a deployment doesn't need the package's files any more once it has begun. */
export const definitions: Readonly<Record<string, AnyDefinition>> = byKind;
