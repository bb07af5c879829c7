import { createHash } from "node:crypto";
import type { StreamChunk } from "../../libvirt/index.js";
import { type Checksum, checksumText, parseChecksum } from "./checksum.js";
import { SourceChanged, WrongChecksum } from "./errors.js";
import { rangeIn } from "./find.js";
import { lookAtFile, readFileOnce, sumOfFile } from "./local-file.js";
import { type ImageRequest, knownOf } from "./observed.js";
import { download } from "./remote-file.js";
import { parseSource } from "./source.js";

/** What this machine sends. */
export interface Sending {
  content: AsyncIterable<Buffer>;
  /** How much it is, if that is certain: of an address it isn't. */
  bytes: number | undefined;
  /** As far as it is known: of an address only once the server has answered. */
  totalBytes(): number | undefined;
  /** Once all of it was read: what it is known by. Throws when that isn't what was declared. */
  verified(): Checksum;
}

export async function sendingOf(
  request: ImageRequest,
  options: { signal: AbortSignal; onRetry(reason: string): void },
): Promise<Sending> {
  const source = parseSource(request.inputs.source);
  const expected = expectedChecksum(request);
  if (source.kind === "file") {
    const file = await lookAtFile(source.path);
    const algorithm = expected?.algorithm ?? "sha256";
    const checksum = { algorithm, hex: await sumOfFile(file, algorithm) };
    compare(request, checksum.hex, "of this machine");
    const range = rangeIn(file, request.inputs.member);
    return {
      content: readFileOnce(file, range),
      bytes: range.bytes,
      totalBytes: () => range.bytes,
      verified: () => checksum,
    };
  }
  const algorithm = expected?.algorithm ?? "sha256";
  const hashing = createHash(algorithm);
  let totalBytes: number | undefined;
  const content = download(source, {
    expected: expected !== undefined,
    onTotal: (bytes) => {
      totalBytes = bytes;
    },
    ...options,
  });
  return {
    content: tapped(content, (chunk) => hashing.update(chunk)),
    bytes: undefined,
    totalBytes: () => totalBytes,
    verified: () => {
      const hex = hashing.digest("hex");
      compare(request, hex, "as this machine downloaded it");
      return { algorithm, hex };
    },
  };
}

export function expectedChecksum(request: ImageRequest): Checksum | undefined {
  const { checksum } = knownOf(request);
  return checksum === undefined ? undefined : parseChecksum(checksum);
}

/** @throws WrongChecksum or, where no sum was given, SourceChanged. */
export function compare(request: ImageRequest, hex: string, where: string): void {
  const expected = expectedChecksum(request);
  if (expected === undefined || expected.hex === hex) return;
  const { label } = parseSource(request.inputs.source);
  const { sha256, sha512, checksumUrl } = request.inputs;
  if (checksumUrl !== undefined) throw new WrongChecksum(label, where, expected, hex, "listed");
  if ((sha256 ?? sha512) !== undefined) throw new WrongChecksum(label, where, expected, hex, "declared");
  throw new SourceChanged(label, where, expected, checksumText({ ...expected, hex }));
}

export async function* tapped<T>(
  source: AsyncIterable<T>,
  see: (piece: T) => void,
): AsyncGenerator<T, void, void> {
  for await (const piece of source) {
    see(piece);
    yield piece;
  }
}

/** Pieces of this size that hold nothing but zeros become holes. */
const GRAIN_BYTES = 64 * 1024;
const ZEROS = Buffer.alloc(GRAIN_BYTES);

/** For new files: zeros aren't sent. The last byte is, so that the file comes out in full length. */
export async function* withHoles(source: AsyncIterable<Buffer>): AsyncGenerator<StreamChunk, void, void> {
  let holeBytes = 0;
  for await (const chunk of source) {
    let from = 0;
    for (let at = 0; at < chunk.length; at += GRAIN_BYTES) {
      const grain = chunk.subarray(at, at + GRAIN_BYTES);
      if (!ZEROS.subarray(0, grain.length).equals(grain)) {
        if (holeBytes > 0) yield { kind: "hole", lengthBytes: BigInt(holeBytes) };
        holeBytes = 0;
        continue;
      }
      if (at > from) yield { kind: "bytes", bytes: chunk.subarray(from, at) };
      from = at + grain.length;
      holeBytes += grain.length;
    }
    if (from < chunk.length) yield { kind: "bytes", bytes: chunk.subarray(from) };
  }
  if (holeBytes > 1) yield { kind: "hole", lengthBytes: BigInt(holeBytes - 1) };
  if (holeBytes > 0) yield { kind: "bytes", bytes: Buffer.alloc(1) };
}
