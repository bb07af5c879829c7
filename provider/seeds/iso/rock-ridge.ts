import { both32, SECTOR_BYTES } from "./numbers.js";
import type { File, Folder } from "./tree.js";

/** Which of a folder's records: of an entry by its name, of the folder itself (`.`), of the one above (`..`). */
export type RecordOf = "entry" | "self" | "parent";

/** A record's system use field, and where what didn't fit is continued. */
export interface SystemUse {
  inline: Buffer;
  /** What goes to the continuation area, and where in `inline` the place of that is to be written. */
  continued?: { bytes: Buffer; pointerAt: number };
}

// RRIP 4.1: POSIX file modes. What is in a seed is often secret, so a guest that mounts it shows it to root only.
const FOLDER_MODE = 0o040500;
const FILE_MODE = 0o100400;
const HAS_PX = 1;
const HAS_NM = 8;
const CE_BYTES = 28;

/**
 * Names and modes as POSIX has them (SUSP 1.12 and RRIP 1.09), beside ISO 9660's own records.
 *
 * @param roomBytes - what the record can hold besides.
 */
export function systemUse(
  node: File | Folder,
  as: RecordOf,
  options: { isRoot: boolean; roomBytes: number },
): SystemUse {
  const fixed = [
    ...(options.isRoot && as === "self" ? [sharingProtocol()] : []),
    field("RR", Buffer.of(as === "entry" ? HAS_PX | HAS_NM : HAS_PX)),
    posixAttributes(node),
    ...(options.isRoot && as === "self" ? [extensionReference()] : []),
  ];
  if (as !== "entry") return { inline: Buffer.concat(fixed) };
  const name = field("NM", Buffer.concat([Buffer.of(0), Buffer.from(node.name)]));
  const whole = Buffer.concat([...fixed, name]);
  if (whole.length <= options.roomBytes) return { inline: whole };
  const inline = Buffer.concat([...fixed, Buffer.alloc(CE_BYTES)]);
  return { inline, continued: { bytes: name, pointerAt: inline.length - CE_BYTES } };
}

/** SUSP 5.1: where the rest of a system use field is. */
export function continuation(place: { sector: number; offsetBytes: number; lengthBytes: number }): Buffer {
  return field(
    "CE",
    Buffer.concat([both32(place.sector), both32(place.offsetBytes), both32(place.lengthBytes)]),
  );
}

/** Places for the pieces of a continuation area; none may lie across a sector's end. */
export class ContinuationArea {
  #bytes = 0;
  readonly #pieces: { offsetBytes: number; bytes: Buffer }[] = [];

  add(bytes: Buffer): number {
    const left = SECTOR_BYTES - (this.#bytes % SECTOR_BYTES);
    if (bytes.length > left) this.#bytes += left;
    const offsetBytes = this.#bytes;
    this.#pieces.push({ offsetBytes, bytes });
    this.#bytes += bytes.length;
    return offsetBytes;
  }

  get lengthBytes(): number {
    return this.#bytes;
  }

  writeTo(image: Buffer, startBytes: number): void {
    for (const { offsetBytes, bytes } of this.#pieces) bytes.copy(image, startBytes + offsetBytes);
  }
}

function field(signature: string, content: Buffer): Buffer {
  return Buffer.concat([Buffer.from(signature), Buffer.of(content.length + 4, 1), content]);
}

function sharingProtocol(): Buffer {
  return field("SP", Buffer.of(0xbe, 0xef, 0));
}

function extensionReference(): Buffer {
  const id = Buffer.from("RRIP_1991A");
  return field("ER", Buffer.concat([Buffer.of(id.length, 0, 0, 1), id]));
}

function posixAttributes(node: File | Folder): Buffer {
  const links = node.kind === "file" ? 1 : 2 + node.entries.filter((entry) => entry.kind === "folder").length;
  const mode = node.kind === "file" ? FILE_MODE : FOLDER_MODE;
  return field("PX", Buffer.concat([both32(mode), both32(links), both32(0), both32(0)]));
}
