import * as pulumi from "@pulumi/pulumi";
import type { Host } from "./host.js";
import { onHosts } from "./host-ref.js";
import { KvmResource } from "./resource.js";
import type { Connection, HostRef, In, Timeouts } from "./types.js";

/** Where storage volumes live. Give `host` or `hosts`. */
export interface StoragePoolArgs {
  /** The host that has the pool. */
  host?: In<Host | HostRef>;
  /** The hosts that have a pool of this name, each its own (or the same folder, when something outside shares it). */
  hosts?: In<In<Host | HostRef>[]>;
  /** libvirt's name of the pool. Default: the resource's name. Changing it replaces the pool, which is refused while volumes are in it. */
  name?: In<string>;
  /** Only `"dir"` so far: a folder. */
  type?: In<"dir">;
  /** Absolute path of the folder on the hosts. It is made when missing. Changing it replaces the pool, which is refused while volumes are in it. */
  path: In<string>;
  /** Start the pool when the host's libvirt starts. Default `true`. */
  autostart?: In<boolean>;
  /** Allows deletion of a pool in which volumes are left that this program didn't make. They go too. Default `false`. */
  forceDestroy?: In<boolean>;
  /** Take over a pool of this name that exists already. Default `false`: it is refused, by name. */
  adopt?: In<boolean>;
  timeouts?: In<Timeouts>;
}

/**
 * A libvirt storage pool of the same name on one or more hosts.
 *
 * Updates (autostart, more hosts, fewer hosts) never touch running guests. Deleting it removes the pool's definition, and its
 * folder only if the pool made it and it is empty; it is refused while volumes are in it, unless `forceDestroy` is set.
 *
 * @example
 * ```ts
 * const images = new kvm.StoragePool("images", { hosts: [alpha, beta], path: "/var/lib/libvirt/images" });
 * ```
 */
export class StoragePool extends KvmResource {
  /** libvirt's name of the pool. */
  declare readonly name: pulumi.Output<string>;
  /** The hosts that have the pool, by name. */
  declare readonly hosts: pulumi.Output<Record<string, Connection>>;
  /** Always `"dir"`, so far. */
  declare readonly type: pulumi.Output<string>;
  /** The folder on the hosts. */
  declare readonly path: pulumi.Output<string>;
  /** Whether it starts with the host's libvirt. */
  declare readonly autostart: pulumi.Output<boolean>;
  /** libvirt's UUID of the pool, by host name. */
  declare readonly uuids: pulumi.Output<Record<string, string>>;
  /** Size of the file system below the pool, by host name, as of the last deployment or refresh. */
  declare readonly capacityBytes: pulumi.Output<Record<string, number>>;
  /** Room left in the pool, by host name, as of the last deployment or refresh. Its changing is no drift. */
  declare readonly availableBytes: pulumi.Output<Record<string, number>>;

  constructor(name: string, args: StoragePoolArgs, opts?: pulumi.CustomResourceOptions) {
    const { host, hosts, ...rest } = args;
    super(
      "StoragePool",
      name,
      { ...rest, ...hostsOf("StoragePool", name, host, hosts), name: args.name ?? name },
      ["uuids", "capacityBytes", "availableBytes"],
      opts,
    );
  }
}

/** `host` or `hosts`, exactly one of them, as the inputs that the provider takes. */
export function hostsOf(
  kind: string,
  name: string,
  host: In<Host | HostRef> | undefined,
  hosts: In<In<Host | HostRef>[]> | undefined,
): ReturnType<typeof onHosts> {
  if (host !== undefined && hosts !== undefined)
    throw new pulumi.RunError(`${kind} "${name}": give host or hosts, not both`);
  if (hosts !== undefined) return onHosts(hosts);
  if (host !== undefined) return onHosts([host]);
  throw new pulumi.RunError(
    `${kind} "${name}": host or hosts is missing; pass the Host resource(s) it is on`,
  );
}
