import { Duplex } from "node:stream";
import type { Channel } from "ssh2";
import { SshError } from "./errors.js";

/**
 * A channel as a stream that tells how it ended. ssh2's own stream ends in the same way when the peer has finished
 * and when the connection is gone, and forgets the callback of a write that waits when its channel closes.
 */
export class ChannelStream extends Duplex {
  protected readonly channel: Channel;
  /** Names the stream in messages: "ops@alpha:22: stream to /run/x". */
  protected readonly label: string;
  #waitingWrite: ((error: Error) => void) | undefined;
  #isChannelClosed = false;

  constructor(channel: Channel, label: string) {
    super({ allowHalfOpen: true, highWaterMark: 256 * 1024 });
    this.channel = channel;
    this.label = label;
    channel.on("error", (error: Error) => this.destroy(this.broken(error)));
    channel.on("data", (chunk: Buffer) => {
      if (!this.push(chunk)) channel.pause();
    });
    channel.on("end", () => this.peerEnded());
    channel.on("close", () => {
      this.#isChannelClosed = true;
      this.peerClosed();
    });
    channel.pause();
  }

  /** The peer will send no more. */
  protected peerEnded(): void {
    this.push(null);
  }

  /** The peer has closed its side altogether: what was read already stays readable, what waits to be written never will be. */
  protected peerClosed(): void {
    if (this.#waitingWrite !== undefined) {
      this.destroy(this.broken());
    } else if (this.readableEnded) {
      this.destroy();
    } else {
      this.once("end", () => this.destroy());
    }
  }

  /** The error of one who writes to a stream that the peer has closed. */
  protected broken(cause?: Error): SshError {
    return new SshError("closed", `${this.label}: the peer closed the stream`, { cause });
  }

  override _read(): void {
    this.channel.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (this.#isChannelClosed || !this.channel.writable) {
      done(this.broken());
      return;
    }
    this.#waitingWrite = done;
    this.channel.write(chunk, (error) => {
      if (this.#waitingWrite === undefined) return;
      this.#waitingWrite = undefined;
      done(error);
    });
  }

  override _final(done: (error?: Error | null) => void): void {
    if (!this.#isChannelClosed) this.channel.end();
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    const waitingWrite = this.#waitingWrite;
    this.#waitingWrite = undefined;
    this.channel.removeAllListeners("data");
    this.channel.resume();
    this.channel.close();
    waitingWrite?.(error ?? this.broken());
    done(error);
  }
}
