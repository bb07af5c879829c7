import * as pulumi from "@pulumi/pulumi";
import type { Host } from "./host.js";
import { onHosts } from "./host-ref.js";
import type { LookupOnHosts } from "./lookup.js";
import { hasType, KvmResource, typeOf } from "./resource.js";
import type { Connection, HostRef, In, Timeouts } from "./types.js";

/** A server of a pool: DNS name or IP address, with its port where that isn't the usual one. */
export type PoolServer = string | { name: In<string>; port?: In<number> };

/** How libvirt on the hosts logs in to a pool's servers. */
export interface PoolAuthArgs {
  username: In<string>;
  /** A secret of libvirt on each host (`virsh secret-define`), by its UUID or its usage. It isn't handed on here. */
  secret: In<{ uuid?: In<string>; usage?: In<string> }>;
}

/** What a pool stands on. Which parts there are depends on the pool's type. */
export interface PoolSourceArgs {
  /** The server of `"netfs"` and `"iscsi"`, or one monitor of `"rbd"`. A change stops the pool for a moment. */
  host?: In<PoolServer>;
  /** The same as a list, instead of `host`: several monitors of `"rbd"`; one server of the others. */
  hosts?: In<In<PoolServer>[]>;
  /** The server's folder, of `"netfs"`; the name of a volume with format `"glusterfs"`, of a share with `"cifs"`. Changing it replaces the pool. */
  dir?: In<string>;
  /** The device of `"fs"`, such as `/dev/sdb1`, or the target of `"iscsi"`, such as `iqn.2026-01.net.example:images`. Changing it replaces the pool. */
  device?: In<string>;
  /** Devices on which `build` makes a volume group or a pool of ZFS. */
  devices?: In<In<string>[]>;
  /** The volume group of `"logical"`, the pool of `"zfs"` or `"rbd"`. Changing it replaces the pool. */
  name?: In<string>;
  /** The file system of `"fs"` (`"ext4"`, `"xfs"`, ...), or the protocol of `"netfs"` (`"nfs"`, `"glusterfs"`, `"cifs"`). Default `"auto"`. */
  format?: In<
    | (
        | "auto"
        | "ext2"
        | "ext3"
        | "ext4"
        | "ufs"
        | "iso9660"
        | "udf"
        | "gfs"
        | "gfs2"
        | "vfat"
        | "hfs+"
        | "xfs"
        | "ocfs2"
      )
    | ("nfs" | "cifs" | "glusterfs")
  >;
  /** Version of NFS, such as `"4.2"`. Default: what client and server agree on. */
  protocolVersion?: In<string>;
  /** The name by which the hosts log in to `"iscsi"`. */
  initiator?: In<string>;
  /** Login to `"iscsi"` (CHAP) or `"rbd"` (Ceph). */
  auth?: In<PoolAuthArgs>;
}

/** Where storage volumes live. Give `host` or `hosts`. */
export interface StoragePoolArgs {
  /** The host that has the pool. */
  host?: In<Host | HostRef>;
  /** The hosts that have a pool of this name, each its own (or the same folder, when something outside shares it). */
  hosts?: In<In<Host | HostRef>[]>;
  /** libvirt's name of the pool. Default: the resource's name. Changing it replaces the pool, which is refused while volumes are in it. */
  name?: In<string>;
  /**
   * Changing it replaces the pool.
   * - `"dir"` (default): a folder.
   * - `"fs"`: a device with a file system, mounted at `path`.
   * - `"netfs"`: a folder of a server (NFS, GlusterFS, CIFS), mounted at `path` on every host.
   * - `"logical"`: an LVM volume group. `"zfs"`: a pool of ZFS. `"iscsi"`: the LUNs of a target. `"rbd"`: a pool of Ceph.
   *
   * Disks are made in pools of files, `"dir"`, `"fs"` and `"netfs"`, alone: elsewhere is no room for the mark that says whose they are. Pools of the
   * other types are defined and started; VMs get no disks from them yet.
   */
  type?: In<"dir" | "fs" | "netfs" | "logical" | "iscsi" | "zfs" | "rbd">;
  /**
   * Absolute path of the folder on the hosts, of `"dir"`, or where it is mounted, of `"fs"` and `"netfs"`. It is made when missing. Changing it
   * replaces the pool, which is refused while volumes are in it. Of `"iscsi"`: where the devices are, by default `/dev/disk/by-path`.
   */
  path?: In<string>;
  /** What the pool stands on; not for `"dir"`. */
  source?: In<PoolSourceArgs>;
  /**
   * Make a file system (`"fs"`), a volume group (`"logical"`) or a pool of ZFS on the devices if the pool doesn't start without. libvirt
   * refuses devices that hold something. Default `false`: nothing is ever formatted. None of it is taken away with the pool.
   */
  build?: In<boolean>;
  /** Start the pool when the host's libvirt starts. Default `true`; of one that is taken over: as it is. */
  autostart?: In<boolean>;
  /** Allows deletion of a pool in which volumes are left that this program didn't make. They go too, but for the LUNs of `"iscsi"`. Default `false`. */
  forceDestroy?: In<boolean>;
  /** Take over a pool of this name that exists already. Default `false`: it is refused, by name. */
  adopt?: In<boolean>;
  timeouts?: In<Timeouts>;
}

/**
 * A libvirt storage pool of the same name on one or more hosts.
 *
 * Updates (autostart, more hosts, fewer hosts) never touch running guests; one that has to stop the pool, such as another server, is refused
 * while running VMs have disks in it. Deleting it removes the pool's definition, and its folder only if the pool made it and it is empty; it is
 * refused while volumes are in it, unless `forceDestroy` is set. File systems, volume groups and what servers have stay.
 *
 * @example
 * ```ts
 * const images = new kvm.StoragePool("images", { hosts: [alpha, beta], path: "/var/lib/libvirt/images" });
 * const shared = new kvm.StoragePool("shared", {
 *   hosts: [alpha, beta],
 *   type: "netfs",
 *   path: "/var/lib/libvirt/shared",
 *   source: { host: "nfs.example.net", dir: "/export/vms", format: "nfs" },
 * });
 * ```
 */
export class StoragePool extends KvmResource {
  /** @internal */
  static readonly __pulumiType = typeOf("StoragePool");
  /** Whether a value is a `StoragePool`, also one of another copy of this package; policy packs ask so too. */
  static override isInstance(value: unknown): value is StoragePool {
    return hasType(value, StoragePool.__pulumiType);
  }

  /** libvirt's name of the pool. */
  declare readonly name: pulumi.Output<string>;
  /** The hosts that have the pool, by name. */
  declare readonly hosts: pulumi.Output<Record<string, Connection>>;
  /** As declared. */
  declare readonly type: pulumi.Output<string>;
  /** As declared: the folder on the hosts. */
  declare readonly path: pulumi.Output<string | undefined>;
  /** As declared; of one that is only read: whether it starts with the host's libvirt. */
  declare readonly autostart: pulumi.Output<boolean | undefined>;
  /** libvirt's UUID of the pool, by host name. */
  declare readonly uuids: pulumi.Output<Record<string, string>>;
  /** Size of the file system or storage below the pool, by host name, as of the last deployment or refresh. */
  declare readonly capacityBytes: pulumi.Output<Record<string, number>>;
  /** Room left in the pool, by host name, as of the last deployment or refresh. Its changing is no drift. */
  declare readonly availableBytes: pulumi.Output<Record<string, number>>;

  /**
   * Reads a pool that isn't managed here, such as libvirt's own `default`, in previews as well. Nothing on the hosts changes, now or when the
   * stack is destroyed. Disks and images can be made in it; those are managed like any.
   *
   * Errors: a host doesn't have it (with the names of those that it has), a host is unreachable.
   *
   * @example
   * ```ts
   * const images = kvm.StoragePool.get("default", { hosts: [alpha, beta] });
   * const data = new kvm.Disk("data", { host: alpha, pool: images, size: "20GiB" });
   * ```
   */
  static get(name: string, args: LookupOnHosts, opts?: pulumi.CustomResourceOptions): StoragePool {
    return new StoragePool(name, args as StoragePoolArgs, { ...opts, id: args.name ?? name });
  }

  constructor(name: string, args: StoragePoolArgs, opts?: pulumi.CustomResourceOptions) {
    const { host, hosts, ...rest } = args;
    super(
      "StoragePool",
      name,
      { ...rest, ...hostsOf("StoragePool", name, host, hosts), name: args.name ?? name },
      ["uuids", "capacityBytes", "availableBytes", "type", "path", "autostart"],
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
