import { oneLine } from "../../hosts/errors.js";
import { checksumText } from "../image/checksum.js";
import { lookAtFile, sumOfFile } from "../image/local-file.js";
import { judged, type LocalDisk } from "../local-disk.js";
import type { DiskRequest } from "./place.js";

/** The file of this machine that a disk's content comes from. */
export interface ObservedSource extends LocalDisk {
  /** `sha256:...`; undefined when the file can't be read. */
  checksum?: string | undefined;
}

/** Looks at the file where a program declares it; a refresh or a deletion doesn't need it. */
export async function observeSource({ inputs, previous }: DiskRequest): Promise<ObservedSource | undefined> {
  if (inputs.source === undefined || previous === inputs) return undefined;
  try {
    const file = await lookAtFile(inputs.source);
    const checksum = checksumText({ algorithm: "sha256", hex: await sumOfFile(file, "sha256") });
    return { checksum, ...(await judged(file)) };
  } catch (error) {
    // A machine without the file can still deploy the rest, as long as nothing has to be made of it.
    return { checksum: unchangedSum({ inputs, previous }), problem: oneLine(error) };
  }
}

function unchangedSum({ inputs, previous }: Pick<DiskRequest, "inputs" | "previous">): string | undefined {
  return previous?.source === inputs.source ? previous?.sourceChecksum : undefined;
}
