import { createHash } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";
import { resolve } from "node:path";
import { XmlError } from "../libvirt/xml/index.js";
import { parseSource, sourceProblem } from "../resources/image/source.js";
import { type Descriptor, parseDescriptor } from "./descriptor.js";
import { RemoteArchive } from "./remote-archive.js";
import { readEntries, type TarEntry, tarEntries } from "./tar.js";

/** Descriptors are of a few KiB; what is larger is something else. */
const LONGEST_TEXT_BYTES = 16 * 1024 * 1024;
const PIECE_BYTES = 4 * 1024 * 1024;

/** What is in an OVA. */
export interface OvaContents extends Descriptor {
  /** Absolute, or the address. */
  path: string;
}

/**
 * Reads the description in an OVA. Of a file of this machine all that is in it is compared with its manifest, if it has one; behind an address only the
 * description is read, and where the others are.
 *
 * @throws Error with the file's path: no such file, no OVA, a file that is missing in it, a sum that differs, hardware that isn't known.
 */
export function readOva(source: string): OvaContents {
  const problem = sourceProblem(source);
  if (problem !== undefined) throw new Error(`the source of the OVA ${problem}`);
  return /^https?:\/\//i.test(source) ? readRemote(source) : readFile(resolve(source));
}

function readFile(absolute: string): OvaContents {
  try {
    const entries = tarEntries(absolute);
    const named = new Map(entries.map((entry) => [plain(entry.name), entry]));
    const descriptor = descriptorAmong(entries);
    const manifest =
      named.get(plain(descriptor.name).replace(/\.ovf$/i, ".mf")) ??
      entries.find(({ name }) => /\.mf$/i.test(name));
    if (manifest !== undefined)
      compareWithManifest(absolute, named, textOf(absolute, manifest), plain(manifest.name));
    return described(absolute, textOf(absolute, descriptor), named);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") throw new Error(`there is no OVA file ${absolute}`);
    if (code === "EISDIR") throw new Error(`${absolute} is a folder; an OVA is a tar archive of its files`);
    throw explained(error, absolute, message);
  }
}

function readRemote(address: string): OvaContents {
  const { label } = parseSource(address);
  try {
    const archive = new RemoteArchive(address);
    const entries = readEntries((at, bytes) => archive.read(at, bytes));
    const descriptor = entries.find(isDescriptor);
    if (descriptor === undefined && !archive.knowsParts)
      throw new Error(
        "can't be read from here: the server gives no parts of a file, and the .ovf isn't the first in it; download it, and give its path",
      );
    const { name, fromByte, bytes } = descriptor ?? descriptorAmong(entries);
    checkLength(name, bytes);
    const text = archive.read(fromByte, bytes);
    if (text.length < bytes)
      throw new Error(
        `was cut off: ${JSON.stringify(plain(name))} ends after ${text.length} of ${bytes} bytes`,
      );
    // Without parts nobody sees here what comes after the first disk.
    const named = archive.knowsParts
      ? new Map(entries.map((entry) => [plain(entry.name), entry]))
      : undefined;
    const prefix = name.startsWith("./") ? "./" : "";
    return described(new URL(address).href, text.toString("utf8"), named, prefix);
  } catch (error) {
    throw explained(error, label, (error as Error).message);
  }
}

function explained(cause: unknown, label: string, message: string): Error {
  const sentence =
    message.startsWith("it ") || cause instanceof XmlError ? `can't be read: ${message}` : message;
  return new Error(`${label} ${sentence}`, { cause });
}

function isDescriptor({ name }: TarEntry): boolean {
  return /\.ovf$/i.test(name);
}

function descriptorAmong(entries: readonly TarEntry[]): TarEntry {
  const descriptor = entries.find(isDescriptor);
  const names = entries.map(({ name }) => plain(name));
  if (descriptor === undefined) throw new Error(`is no OVA: there is no .ovf in it, but ${listed(names)}`);
  return descriptor;
}

/** @param named - the files in it by their names; undefined when they aren't known: then `prefix` is before each */
function described(
  path: string,
  text: string,
  named: ReadonlyMap<string, TarEntry> | undefined,
  prefix = "",
): OvaContents {
  const descriptor = parseDescriptor(text.replace(/^\uFEFF/, ""));
  // By the standard it refers to files as addresses do; few programs write them so.
  const entryOf = (file: string) => named?.get(file) ?? named?.get(decoded(file));
  for (const file of descriptor.files)
    if (named !== undefined && entryOf(file) === undefined)
      throw new Error(
        `refers to a file ${JSON.stringify(file)} that isn't in it; there are ${listed([...named.keys()])}`,
      );
  const asStored = (file: string | undefined) =>
    file === undefined ? undefined : named === undefined ? `${prefix}${file}` : entryOf(file)?.name;
  return {
    path,
    ...descriptor,
    disks: descriptor.disks.map((disk) => ({ ...disk, file: asStored(disk.file) })),
  };
}

function decoded(href: string): string {
  try {
    return decodeURIComponent(href);
  } catch {
    return href;
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
  checkLength(entry.name, entry.bytes);
  return Buffer.concat([...piecesOf(path, entry)]).toString("utf8");
}

function checkLength(name: string, bytes: number): void {
  if (bytes > LONGEST_TEXT_BYTES)
    throw new Error(`has a text ${JSON.stringify(name)} of ${bytes} bytes, which is too long`);
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
