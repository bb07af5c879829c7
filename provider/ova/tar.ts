import { closeSync, fstatSync, openSync, readSync } from "node:fs";

/** A file in an archive, and where in it its bytes are. */
export interface TarEntry {
  name: string;
  fromByte: number;
  bytes: number;
}

const BLOCK_BYTES = 512;
/** Extended headers and long names are short; what claims to be longer is no archive. */
const LONGEST_EXTRA_BYTES = 1024 * 1024;
const MOST_ENTRIES = 10_000;

/**
 * The regular files of a tar archive: ustar, with GNU's long names and sizes, and POSIX extended headers. Only headers are read.
 *
 * @throws Error when it is no archive, or is cut off.
 */
export function tarEntries(path: string): TarEntry[] {
  const file = openSync(path, "r");
  try {
    const entries = readEntries((at, bytes) => {
      const block = Buffer.alloc(bytes);
      return block.subarray(0, readSync(file, block, 0, bytes, at));
    });
    const last = entries.at(-1);
    const { size } = fstatSync(file);
    if (last !== undefined && last.fromByte + last.bytes > size)
      throw new Error(
        `it was cut off: ${JSON.stringify(last.name)} ends after ${size - last.fromByte} of ${last.bytes} bytes`,
      );
    return entries;
  } finally {
    closeSync(file);
  }
}

export function readEntries(read: (at: number, bytes: number) => Buffer): TarEntry[] {
  const entries: TarEntry[] = [];
  let named: { path?: string | undefined; size?: number | undefined } = {};
  for (let at = 0; entries.length < MOST_ENTRIES; ) {
    const header = read(at, BLOCK_BYTES);
    if (header.length < BLOCK_BYTES || header.every((byte) => byte === 0)) {
      if (at === 0) throw new Error("it is no tar archive");
      return entries;
    }
    if (!hasChecksum(header))
      throw new Error(at === 0 ? "it is no tar archive" : `it is damaged at byte ${at}`);
    const bytes = named.size ?? numberAt(header, 124, 12);
    const fromByte = at + BLOCK_BYTES;
    const kind = String.fromCharCode(header[156] ?? 0);
    const content = () => read(fromByte, Math.min(bytes, LONGEST_EXTRA_BYTES));
    if (kind === "L") named = { ...named, path: content().toString("utf8").replace(/\0.*$/s, "") };
    else if (kind === "x") named = { ...named, ...extended(content()) };
    else if (kind !== "g" && kind !== "K") {
      // "0" and NUL are files, "7" one that is contiguous.
      if (kind === "0" || kind === "\0" || kind === "7")
        entries.push({ name: named.path ?? nameOf(header), fromByte, bytes });
      named = {};
    }
    at = fromByte + Math.ceil(bytes / BLOCK_BYTES) * BLOCK_BYTES;
  }
  throw new Error(`it has more than ${MOST_ENTRIES} files`);
}

function nameOf(header: Buffer): string {
  const name = textAt(header, 0, 100);
  const prefix = textAt(header, 257, 5) === "ustar" && header[262] === 0 ? textAt(header, 345, 155) : "";
  return prefix === "" ? name : `${prefix}/${name}`;
}

function textAt(header: Buffer, at: number, bytes: number): string {
  return header
    .subarray(at, at + bytes)
    .toString("utf8")
    .replace(/\0.*$/s, "");
}

/** Octal digits, or with the first bit set a binary number. */
function numberAt(header: Buffer, at: number, bytes: number): number {
  const field = header.subarray(at, at + bytes);
  const isBinary = ((field[0] ?? 0) & 0x80) !== 0;
  const value = isBinary
    ? field.subarray(1).reduce((sum, byte) => sum * 256 + byte, (field[0] ?? 0) & 0x7f)
    : Number.parseInt(field.toString("latin1").replace(/[\0 ].*$/s, "") || "0", 8);
  if (!Number.isSafeInteger(value) || value < 0) throw new Error("it has a file without a size");
  return value;
}

/** The sum of the header's bytes, with its own field taken for spaces. */
function hasChecksum(header: Buffer): boolean {
  const wanted = Number.parseInt(header.toString("latin1", 148, 156).replace(/^ +|[\0 ].*$/gs, ""), 8);
  const sum = header.reduce((total, byte, i) => total + (i >= 148 && i < 156 ? 32 : byte), 0);
  return sum === wanted;
}

/** Records of the form `<length> <key>=<value>\n`. */
function extended(bytes: Buffer): { path?: string; size?: number } {
  const found: { path?: string; size?: number } = {};
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(32, at);
    const length = space < 0 ? 0 : Number(bytes.toString("latin1", at, space));
    if (!Number.isSafeInteger(length) || length <= 0) break;
    const [key, ...value] = bytes.toString("utf8", space + 1, at + length - 1).split("=");
    if (key === "path") found.path = value.join("=");
    if (key === "size" && /^\d+$/.test(value.join("="))) found.size = Number(value.join("="));
    at += length;
  }
  return found;
}
