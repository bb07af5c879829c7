import { createHash } from "node:crypto";
import { open, stat } from "node:fs/promises";
import { resolve } from "node:path";
import type { Checksum } from "./checksum.js";
import { HEAD_BYTES } from "./disk-format.js";

/** A whole packet of the RPC's streams. What is larger doesn't stay in a processor's cache until it is used. */
const CHUNK_BYTES = 256 * 1024 - 24;
const HASHED_AT_ONCE_BYTES = 256 * 1024;

/** A file of this machine as it was at one time. */
export interface LocalFile {
  path: string;
  bytes: number;
  /** Changes with the file, as far as the file system tells. */
  state: string;
}

/** Looks at a file; a path that isn't absolute begins at the program's folder. */
export async function lookAtFile(path: string): Promise<LocalFile> {
  const absolute = resolve(path);
  const found = await stat(absolute, { bigint: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") throw new Error(`there is no file ${absolute}`);
    throw error;
  });
  if (found.isDirectory()) throw new Error(`${absolute} is a folder`);
  if (!found.isFile()) throw new Error(`${absolute} is no regular file`);
  const { dev, ino, size, mtimeNs, ctimeNs } = found;
  return { path: absolute, bytes: Number(size), state: [dev, ino, size, mtimeNs, ctimeNs].join(" ") };
}

/** Sums are kept for the process: the check and the apply of a deployment read a large file once. */
const sums = new Map<string, Promise<string>>();

export function sumOfFile(file: LocalFile, algorithm: Checksum["algorithm"]): Promise<string> {
  const key = `${algorithm} ${file.path} ${file.state}`;
  const known = sums.get(key);
  if (known !== undefined) return known;
  const reading = hash(file.path, algorithm);
  sums.set(key, reading);
  reading.catch(() => sums.delete(key));
  return reading;
}

async function hash(path: string, algorithm: string): Promise<string> {
  await using file = await open(path);
  const hashing = createHash(algorithm);
  // Two pieces in turn: one is read while the other is summed.
  let [filled, empty] = [Buffer.allocUnsafe(HASHED_AT_ONCE_BYTES), Buffer.allocUnsafe(HASHED_AT_ONCE_BYTES)];
  let reading = file.read(filled, 0, filled.length);
  for (;;) {
    const { bytesRead } = await reading;
    if (bytesRead === 0) return hashing.digest("hex");
    reading = file.read(empty, 0, empty.length);
    hashing.update(filled.subarray(0, bytesRead));
    [filled, empty] = [empty, filled];
  }
}

/** A part of a file. */
export interface Range {
  fromByte: number;
  bytes: number;
}

export async function headOfFile(path: string, range: Range): Promise<Buffer> {
  await using file = await open(path);
  const head = Buffer.alloc(Math.min(HEAD_BYTES, range.bytes));
  const { bytesRead } = await file.read(head, 0, head.length, range.fromByte);
  return head.subarray(0, bytesRead);
}

/**
 * Reads a file that was summed before, and fails when it has changed since. What it yields is overwritten once the next is asked for: fresh
 * memory for each piece costs as much as sending it does.
 */
export async function* readFileOnce(file: LocalFile, range: Range): AsyncGenerator<Buffer, void, void> {
  await using opened = await open(file.path);
  const endByte = range.fromByte + range.bytes;
  const readAt = (into: Buffer, at: number) => opened.read(into, 0, Math.min(into.length, endByte - at), at);
  const length = Math.min(CHUNK_BYTES, range.bytes);
  let [filled, empty] = [Buffer.allocUnsafeSlow(length), Buffer.allocUnsafeSlow(length)];
  let reading = readAt(filled, range.fromByte);
  for (let at = range.fromByte; at < endByte; ) {
    const { bytesRead } = await reading;
    if (bytesRead === 0) break;
    at += bytesRead;
    // One is read while the other is used.
    reading = readAt(empty, at);
    reading.catch(() => undefined);
    yield filled.subarray(0, bytesRead);
    [filled, empty] = [empty, filled];
  }
  await reading;
  if ((await lookAtFile(file.path)).state !== file.state)
    throw new Error(`${file.path} was changed while it was read`);
}
