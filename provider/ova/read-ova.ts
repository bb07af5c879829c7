import { createHash } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";
import { resolve } from "node:path";
import { type Descriptor, parseDescriptor } from "./descriptor.js";
import { type TarEntry, tarEntries } from "./tar.js";

/** Descriptors are of a few KiB; what is larger is something else. */
const LONGEST_TEXT_BYTES = 16 * 1024 * 1024;
const PIECE_BYTES = 4 * 1024 * 1024;

/** What is in an OVA file. */
export interface OvaContents extends Descriptor {
  /** Absolute. */
  path: string;
}

/**
 * Reads the description in an OVA file, and compares what is in the file with its manifest, if it has one.
 *
 * @throws Error with the file's path: no such file, no OVA, a file that is missing in it, a sum that differs, hardware that isn't known.
 */
export function readOva(path: string): OvaContents {
  const absolute = resolve(path);
  try {
    const entries = tarEntries(absolute);
    const names = entries.map(({ name }) => plain(name));
    const named = new Map(entries.map((entry) => [plain(entry.name), entry]));
    const descriptor = entries.find(({ name }) => /\.ovf$/i.test(name));
    if (descriptor === undefined) throw new Error(`is no OVA: there is no .ovf in it, but ${listed(names)}`);
    const manifest =
      named.get(plain(descriptor.name).replace(/\.ovf$/i, ".mf")) ??
      entries.find(({ name }) => /\.mf$/i.test(name));
    if (manifest !== undefined)
      compareWithManifest(absolute, named, textOf(absolute, manifest), plain(manifest.name));
    const described = parseDescriptor(textOf(absolute, descriptor).replace(/^\uFEFF/, ""));
    for (const file of described.files)
      if (!named.has(file))
        throw new Error(
          `refers to a file ${JSON.stringify(file)} that isn't in it; there are ${listed(names)}`,
        );
    const asStored = (file: string | undefined) => (file === undefined ? undefined : named.get(file)?.name);
    return {
      path: absolute,
      ...described,
      disks: described.disks.map((disk) => ({ ...disk, file: asStored(disk.file) })),
    };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") throw new Error(`there is no OVA file ${absolute}`);
    if (code === "EISDIR") throw new Error(`${absolute} is a folder; an OVA is a tar archive of its files`);
    throw new Error(`${absolute} ${message.startsWith("it ") ? `can't be read: ${message}` : message}`, {
      cause: error,
    });
  }
}

function plain(name: string): string {
  return name.replace(/^\.\//, "");
}

function listed(names: readonly string[]): string {
  return names
    .slice(0, 20)
    .map((name) => JSON.stringify(name))
    .join(", ");
}

function textOf(path: string, entry: TarEntry): string {
  if (entry.bytes > LONGEST_TEXT_BYTES)
    throw new Error(`has a text ${JSON.stringify(entry.name)} of ${entry.bytes} bytes, which is too long`);
  return Buffer.concat([...piecesOf(path, entry)]).toString("utf8");
}

/** A piece is only good until the next one. */
function* piecesOf(path: string, { name, fromByte, bytes }: TarEntry): Generator<Buffer, void, void> {
  const file = openSync(path, "r");
  try {
    const room = Buffer.allocUnsafe(Math.min(PIECE_BYTES, bytes));
    for (let done = 0; done < bytes; ) {
      const length = readSync(file, room, 0, Math.min(room.length, bytes - done), fromByte + done);
      if (length === 0)
        throw new Error(`was cut off: ${JSON.stringify(plain(name))} ends after ${done} of ${bytes} bytes`);
      done += length;
      yield room.subarray(0, length);
    }
  } finally {
    closeSync(file);
  }
}

function compareWithManifest(
  path: string,
  entries: ReadonlyMap<string, TarEntry>,
  text: string,
  manifest: string,
): void {
  for (const line of text.split(/\r?\n/)) {
    const [, algorithm, name, expected] =
      /^(SHA1|SHA256|SHA512)\s*\((.+)\)\s*=\s*([0-9a-f]+)\s*$/i.exec(line) ?? [];
    if (algorithm === undefined || name === undefined || expected === undefined) continue;
    const entry = entries.get(name);
    if (entry === undefined)
      throw new Error(
        `has a sum of ${JSON.stringify(name)} in ${manifest}, which isn't in it; there are ${listed([...entries.keys()])}`,
      );
    const hashing = createHash(algorithm.toLowerCase());
    for (const piece of piecesOf(path, entry)) hashing.update(piece);
    const found = hashing.digest("hex");
    if (found !== expected.toLowerCase())
      throw new Error(
        `was changed or damaged: ${JSON.stringify(name)} in it has the ${algorithm.toUpperCase()} sum ${found}, and ${manifest} says ${expected.toLowerCase()}`,
      );
  }
}
