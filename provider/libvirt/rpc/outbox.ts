import type { Writable } from "node:stream";

// Frames up to this size are joined into one write; larger ones aren't worth the copy.
const JOIN_LIMIT_BYTES = 16 * 1024;

/** Writes frames. All those of one turn of the event loop go out together, which is what makes pipelining cheap. */
export class Outbox {
  readonly #stream: Writable;
  #frames: Buffer[] = [];
  #scheduled = false;
  #blocked = false;
  #ended = false;
  #waiting: (() => void)[] = [];

  constructor(stream: Writable) {
    this.#stream = stream;
    stream.on("drain", () => {
      this.#blocked = false;
      this.#flush();
    });
  }

  /** The peer takes no more bytes at the moment. */
  get blocked(): boolean {
    return this.#blocked;
  }

  send(frame: Buffer): void {
    if (this.#ended) return;
    this.#frames.push(frame);
    if (this.#scheduled || this.#blocked) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#flush();
    });
  }

  /** Settles when the peer takes more bytes, or the connection has ended. */
  writable(): Promise<void> {
    if (this.#ended || !this.#blocked) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Forgets what isn't written, releases who waits. */
  end(): void {
    this.#ended = true;
    this.#frames = [];
    this.#release();
  }

  #flush(): void {
    if (this.#ended || this.#blocked) return;
    const frames = this.#frames;
    this.#frames = [];
    let from = 0;
    while (from < frames.length) {
      let to = from + 1;
      if ((frames[from] as Buffer).length <= JOIN_LIMIT_BYTES) {
        while (to < frames.length && (frames[to] as Buffer).length <= JOIN_LIMIT_BYTES) to++;
      }
      const bytes = to === from + 1 ? (frames[from] as Buffer) : Buffer.concat(frames.slice(from, to));
      if (!this.#stream.write(bytes)) this.#blocked = true;
      from = to;
    }
    if (!this.#blocked) this.#release();
  }

  #release(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
