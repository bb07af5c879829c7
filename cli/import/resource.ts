import type { Bag } from "./bag.js";

export const importedKinds = ["StoragePool", "Network", "Disk", "VirtualMachine"] as const;
export type ImportedKind = (typeof importedKinds)[number];

/** A resource of the written program. */
export interface ImportedResource {
  kind: ImportedKind;
  /** Where it is; several have a pool or a network only. */
  hosts: string[];
  libvirtName: string;
  /** As the program gives them, without the host, the name and `adopt`. */
  inputs: Bag;
  /** What stays as it was found, because no input describes it or because declaring it would change it. */
  notes: string[];
}

/** A resource with the name that it has in the program. */
export interface NamedResource extends ImportedResource {
  name: string;
}

/** What isn't in the program, and why. */
export interface LeftAlone {
  kind: ImportedKind;
  host: string;
  name: string;
  why: string;
  /** A stack has it already. */
  isManaged: boolean;
}

/** What an import has come to. */
export interface Imported {
  /** Pools, networks and disks before the VMs that use them. */
  resources: NamedResource[];
  left: LeftAlone[];
}

export const kindNames: Readonly<Record<ImportedKind, [singular: string, plural: string]>> = {
  StoragePool: ["storage pool", "storage pools"],
  Network: ["network", "networks"],
  Disk: ["disk", "disks"],
  VirtualMachine: ["virtual machine", "virtual machines"],
};
