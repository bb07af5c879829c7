import { oneLine } from "../../hosts/errors.js";
import type { Host } from "../../hosts/host.js";
import { type TarEntry, tarEntries } from "../../ova/tar.js";
import { formatBytes } from "../../planning/quantity.js";
import type { ObserveContext } from "../definition.js";
import { isAsDownloaded } from "./as-downloaded.js";
import { type Checksum, checksumFrom, checksumText, parseChecksum, volumeName } from "./checksum.js";
import { type Compression, type DiskFormat, type FileKind, fileKind } from "./disk-format.js";
import { headOfFile, type LocalFile, lookAtFile, type Range, sumOfFile } from "./local-file.js";
import { type ImageRequest, isSamePlace, isSameSource, refsOf } from "./observed.js";
import { fetchText, peek } from "./remote-file.js";
import type { Found, Inputs } from "./schema.js";
import { parseSource, type Source } from "./source.js";

/** What can be known of an image before it is anywhere. */
export interface Findings {
  found: Found;
  /** What makes the source unusable. */
  problems: string[];
  /** How large the source is, where that could be seen. */
  sourceBytes: number | undefined;
  /** The format that the image has at its source, where that could be seen. */
  sourceFormat: DiskFormat | undefined;
  /** How the source is packed, where that could be seen. */
  sourceCompression: Compression | undefined;
}

/** A volume of this image that a host has as it was put there. */
export interface HeldVolume {
  name: string;
  path: string;
  host: Host;
}

/** What is known of the content that is meant: its sum and, where it is there under a name that was made of another sum, that name. */
interface Content {
  checksum: Checksum | undefined;
  volume?: string | undefined;
}

/**
 * Finds out what dependents and the preview want to know: the content's checksum, by it the volume's name, what a guest sees as its size. What was
 * found once stays, as long as the inputs that say which content is meant do. Where only its sum is given in another way, or not any more,
 * `held` is what hosts have of it.
 */
export async function find(
  request: ImageRequest,
  held: HeldVolume | undefined,
  context: ObserveContext,
): Promise<Findings> {
  const { inputs, previous } = request;
  const findings: Findings = {
    ...{ found: {}, problems: [], sourceBytes: undefined },
    ...{ sourceFormat: undefined, sourceCompression: undefined },
  };
  const source = parseSource(inputs.source);
  let pinned = previous !== undefined && isSameSource(previous, inputs) ? previous : undefined;
  try {
    const declared = await declaredChecksum(inputs, pinned, source, context);
    let content: Content = { checksum: declared };
    if (source.kind === "file") content = await ofFile(request, source, declared, pinned, findings);
    else if (pinned !== undefined) content = { checksum: declared, volume: pinned.volume };
    else if (held !== undefined && (await isHeld(request, declared, held))) {
      pinned = previous;
      content = { checksum: declared ?? checksumOf(pinned), volume: held.name };
    }
    const { checksum } = content;
    if (checksum !== undefined) findings.found.checksum = checksumText(checksum);
    const volume = isNamedAlike(request) ? content.volume : undefined;
    if (checksum !== undefined) findings.found.volume = volume ?? volumeName(inputs.name, checksum, inputs);
    if (source.kind === "url" && pinned === undefined) await ofUrl(inputs, source, findings);
  } catch (error) {
    findings.problems.push(oneLine(error));
  }
  if (inputs.format !== undefined) findings.found.volumeFormat = inputs.format;
  // What was seen of it when it was new.
  if (pinned?.sizeBytes !== undefined) findings.found.sizeBytes ??= pinned.sizeBytes;
  if (pinned?.volumeFormat !== undefined && pinned.format === inputs.format)
    findings.found.volumeFormat ??= pinned.volumeFormat;
  return findings;
}

/** A volume's name is made of more than the content. */
function isNamedAlike({ inputs, previous }: ImageRequest): boolean {
  return previous?.name === inputs.name && previous.format === inputs.format;
}

function checksumOf(inputs: Inputs | undefined): Checksum | undefined {
  return inputs?.checksum === undefined ? undefined : parseChecksum(inputs.checksum);
}

/** Whether what a host has is what is declared, by its name or, where that was made of a sum of another kind, by what the host sums up. */
async function isHeld(
  { inputs, previous }: ImageRequest,
  declared: Checksum | undefined,
  held: HeldVolume,
): Promise<boolean> {
  if (declared === undefined || held.name === volumeName(inputs.name, declared, inputs)) return true;
  const named = checksumOf(previous)?.algorithm ?? "sha256";
  if (declared.algorithm === named || !isAsDownloaded(inputs)) return false;
  return (await sumOnHost(held, declared.algorithm)) === declared.hex;
}

/** Undefined where the host can't, or its user may not. */
async function sumOnHost(
  { host, path }: HeldVolume,
  algorithm: Checksum["algorithm"],
): Promise<string | undefined> {
  const { exitCode, stdout } = await host.exec([`${algorithm}sum`, "--", path]);
  return exitCode === 0 ? /[0-9a-f]{64,}/.exec(stdout)?.[0] : undefined;
}

async function declaredChecksum(
  inputs: Inputs,
  pinned: Inputs | undefined,
  source: Source,
  context: ObserveContext,
): Promise<Checksum | undefined> {
  const { sha256, sha512, checksumUrl } = inputs;
  if (sha256 !== undefined) return { algorithm: "sha256", hex: sha256 };
  if (sha512 !== undefined) return { algorithm: "sha512", hex: sha512 };
  if (pinned?.checksum !== undefined && source.kind === "url") return parseChecksum(pinned.checksum);
  if (checksumUrl === undefined) return undefined;
  const list = parseSource(checksumUrl) as Source & { kind: "url" };
  const text = await textOf(list, inputs, context).catch((error: unknown) => {
    throw new Error(`checksumUrl: ${list.label} can't be read: ${oneLine(error)}`, { cause: error });
  });
  const checksum = checksumFrom(text, source.fileName);
  if ("problem" in checksum) throw new Error(`checksumUrl: ${list.label} ${checksum.problem}`);
  return checksum;
}

/** By this machine, else by the first host that can. */
async function textOf(
  list: Source & { kind: "url" },
  inputs: Inputs,
  { hosts }: ObserveContext,
): Promise<string> {
  try {
    return await fetchText(list);
  } catch (error) {
    for (const ref of refsOf(inputs)) {
      const text = await hosts
        .get(ref)
        .exec(["sh", "-c", LIST_SCRIPT, "sh"], { stdin: `url = ${JSON.stringify(list.url.href)}\n` })
        .catch(() => undefined);
      if (text?.exitCode === 0) return text.stdout;
    }
    throw error;
  }
}

const LIST_SCRIPT =
  "exec curl --disable --config - --fail --location --proto '=http,https' --globoff --silent --show-error --connect-timeout 10 --max-time 20 --max-filesize 4194304";

async function ofFile(
  { inputs, previous }: ImageRequest,
  source: Source & { kind: "file" },
  declared: Checksum | undefined,
  pinned: Inputs | undefined,
  findings: Findings,
): Promise<Content> {
  let file: LocalFile;
  try {
    file = await lookAtFile(source.path);
  } catch (error) {
    // A machine without the file can still deploy the rest; what needs it fails.
    if (pinned?.checksum !== undefined)
      return { checksum: parseChecksum(pinned.checksum), volume: pinned.volume };
    throw new Error(`source: ${oneLine(error)}`, { cause: error });
  }
  const before = previous !== undefined && isSamePlace(previous, inputs) ? checksumOf(previous) : undefined;
  const algorithm = declared?.algorithm ?? before?.algorithm ?? "sha256";
  const checksum: Checksum = { algorithm, hex: await sumOfFile(file, algorithm) };
  if (declared !== undefined && declared.hex !== checksum.hex)
    throw new Error(
      `source: ${source.label} of this machine has the ${algorithm} sum ${checksum.hex}, and ${declared.hex} is declared; it is another version, or was changed`,
    );
  const range = rangeIn(file, inputs.member);
  findings.sourceBytes = range.bytes;
  judge(fileKind(await headOfFile(file.path, range)), inputs, inputs.member ?? source.label, findings);
  const isSame = before !== undefined && (await sumOfFile(file, before.algorithm)) === before.hex;
  return { checksum, volume: isSame ? previous?.volume : undefined };
}

/** Where in a file the image is. */
export function rangeIn(file: LocalFile, member: string | undefined): Range {
  if (member === undefined) return { fromByte: 0, bytes: file.bytes };
  const entries = entriesOf(file.path);
  const entry = entries.find(({ name }) => name === member);
  if (entry === undefined)
    throw new Error(
      `member: there is no ${JSON.stringify(member)} in ${file.path}; there are ${entries
        .map(({ name }) => name)
        .slice(0, 20)
        .join(", ")}`,
    );
  return entry;
}

function entriesOf(path: string): TarEntry[] {
  try {
    return tarEntries(path);
  } catch (error) {
    throw new Error(`member: ${path} can't be read: ${oneLine(error)}`, { cause: error });
  }
}

async function ofUrl(inputs: Inputs, source: Source & { kind: "url" }, findings: Findings): Promise<void> {
  const seen = await peek(source).catch((error: unknown) => {
    throw new Error(`source: ${source.label}: ${oneLine(error)}`, { cause: error });
  });
  if (seen === undefined) return;
  findings.sourceBytes = seen.totalBytes;
  if (inputs.member === undefined) judge(fileKind(seen.head), inputs, source.label, findings);
}

/** What its beginning says of an image: that it can't be used, or what will come of it. */
export function judge(kind: FileKind, inputs: Inputs, label: string, findings: Findings): void {
  const problem = problemOf(kind, inputs, label);
  if (problem !== undefined) findings.problems.push(`source: ${problem}`);
  if (kind.kind === "compressed") findings.sourceCompression = kind.compression;
  if (kind.kind !== "image") return;
  findings.sourceFormat = kind.format;
  if (kind.format === "qcow2" || kind.format === "raw")
    findings.found.volumeFormat = inputs.format ?? kind.format;
  const sizeBytes = kind.format === "raw" ? findings.sourceBytes : kind.sizeBytes;
  if (sizeBytes !== undefined) findings.found.sizeBytes = sizeBytes;
}

/** Why a file can't become a volume; undefined when it can. */
export function problemOf(kind: FileKind, inputs: Pick<Inputs, "format">, label: string): string | undefined {
  if (kind.kind === "unusable") return `${label} ${kind.reason}`;
  if (kind.kind === "archive")
    return `${label} is an archive of several files: name the disk in it as member, or let kvm.ova(...) read what is in it`;
  if (kind.kind !== "image" || kind.format === "qcow2" || kind.format === "raw") return undefined;
  if (inputs.format !== undefined) return undefined;
  return `${label} is a ${kind.format} image: set format: "qcow2" (or "raw") to have it converted on the host`;
}

/** Not enough room for what is to come. */
export function roomProblem(sourceBytes: number, availableBytes: number, pool: string, host: string): string {
  return `the image takes ${formatBytes(sourceBytes)}, and pool ${pool} on ${host} has ${formatBytes(availableBytes)} left; make room there, or give another pool`;
}
