import type { Conversation } from "../../hosts/conversation.js";
import { oneLine } from "../../hosts/errors.js";
import type { Host } from "../../hosts/host.js";
import type { Checksum } from "./checksum.js";
import type { Compression } from "./disk-format.js";
import { UNPACKERS } from "./tools.js";
import { workshopScript } from "./workshop-script.js";

/** Every name of a temporary file begins so; listings leave them out, and so do deletions of pools count them as volumes. */
const TEMPORARY = ".pulumi-kvm.image.";
/** The script says something every second while it works. */
const SILENCE_MS = 60_000;

/** How the host's programs say that the disk, or the user's share of it, is full. */
const NO_ROOM = /No space left on device|Disk quota exceeded/;

const RECEIVING = "sending";
/** Of content whose length isn't certain so much is collected before it is sent. */
const BATCH_BYTES = 4 * 1024 * 1024;

/** What is sent into a workshop's file. */
export interface Incoming {
  content: AsyncIterable<Buffer>;
  /** How much it is, if that is certain. */
  bytes: number | undefined;
  /** How much it will be, as far as anybody knows by now. */
  totalBytes(): number | undefined;
}

/** What is done for a user of the workshop while it works. */
export interface WorkshopContext {
  signal: AbortSignal;
  /** Another process on the host has the same image in hand. */
  onWaiting(): void;
  onProgress(doing: string, doneBytes: number, totalBytes: number | undefined): void;
}

/** One attempt to download. */
export interface Attempt {
  tool: "curl" | "wget";
  url: URL;
  /** `start` sums while it downloads; `resume` goes on where the file ends. */
  from: "start" | "resume";
  algorithm: Checksum["algorithm"];
  /** Redirects must not leave https. */
  httpsOnly: boolean;
  /** Resume only if the content still has this tag. */
  ifTag: string | undefined;
}

export type AttemptResult = { bytes: number; status: number | undefined; tag: string | undefined } & (
  | { kind: "done"; sum: string | undefined }
  | { kind: "failed"; code: number; reason: string }
);

/** Something that a program on the host did not get done. */
export class WorkshopFailure extends Error {
  override readonly name = "WorkshopFailure";
}

interface Answer {
  words: string[];
  failed: boolean;
  why: string;
}

/** Where an image is made on its host: one temporary file in the pool's folder, worked on by the host's own programs until it gets its name. */
export class Workshop implements AsyncDisposable {
  readonly host: Host;
  /** The temporary file, as a volume of the pool. */
  readonly volume: string;
  readonly #conversation: Conversation;
  readonly #context: WorkshopContext;
  #headers: { status?: number; totalBytes?: number; tag?: string } = {};

  private constructor(host: Host, volume: string, conversation: Conversation, context: WorkshopContext) {
    this.host = host;
    this.volume = volume;
    this.#conversation = conversation;
    this.#context = context;
  }

  /** Opens it once no other process of the host has the same `key` in hand. */
  static async open(
    host: Host,
    place: { folder: string; key: string },
    context: WorkshopContext,
  ): Promise<Workshop> {
    const base = `${TEMPORARY}${place.key}`;
    const command = ["sh", "-c", workshopScript, "sh", place.folder, base];
    const conversation = await host.converse(command, { signal: context.signal });
    const workshop = new Workshop(host, `${base}.part`, conversation, context);
    try {
      for (;;) {
        const line = await conversation.listen({ silenceMs: SILENCE_MS, signal: context.signal });
        if (line === "locked") return workshop;
        if (line === undefined) throw new WorkshopFailure("the shell ended before it began");
        if (line === "waiting") context.onWaiting();
      }
    } catch (error) {
      await workshop[Symbol.asyncDispose]();
      throw error;
    }
  }

  async download(attempt: Attempt): Promise<AttemptResult> {
    const { tool, url, from, algorithm, httpsOnly, ifTag } = attempt;
    const redirects = httpsOnly ? "https" : "http,https";
    const input = tool === "curl" ? [`url = ${quoted(url.href)}`, condition(ifTag)] : [url.href, ""];
    this.#headers = {};
    const words = ["fetch", tool, from, algorithm, redirects, ...input];
    const { failed, words: answer, why } = await this.#ask(words, "downloading");
    const { status, tag } = this.#headers;
    const [first, second] = answer;
    if (failed)
      return { kind: "failed", code: Number(first), bytes: Number(second), status, tag, reason: why };
    return { kind: "done", bytes: Number(first), sum: second === "-" ? undefined : second, status, tag };
  }

  /** How large the file is at present; 0 when there is none. */
  async sizeBytes(): Promise<number> {
    return Number((await this.#do(["size"], "measuring"))[0]);
  }

  /** The sum of the temporary file, or of another of the folder. */
  async sum(algorithm: Checksum["algorithm"], file = ""): Promise<string> {
    return (await this.#do(["sum", file, algorithm], "verifying"))[0] ?? "";
  }

  async head(): Promise<Buffer> {
    return Buffer.from((await this.#do(["head"], "reading"))[0] ?? "", "base64");
  }

  async unpack(compression: Compression): Promise<void> {
    await this.#make(["unpack", UNPACKERS[compression]], "unpacking");
  }

  /** Keeps of an archive only one of its files. */
  async extract(member: string): Promise<void> {
    await this.#make(["member", member], `unpacking ${member}`);
  }

  async convert(from: string, to: string): Promise<void> {
    await this.#make(["convert", from, to], `converting ${from} to ${to}`);
  }

  /** What is wrong with an image, as far as QEMU's tool can tell and is there: that it refers to what it doesn't hold, for one. */
  async damage(format: string): Promise<string | undefined> {
    const { failed, why } = await this.#ask(["check", format], "checking");
    return failed ? why : undefined;
  }

  /** Takes a file of the folder, which has the same content. */
  async takeTwin(name: string): Promise<void> {
    await this.#do(["link", name], "linking");
  }

  /** An empty file, to be filled from elsewhere. */
  async makeEmpty(): Promise<void> {
    await this.#do(["empty"], "making a file");
  }

  /** Appends to the file what comes from elsewhere. A piece of it is done with when the next is asked for. */
  async receive(incoming: Incoming): Promise<void> {
    if (incoming.bytes !== undefined) {
      await this.#take(incoming.content, incoming.bytes, incoming.bytes);
      return;
    }
    let doneBytes = 0;
    for await (const batch of inBatches(incoming.content)) {
      await this.#take(batch.pieces, batch.bytes, incoming.totalBytes());
      doneBytes += batch.bytes;
      this.#context.onProgress(RECEIVING, doneBytes, incoming.totalBytes());
    }
  }

  /** Whether an unfinished file stays when the workshop is closed too early, for the next run to go on with. */
  async keepUnfinished(keep: boolean): Promise<void> {
    await this.#conversation.say(["keep", keep ? "yes" : "no"]);
  }

  async drop(): Promise<void> {
    await this.#do(["drop"], "cleaning up");
  }

  /** Gives the file its name, once all of it is on the disk. False when something has the name already. */
  async publish(name: string, options: { replace: boolean }): Promise<boolean> {
    const { failed, words, why } = await this.#ask(
      ["publish", options.replace ? "replace" : "new", name],
      "writing to the disk",
    );
    if (failed) throw this.#failure("writing to the disk", why);
    return words[0] !== "exists";
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#conversation[Symbol.asyncDispose]();
  }

  /** Exactly so many bytes; what the host says meanwhile is heard. */
  async #take(
    content: AsyncIterable<Buffer> | Iterable<Buffer>,
    bytes: number,
    totalBytes: number | undefined,
  ): Promise<void> {
    this.#headers = totalBytes === undefined ? {} : { totalBytes };
    let isAnswered = false;
    const answering = this.#ask(["receive", String(bytes)], RECEIVING).finally(() => {
      isAnswered = true;
    });
    answering.catch(() => undefined);
    try {
      for await (const piece of content) {
        if (isAnswered) break;
        // Where the host takes no more, its answer says why.
        const isTaken = await this.#conversation.send(piece).then(
          () => true,
          () => false,
        );
        if (!isTaken) break;
      }
    } catch (error) {
      // It may be the host that takes no more: then it says why. Else it waits for bytes that won't come.
      if (!isAnswered) await this.#conversation[Symbol.asyncDispose]();
      const { failed, why } = await answering.catch(() => ({ failed: false, why: "" }));
      throw failed ? this.#failure(RECEIVING, why) : error;
    }
    const { failed, why } = await answering;
    if (failed) throw this.#failure(RECEIVING, why);
  }

  /** Another file of what there is: how large it will be nobody knows. */
  async #make(lines: readonly string[], doing: string): Promise<void> {
    this.#headers = {};
    await this.#do(lines, doing);
  }

  async #do(lines: readonly string[], doing: string): Promise<string[]> {
    const { failed, words, why } = await this.#ask(lines, doing);
    if (failed) throw this.#failure(doing, why);
    return words;
  }

  #failure(doing: string, why: string): WorkshopFailure {
    const wayOut = NO_ROOM.test(why) ? "; make room in the pool, or give another pool" : "";
    return new WorkshopFailure(
      `${doing} on ${this.host.name} failed: ${why === "" ? "it doesn't say why" : why}${wayOut}`,
    );
  }

  async #ask(lines: readonly string[], doing: string): Promise<Answer> {
    try {
      return await this.#answer(lines, doing);
    } catch (error) {
      if (this.#context.signal.aborted || error instanceof WorkshopFailure) throw error;
      throw new WorkshopFailure(
        `${doing} on ${this.host.name} was cut off (${oneLine(error)}); nothing uses a half file, and the next deployment completes it`,
        { cause: error },
      );
    }
  }

  async #answer(lines: readonly string[], doing: string): Promise<Answer> {
    await this.#conversation.say(lines);
    let why = "";
    for (;;) {
      const line = await this.#conversation.listen({ silenceMs: SILENCE_MS, signal: this.#context.signal });
      if (line === undefined) throw new Error("the shell there has ended");
      const [word, ...words] = line.split(" ");
      if (word === "done") return { words, failed: false, why };
      if (word === "failed") return { words, failed: true, why };
      if (word === "why") why = words.join(" ").trim();
      else if (word === "header") this.#hear(words.join(" "));
      else if (word === "progress")
        this.#context.onProgress(doing, Number(words[0]), this.#headers.totalBytes);
    }
  }

  /** Of several responses, after redirects, the last counts. */
  #hear(header: string): void {
    const status = /^HTTP\/\S+ (\d{3})/i.exec(header)?.[1];
    if (status !== undefined) {
      this.#headers = { status: Number(status) };
      return;
    }
    const [, name, value] = /^([a-z-]+):\s*(.*)$/i.exec(header) ?? [];
    if (value === undefined) return;
    if (name?.toLowerCase() === "etag") this.#headers.tag = value;
    const total = name?.toLowerCase() === "content-range" ? /\/(\d+)$/.exec(value)?.[1] : undefined;
    if (total !== undefined) this.#headers.totalBytes = Number(total);
    else if (name?.toLowerCase() === "content-length" && this.#headers.status === 200)
      this.#headers.totalBytes = Number(value);
  }
}

/** A value in curl's configuration. */
function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, "\\$&")}"`;
}

function condition(tag: string | undefined): string {
  return tag === undefined ? "" : `header = ${quoted(`If-Range: ${tag}`)}`;
}

async function* inBatches(
  content: AsyncIterable<Buffer>,
): AsyncGenerator<{ pieces: Buffer[]; bytes: number }, void, void> {
  let batch = { pieces: [] as Buffer[], bytes: 0 };
  for await (const piece of content) {
    batch.pieces.push(piece);
    batch.bytes += piece.length;
    if (batch.bytes < BATCH_BYTES) continue;
    yield batch;
    batch = { pieces: [], bytes: 0 };
  }
  if (batch.bytes > 0) yield batch;
}
