import { oneLine } from "../../hosts/errors.js";
import { checksumText } from "../image/checksum.js";
import { fileKind } from "../image/disk-format.js";
import { headOfFile, lookAtFile, sumOfFile } from "../image/local-file.js";
import type { DiskRequest } from "./place.js";

/** The file of this machine that a disk's content comes from. */
export interface ObservedSource {
  /** `sha256:...`; undefined when the file can't be read. */
  checksum?: string | undefined;
  format?: string | undefined;
  /** As a guest sees it. */
  sizeBytes?: number | undefined;
  /** Why no disk can be made of it. */
  problem?: string | undefined;
}

/** Looks at the file where a program declares it; a refresh or a deletion doesn't need it. */
export async function observeSource({ inputs, previous }: DiskRequest): Promise<ObservedSource | undefined> {
  if (inputs.source === undefined || previous === inputs) return undefined;
  try {
    const file = await lookAtFile(inputs.source);
    const checksum = checksumText({ algorithm: "sha256", hex: await sumOfFile(file, "sha256") });
    const kind = fileKind(await headOfFile(file.path, { fromByte: 0, bytes: file.bytes }));
    if (kind.kind === "unusable") return { checksum, problem: `${file.path} ${kind.reason}` };
    if (kind.kind === "archive" || kind.kind === "compressed")
      return {
        checksum,
        problem: `${file.path} is ${kind.kind === "archive" ? "an archive" : `compressed (${kind.compression})`}; unpack it, or let an Image do that and make the disk of it with backing`,
      };
    const sizeBytes = kind.format === "raw" ? file.bytes : kind.sizeBytes;
    return { checksum, format: kind.format, sizeBytes };
  } catch (error) {
    // A machine without the file can still deploy the rest, as long as nothing has to be made of it.
    return { checksum: unchangedSum({ inputs, previous }), problem: oneLine(error) };
  }
}

function unchangedSum({ inputs, previous }: Pick<DiskRequest, "inputs" | "previous">): string | undefined {
  return previous?.source === inputs.source ? previous?.sourceChecksum : undefined;
}
