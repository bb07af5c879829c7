import type { Duplex } from "node:stream";
import type { ProcedureSpec } from "./field-spec.js";
import { buildFrame, type Frame, MESSAGE, STATUS } from "./frame.js";
import type { Outbox } from "./outbox.js";
import type { RpcStream, StreamPort } from "./stream.js";

const NOTHING = new Uint8Array(0);

/** The streams of one connection, by the serial of the call that opened them. */
export class OpenStreams {
  readonly #duplex: Duplex;
  readonly #outbox: Outbox;
  readonly #streams = new Map<number, RpcStream>();
  readonly #pausing = new Set<RpcStream>();

  constructor(duplex: Duplex, outbox: Outbox) {
    this.#duplex = duplex;
    this.#outbox = outbox;
  }

  /** Whether a reader is so slow that nothing is read from the connection. */
  get readingPaused(): boolean {
    return this.#pausing.size > 0;
  }

  has(serial: number): boolean {
    return this.#streams.has(serial);
  }

  /** Takes a stream in. Returns how to break it off at the peer once it is no longer here. */
  add(stream: RpcStream, serial: number, { program, number }: ProcedureSpec): () => void {
    const send: StreamPort["send"] = (type, status, payload) =>
      this.#outbox.send(buildFrame({ program, procedure: number, type, serial, status }, payload));
    this.#streams.set(serial, stream);
    stream.attach({
      send,
      writable: () => this.#outbox.writable(),
      pauseReading: (paused) => this.#pauseReading(stream, paused),
      done: () => this.#streams.delete(serial),
    });
    return () => send(MESSAGE.stream, STATUS.error, NOTHING);
  }

  /** Packets may still arrive for a stream that we broke off: they are dropped. */
  receive(frame: Frame): void {
    this.#streams.get(frame.serial)?.receive(frame);
  }

  fail(serial: number, error: Error): void {
    this.#streams.get(serial)?.fail(error);
  }

  failAll(error: Error): void {
    for (const stream of [...this.#streams.values()]) stream.fail(error);
  }

  #pauseReading(stream: RpcStream, paused: boolean): void {
    if (paused) this.#pausing.add(stream);
    else this.#pausing.delete(stream);
    if (this.#duplex.destroyed) return;
    if (this.#pausing.size > 0) this.#duplex.pause();
    else this.#duplex.resume();
  }
}
