import type { Duplex } from "node:stream";

/** A command on a host that is spoken to line by line. */
export class Conversation implements AsyncDisposable {
  readonly #stream: Duplex;
  readonly #chunks: AsyncIterator<Buffer>;
  #rest = Buffer.alloc(0);

  constructor(stream: Duplex) {
    this.#stream = stream;
    // What fails while nobody reads is told to whoever reads next.
    stream.on("error", () => undefined);
    this.#chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  }

  say(lines: readonly string[]): Promise<void> {
    return this.send(Buffer.from(lines.map((line) => `${line}\n`).join("")));
  }

  /** Bytes of the command's input. Settles when they were taken: their memory may be used again. */
  send(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      // To a stream that has ended already it only says that: why it has is what people want to know.
      this.#stream.write(bytes, (error) => (error ? reject(this.#stream.errored ?? error) : resolve()));
    });
  }

  /**
   * The next line; undefined after the last.
   *
   * @throws when the command fails, when it says nothing for `silenceMs`, and when `signal` is aborted.
   */
  async listen(bounds: { silenceMs: number; signal: AbortSignal }): Promise<string | undefined> {
    for (;;) {
      const end = this.#rest.indexOf(10);
      if (end >= 0) {
        const line = this.#rest.toString("utf8", 0, end);
        this.#rest = this.#rest.subarray(end + 1);
        return line;
      }
      const chunk = await this.#next(bounds);
      if (chunk === undefined) return undefined;
      this.#rest = Buffer.concat([this.#rest, chunk]);
    }
  }

  /** Ends it: the command sees the end of its input, and nobody who reads what it says. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stream.end();
    this.#stream.destroy();
  }

  async #next({
    silenceMs,
    signal,
  }: {
    silenceMs: number;
    signal: AbortSignal;
  }): Promise<Buffer | undefined> {
    signal.throwIfAborted();
    return new Promise((resolve, reject) => {
      const stop = (error: unknown) => {
        settle();
        this.#stream.destroy();
        reject(error);
      };
      const timer = setTimeout(
        () => stop(new Error(`the host says nothing for ${silenceMs / 1000} s`)),
        silenceMs,
      );
      const onAbort = () => stop(signal.reason);
      const settle = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", onAbort);
      };
      signal.addEventListener("abort", onAbort, { once: true });
      this.#chunks.next().then(
        ({ done, value }) => {
          settle();
          if (done === true && this.#stream.errored) reject(this.#stream.errored);
          else resolve(done === true ? undefined : value);
        },
        (error: unknown) => {
          settle();
          reject(error);
        },
      );
    });
  }
}
