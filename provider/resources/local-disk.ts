import { oneLine } from "../hosts/errors.js";
import { formatBytes } from "../planning/quantity.js";
import { fileKind } from "./image/disk-format.js";
import { headOfFile, type LocalFile, lookAtFile } from "./image/local-file.js";

/** A file of this machine that a disk is to begin with. */
export interface LocalDisk {
  format?: string | undefined;
  /** As a guest sees it. */
  sizeBytes?: number | undefined;
  /** Why no disk can be made of it. */
  problem?: string | undefined;
}

/** Looks at its beginning. A file that isn't there is a problem only where something has to be made of it. */
export async function lookAtLocalDisk(path: string): Promise<LocalDisk> {
  try {
    return await judged(await lookAtFile(path));
  } catch (error) {
    return { problem: oneLine(error) };
  }
}

/** @throws when it can't be read. */
export async function judged(file: LocalFile): Promise<LocalDisk> {
  const kind = fileKind(await headOfFile(file.path, { fromByte: 0, bytes: file.bytes }));
  if (kind.kind === "unusable") return { problem: `${file.path} ${kind.reason}` };
  if (kind.kind === "archive" || kind.kind === "compressed")
    return {
      problem: `${file.path} is ${kind.kind === "archive" ? "an archive" : `compressed (${kind.compression})`}; unpack it, or let an Image do that and make the disk of it with backing`,
    };
  return { format: kind.format, sizeBytes: kind.format === "raw" ? file.bytes : kind.sizeBytes };
}

/** Why what is declared can't be made of it; undefined when it can. */
export function localDiskProblem(
  path: string,
  { problem, format, sizeBytes = 0 }: LocalDisk,
  declared: { format: string; size: number },
): string | undefined {
  if (problem !== undefined) return problem;
  if (format !== declared.format)
    return format === "qcow2" || format === "raw"
      ? `${path} is ${format} and ${declared.format} is declared; declare format: ${JSON.stringify(format)}, or convert the file`
      : `${path} is ${format}; convert it to ${declared.format} with qemu-img convert, or let an Image do it`;
  if (sizeBytes > declared.size)
    return `${path} is a disk of ${formatBytes(sizeBytes)}, and size ${formatBytes(declared.size)} would cut it off; declare at least that`;
  return undefined;
}
