import { isSidecar } from "../../hosts/volume-mark.js";
import type { Refusal } from "../../planning/plan.js";
import { kindOf } from "./kinds.js";

/**
 * Disks are made and taken over in pools of files only. Beside a file there is room for the mark that says whose it is; a logical volume, an image of
 * Ceph or a LUN has no place for one that libvirt shows.
 */
export function refuseOtherThanFiles(where: {
  pool: string;
  /** Undefined where the pool isn't there, or isn't known. */
  type: string | undefined;
  host: string;
  disk: string;
}): Refusal | undefined {
  const { pool, type, host, disk } = where;
  if (type === undefined || (kindOf(type)?.holdsFiles ?? false)) return undefined;
  return {
    kind: "notSupported",
    message: `disk ${disk} can't be made or taken over in pool ${pool} on ${host}: it is a ${type} pool, whose volumes have no room for the mark that says whose they are; give a pool of files (dir, fs, netfs)`,
  };
}

/** ext4's folder for what its repair finds. */
const LOST_AND_FOUND = "lost+found";

/** Whether what libvirt lists is a volume, or a mark beside one. */
export function isVolumeOrMark(name: string): boolean {
  return name !== LOST_AND_FOUND;
}

/** Whether what libvirt lists is a volume that people have something in. */
export function isVolume(name: string): boolean {
  return isVolumeOrMark(name) && !isSidecar(name);
}
