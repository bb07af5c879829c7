import { setTimeout as sleep } from "node:timers/promises";
import { oneLine } from "../../hosts/errors.js";
import { HEAD_BYTES } from "./disk-format.js";
import { adviceOn } from "./host-download.js";
import type { Source } from "./source.js";

const MOST_FAILURES = 5;
const FIRST_PAUSE_MS = 500;
const ANSWER_WITHIN_MS = 60_000;
const PEEK_WITHIN_MS = 10_000;
const PASSING = new Set([408, 425, 429, 500, 502, 503, 504]);
/** Largest file of checksums that is read. */
const TEXT_LIMIT_BYTES = 4 * 1024 * 1024;

type UrlSource = Source & { kind: "url" };

/** The server has it not, and says so: nothing that would be other from another machine, as a rule. */
export class NotThere extends Error {
  override readonly name = "NotThere";
}

/** What this machine sees of a source, without downloading it. */
export interface Peeked {
  head: Buffer;
  totalBytes: number | undefined;
}

/**
 * The beginning of a source.
 *
 * @returns undefined when this machine can't see it: a host may.
 * @throws NotThere.
 */
export async function peek(source: UrlSource): Promise<Peeked | undefined> {
  const within = AbortSignal.timeout(PEEK_WITHIN_MS);
  try {
    const response = await request(source, { range: `bytes=0-${HEAD_BYTES - 1}` }, within);
    if (response.status === 404 || response.status === 410)
      throw new NotThere(`the server answers ${response.status}${adviceOn(response.status)}`);
    if (!response.ok || response.body === null) return undefined;
    const head = await firstBytes(response.body, HEAD_BYTES);
    const range = /\/(\d+)$/.exec(response.headers.get("content-range") ?? "")?.[1];
    const length = response.status === 200 ? response.headers.get("content-length") : undefined;
    const total = range ?? length ?? undefined;
    return { head, totalBytes: total === undefined ? undefined : Number(total) };
  } catch (error) {
    if (error instanceof NotThere) throw error;
    return undefined;
  }
}

/** A small text, such as a list of checksums. */
export async function fetchText(source: UrlSource): Promise<string> {
  const within = AbortSignal.timeout(PEEK_WITHIN_MS);
  const response = await request(source, {}, within);
  if (!response.ok || response.body === null) {
    await response.body?.cancel();
    throw new Error(`the server answers ${response.status}${adviceOn(response.status)}`);
  }
  const bytes = await firstBytes(response.body, TEXT_LIMIT_BYTES + 1);
  if (bytes.length > TEXT_LIMIT_BYTES) throw new Error("it is larger than 4 MiB, no list of checksums");
  // As Windows' tools write it, which also put a mark before the text: that is left out.
  const isUtf16 = bytes[0] === 0xff && bytes[1] === 0xfe;
  return new TextDecoder(isUtf16 ? "utf-16le" : "utf-8").decode(bytes);
}

/** The whole of a source, by this machine. After a cut it goes on where it was if the content can be told to be the same. */
export async function* download(
  source: UrlSource,
  options: {
    expected: boolean;
    signal: AbortSignal;
    onTotal(bytes: number): void;
    onRetry(reason: string): void;
  },
): AsyncGenerator<Buffer, void, void> {
  let doneBytes = 0;
  let tag: string | undefined;
  let failures = 0;
  for (;;) {
    try {
      const headers: Record<string, string> =
        doneBytes === 0
          ? {}
          : { range: `bytes=${doneBytes}-`, ...(tag === undefined ? {} : { "if-range": tag }) };
      const response = await answered(source, headers, options.signal);
      if (doneBytes > 0 && response.status !== 206) {
        await response.body?.cancel();
        throw new Gone("it was cut off, and the server doesn't continue it");
      }
      if (!options.expected && source.url.protocol === "https:" && !response.url.startsWith("https:"))
        throw new Gone("the server redirects from https to http, and there is no checksum");
      const strong = response.headers.get("etag");
      tag = strong?.startsWith('"') === true ? strong : undefined;
      const length = response.headers.get("content-length");
      if (doneBytes === 0 && length !== null) options.onTotal(Number(length));
      for await (const chunk of response.body ?? []) {
        failures = 0;
        doneBytes += chunk.byteLength;
        yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      }
      return;
    } catch (error) {
      if (options.signal.aborted) throw options.signal.reason;
      const reason = reasonOf(error);
      const isHopeless = error instanceof Gone || (doneBytes > 0 && !options.expected && tag === undefined);
      if (isHopeless || ++failures >= MOST_FAILURES)
        throw new Error(`${source.label} can't be downloaded by this machine: ${reason}`, { cause: error });
      options.onRetry(reason);
      await sleep(FIRST_PAUSE_MS * 2 ** (failures - 1), undefined, { signal: options.signal });
    }
  }
}

/** Trying again is of no use. */
class Gone extends Error {}

async function answered(
  source: UrlSource,
  headers: Record<string, string>,
  signal: AbortSignal,
): Promise<Response> {
  const response = await request(source, headers, signal);
  if (response.ok) return response;
  await response.body?.cancel();
  const message = `the server answers ${response.status}${adviceOn(response.status)}`;
  throw PASSING.has(response.status) ? new Error(message) : new Gone(message);
}

async function request(
  { url }: UrlSource,
  headers: Record<string, string>,
  signal: AbortSignal,
): Promise<Response> {
  const address = new URL(url);
  const { username, password } = address;
  // fetch takes no login in an address.
  address.username = "";
  address.password = "";
  const login = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString(
    "base64",
  );
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(new Error("the server doesn't answer")), ANSWER_WITHIN_MS);
  try {
    return await fetch(address, {
      headers: {
        "accept-encoding": "identity",
        "user-agent": "pulumi-kvm",
        ...(username === "" && password === "" ? {} : { authorization: `Basic ${login}` }),
        ...headers,
      },
      signal: AbortSignal.any([signal, patience.signal]),
    });
  } finally {
    clearTimeout(timer);
  }
}

async function firstBytes(body: ReadableStream<Uint8Array>, most: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  // Leaving the loop cancels what is still to come.
  for await (const chunk of body) {
    chunks.push(chunk);
    bytes += chunk.byteLength;
    if (bytes >= most) break;
  }
  return Buffer.concat(chunks).subarray(0, most);
}

/** fetch says "fetch failed", and why in the cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  if (cause instanceof AggregateError && cause.errors.length > 0) return oneLine(cause.errors[0]);
  return oneLine(cause ?? error);
}
