import { decodeRemoteError, decoding, RpcAbortedError, RpcProtocolError, RpcTimeoutError } from "./errors.js";
import { type Frame, MESSAGE, type MessageStatus, STATUS } from "./frame.js";
import { XdrReader, XdrWriter } from "./xdr.js";

/** A piece of a stream: bytes, or a hole of a sparse file. */
export type StreamChunk =
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  | { readonly kind: "hole"; readonly lengthBytes: bigint };

/** Bounds of a stream's waits. */
export interface StreamOptions {
  /** Longest wait for the peer's next packet, or until it takes ours. Default: no limit but the connection's keepalive. */
  readonly idleTimeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What a stream needs of its connection. */
export interface StreamPort {
  send(
    type: typeof MESSAGE.stream | typeof MESSAGE.streamHole,
    status: MessageStatus,
    payload: Uint8Array,
  ): void;
  writable(): Promise<void>;
  /** Stops reading the whole connection, or goes on: the protocol has no flow control for one stream. */
  pauseReading(paused: boolean): void;
  /** No more packets are expected. */
  done(): void;
}

// What older peers take: 256 KiB with the header.
const PACKET_LIMIT_BYTES = 256 * 1024 - 24;
const HIGH_WATER_BYTES = 2 * 1024 * 1024;
const LOW_WATER_BYTES = 512 * 1024;
const CHUNK_OVERHEAD_BYTES = 256;
const CONFIRM_TIMEOUT_MS = 120_000;
const EMPTY = new Uint8Array(0);

/** A stream that a call opened. It may be read and written at the same time (a console). */
export class RpcStream implements AsyncIterable<StreamChunk> {
  readonly #name: string;
  readonly #options: StreamOptions;
  readonly #chunks: StreamChunk[] = [];
  #port: StreamPort | undefined;
  #bufferedBytes = 0;
  #paused = false;
  #peerEnded = false;
  #confirmed = false;
  #failure: Error | undefined;
  #waiting: (() => void)[] = [];
  readonly #failureListeners = new Set<(error: Error) => void>();
  readonly #onAbort = () => {
    const reason = this.#options.signal?.reason;
    this.abort(new RpcAbortedError(`the stream of ${this.#name} was aborted`, { sent: true, cause: reason }));
  };

  /** `name` is what messages call it. */
  constructor(name: string, options: StreamOptions = {}) {
    this.#name = name;
    this.#options = options;
  }

  /** Why the stream is over before its end. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** Called by the connection as it sends the opening call. */
  attach(port: StreamPort): void {
    this.#port = port;
    this.#options.signal?.addEventListener("abort", this.#onAbort, { once: true });
  }

  /** Called by the connection for each packet of this stream. */
  receive(frame: Frame): void {
    if (frame.type === MESSAGE.streamHole) {
      const lengthBytes = decoding("a stream's hole", () => decodeHole(frame.payload));
      this.#enqueue({ kind: "hole", lengthBytes });
    } else if (frame.status === STATUS.error) {
      this.fail(decodeRemoteError(frame.payload));
      return;
    } else if (frame.status === STATUS.ok) {
      this.#peerEnded = true;
      this.#confirmed = true;
      this.#end();
    } else if (frame.payload.length === 0) {
      // The end of what the host sends; it still waits for our "finish".
      this.#peerEnded = true;
    } else {
      this.#enqueue({ kind: "bytes", bytes: frame.payload });
    }
    this.#wake();
  }

  /** Ends the stream without telling the peer. */
  fail(error: Error): void {
    if (this.#confirmed || this.#failure !== undefined) return;
    this.#failure = error;
    this.#end();
    this.#wake();
    for (const listener of this.#failureListeners) listener(error);
  }

  /** The next piece; undefined after the last. */
  async read(): Promise<StreamChunk | undefined> {
    for (;;) {
      const chunk = this.#chunks.shift();
      if (chunk !== undefined) {
        this.#bufferedBytes -= memoryBytes(chunk);
        if (this.#bufferedBytes < LOW_WATER_BYTES) this.#pause(false);
        return chunk;
      }
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#peerEnded) return undefined;
      await this.#change("waiting for data", this.#options.idleTimeoutMs);
    }
  }

  /** Sends bytes, and waits while the peer takes no more. */
  async write(bytes: Uint8Array): Promise<void> {
    for (let from = 0; from < bytes.byteLength; from += PACKET_LIMIT_BYTES) {
      const packet = bytes.subarray(from, from + PACKET_LIMIT_BYTES);
      this.#openPort().send(MESSAGE.stream, STATUS.continue, packet);
      await this.#taken();
    }
  }

  /** Leaves a hole of that length. Only on streams that were opened as sparse. */
  async writeHole(lengthBytes: bigint): Promise<void> {
    const writer = new XdrWriter();
    writer.hyper(lengthBytes);
    writer.uint(0);
    this.#openPort().send(MESSAGE.streamHole, STATUS.continue, writer.finish());
    await this.#taken();
  }

  /** Says that all is sent and read, and waits until the peer confirms: only then is the data in its place. */
  async finish(): Promise<void> {
    if (!this.#confirmed) this.#openPort().send(MESSAGE.stream, STATUS.ok, EMPTY);
    while (!this.#confirmed) {
      if (this.#failure !== undefined) throw this.#failure;
      await this.#change(
        "waiting for the end to be confirmed",
        this.#options.idleTimeoutMs ?? CONFIRM_TIMEOUT_MS,
      );
    }
  }

  /** Breaks the stream off, at the peer too. Harmless when it is over. */
  abort(
    reason: Error = new RpcAbortedError(`the stream of ${this.#name} was aborted`, { sent: true }),
  ): void {
    if (this.#confirmed || this.#failure !== undefined) return;
    this.#port?.send(MESSAGE.stream, STATUS.error, EMPTY);
    this.fail(reason);
  }

  /** Reads to the end and finishes; leaving the loop early aborts. */
  async *[Symbol.asyncIterator](): AsyncGenerator<StreamChunk, void, void> {
    try {
      for (let chunk = await this.read(); chunk !== undefined; chunk = await this.read()) yield chunk;
      await this.finish();
    } finally {
      this.abort();
    }
  }

  /** As `work`, unless the stream fails first. Not a race against a lasting promise, which would keep every result until the stream's end. */
  unlessFailed<T>(work: Promise<T>): Promise<T> {
    if (this.#failure !== undefined) {
      work.catch(() => undefined);
      return Promise.reject(this.#failure);
    }
    return new Promise((resolve, reject) => {
      this.#failureListeners.add(reject);
      work.then(resolve, reject).finally(() => this.#failureListeners.delete(reject));
    });
  }

  #enqueue(chunk: StreamChunk): void {
    this.#chunks.push(chunk);
    this.#bufferedBytes += memoryBytes(chunk);
    if (this.#bufferedBytes > HIGH_WATER_BYTES) this.#pause(true);
  }

  #openPort(): StreamPort {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#port === undefined || this.#confirmed)
      throw new RpcProtocolError(`${this.#name}: the stream is not open`);
    return this.#port;
  }

  async #taken(): Promise<void> {
    let taken = false;
    void this.#openPort()
      .writable()
      .then(() => {
        taken = true;
        this.#wake();
      });
    // A turn for the microtask above: mostly the peer takes more at once.
    await Promise.resolve();
    await Promise.resolve();
    while (!taken) {
      if (this.#failure !== undefined) throw this.#failure;
      await this.#change("waiting for the host to take data", this.#options.idleTimeoutMs);
    }
  }

  #change(doing: string, timeoutMs: number | undefined): Promise<void> {
    return new Promise((resolve) => {
      let timer: NodeJS.Timeout | undefined;
      if (timeoutMs !== undefined) {
        timer = setTimeout(() => {
          this.abort(new RpcTimeoutError(`${this.#name}: ${timeoutMs} ms ${doing}`, { sent: true }));
          this.#wake();
        }, timeoutMs);
      }
      this.#waiting.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  #pause(paused: boolean): void {
    if (paused === this.#paused) return;
    this.#paused = paused;
    this.#port?.pauseReading(paused);
  }

  #end(): void {
    this.#options.signal?.removeEventListener("abort", this.#onAbort);
    if (this.#failure !== undefined) {
      this.#chunks.length = 0;
      this.#bufferedBytes = 0;
    }
    this.#pause(false);
    this.#port?.done();
  }
}

// What a piece costs us while it waits; a hole or a tiny packet isn't free either.
function memoryBytes(chunk: StreamChunk): number {
  return CHUNK_OVERHEAD_BYTES + (chunk.kind === "bytes" ? chunk.bytes.byteLength : 0);
}

function decodeHole(payload: Buffer): bigint {
  const reader = new XdrReader(payload);
  const lengthBytes = reader.hyper();
  reader.uint();
  reader.end();
  if (lengthBytes < 0n) throw new RpcProtocolError("a stream's hole has a negative length");
  return lengthBytes;
}
