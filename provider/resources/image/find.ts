import { oneLine } from "../../hosts/errors.js";
import { tarEntries } from "../../ova/tar.js";
import { formatBytes } from "../../planning/quantity.js";
import type { ObserveContext } from "../definition.js";
import { type Checksum, checksumFrom, checksumText, parseChecksum, volumeName } from "./checksum.js";
import { type DiskFormat, type FileKind, fileKind } from "./disk-format.js";
import { headOfFile, type LocalFile, lookAtFile, type Range, sumOfFile } from "./local-file.js";
import { type ImageRequest, isSameSource, refsOf } from "./observed.js";
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
}

/**
 * Finds out what dependents and the preview want to know: the content's checksum, by it the volume's name, what a guest sees as its size. What was
 * found once stays, as long as the inputs that say which content is meant do.
 */
export async function find(request: ImageRequest, context: ObserveContext): Promise<Findings> {
  const { inputs, previous } = request;
  const pinned = previous !== undefined && isSameSource(previous, inputs) ? previous : undefined;
  const findings: Findings = { found: {}, problems: [], sourceBytes: undefined, sourceFormat: undefined };
  const source = parseSource(inputs.source);
  try {
    const declared = await declaredChecksum(inputs, pinned, source, context);
    const checksum =
      source.kind === "file" ? await ofFile(request, source, declared, pinned, findings) : declared;
    if (checksum !== undefined) {
      findings.found.checksum = checksumText(checksum);
      findings.found.volume = volumeName(inputs.name, checksum, inputs);
    }
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
  { inputs }: ImageRequest,
  source: Source & { kind: "file" },
  declared: Checksum | undefined,
  pinned: Inputs | undefined,
  findings: Findings,
): Promise<Checksum | undefined> {
  let file: LocalFile;
  try {
    file = await lookAtFile(source.path);
  } catch (error) {
    // A machine without the file can still deploy the rest; what needs it fails.
    if (pinned?.checksum !== undefined) return parseChecksum(pinned.checksum);
    throw new Error(`source: ${oneLine(error)}`, { cause: error });
  }
  const algorithm = declared?.algorithm ?? "sha256";
  const checksum: Checksum = { algorithm, hex: await sumOfFile(file, algorithm) };
  if (declared !== undefined && declared.hex !== checksum.hex)
    throw new Error(
      `source: ${source.label} of this machine has the ${algorithm} sum ${checksum.hex}, and ${declared.hex} is declared; it is another version, or was changed`,
    );
  const range = rangeIn(file, inputs.member);
  findings.sourceBytes = range.bytes;
  judge(fileKind(await headOfFile(file.path, range)), inputs, inputs.member ?? source.label, findings);
  return checksum;
}

/** Where in a file the image is. */
export function rangeIn(file: LocalFile, member: string | undefined): Range {
  if (member === undefined) return { fromByte: 0, bytes: file.bytes };
  const entries = tarEntries(file.path);
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
