import type { Host } from "./host.js";
import type { StoragePool } from "./storage-pool.js";
import type { HostRef, In } from "./types.js";

/** What a getter is told of something on one host that isn't managed here. */
export interface LookupOnHost {
  host: In<Host | HostRef>;
  /** libvirt's name of it. Default: the resource's name. */
  name?: In<string>;
}

/** What a getter is told of something that one or more hosts have under the same name. */
export interface LookupOnHosts {
  /** The host, or {@link LookupOnHosts.hosts}. */
  host?: In<Host | HostRef>;
  /** All hosts that have it: it must be on each of them. */
  hosts?: In<In<Host | HostRef>[]>;
  /** libvirt's name of it. Default: the resource's name. */
  name?: In<string>;
}

/** What a getter is told of a volume that isn't managed here. */
export interface DiskLookup extends LookupOnHost {
  /** The pool that the volume is in, as a resource or by libvirt's name. It must be running. */
  pool: In<StoragePool | string>;
}
