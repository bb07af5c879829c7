import type { PoolSource } from "../../libvirt/xml/index.js";

export const POOL_TYPES = ["dir", "fs", "netfs", "logical", "iscsi", "zfs", "rbd"] as const;
export type PoolType = (typeof POOL_TYPES)[number];

/** What libvirt takes for the format of a device, beside those of a server. */
export const FILE_SYSTEMS = [
  ...(["auto", "ext2", "ext3", "ext4", "ufs", "iso9660", "udf", "gfs", "gfs2", "vfat", "hfs+"] as const),
  ...(["xfs", "ocfs2"] as const),
] as const;
export const NETWORK_FORMATS = ["nfs", "cifs", "glusterfs"] as const;

type SourcePart = keyof PoolSource;

/** What a type of pool has. */
export interface PoolKind {
  /** Where a folder is meant for volumes, or for the devices that stand for them. */
  path: "needed" | "none" | "default";
  /** Parts of the source that it can't do without, and those that it may have besides. */
  needs: readonly SourcePart[];
  takes: readonly SourcePart[];
  /** Which parts say what it stands on: another one is another pool. The others say how that is reached. */
  identity: readonly SourcePart[];
  /** What `build: true` makes on blank devices. */
  builds?: string;
  /** Volumes are files in a folder: only there is room for an owner's mark beside them. */
  holdsFiles: boolean;
  /** Volumes come and go by the pool; else they are whatever the storage has. */
  makesVolumes: boolean;
}

export const poolKinds: Readonly<Record<PoolType, PoolKind>> = {
  dir: { path: "needed", needs: [], takes: [], identity: [], holdsFiles: true, makesVolumes: true },
  fs: {
    path: "needed",
    needs: ["devices"],
    takes: ["format"],
    identity: ["devices"],
    builds: "a file system",
    holdsFiles: true,
    makesVolumes: true,
  },
  netfs: {
    path: "needed",
    needs: ["hosts", "dir"],
    takes: ["format", "protocolVersion"],
    identity: ["dir"],
    holdsFiles: true,
    makesVolumes: true,
  },
  logical: {
    path: "none",
    needs: ["name"],
    takes: ["devices"],
    identity: ["name"],
    builds: "a volume group",
    holdsFiles: false,
    makesVolumes: true,
  },
  iscsi: {
    path: "default",
    needs: ["hosts", "devices"],
    takes: ["initiator", "auth"],
    identity: ["devices"],
    holdsFiles: false,
    makesVolumes: false,
  },
  zfs: {
    path: "none",
    needs: ["name"],
    takes: ["devices"],
    identity: ["name"],
    builds: "a pool of ZFS",
    holdsFiles: false,
    makesVolumes: true,
  },
  rbd: {
    path: "none",
    needs: ["name", "hosts"],
    takes: ["auth"],
    identity: ["name"],
    holdsFiles: false,
    makesVolumes: true,
  },
};

/** The kind of a pool that is found; undefined for a type that can't be declared. */
export function kindOf(type: string): PoolKind | undefined {
  return POOL_TYPES.some((known) => known === type) ? poolKinds[type as PoolType] : undefined;
}
