import type { Duplex } from "node:stream";
import { encodeFields } from "./codec.js";
import { RpcAbortedError, RpcArgumentError, RpcClosedError, RpcError, RpcProtocolError } from "./errors.js";
import { EventListeners } from "./event-listeners.js";
import type { ProcedureSpec } from "./field-spec.js";
import {
  FRAME_LIMIT_BYTES,
  type Frame,
  FrameReader,
  HEADER_BYTES,
  MESSAGE,
  STATUS,
  writeHeader,
} from "./frame.js";
import { procedures, type ReadStreamProcedure, type WriteStreamProcedure } from "./generated/procedures.js";
import { InFlight, NON_BLOCKING, URGENT } from "./in-flight.js";
import { DEFAULT_KEEPALIVE, Keepalive, type KeepaliveSettings } from "./keepalive.js";
import { OpenStreams } from "./open-streams.js";
import { Outbox } from "./outbox.js";
import { PendingCall } from "./pending-call.js";
import type { EventName, EventPayload, ProcedureArgs, ProcedureName, ProcedureResult } from "./procedure.js";
import { RpcStream, type StreamChunk, type StreamOptions } from "./stream.js";
import { uploadAll } from "./upload.js";
import { XdrError } from "./xdr.js";

/** Limits of a connection. */
export interface RpcConnectionOptions {
  /**
   * Calls that can wait for something, in flight at once. Default 3; what ends the work of others (destroy, abort)
   * may be one more. The daemon stops reading at five.
   */
  readonly blockingCalls?: number;
  /** Calls that the daemon answers at once, in flight. Default 4,096. */
  readonly nonBlockingCalls?: number;
  /** A call's deadline unless it brings its own. Default 60,000 ms. */
  readonly timeoutMs?: number;
  /** How long `close` waits for the peer's good-bye. Default 1,000 ms. */
  readonly closeTimeoutMs?: number;
}

/** Bounds of one call. */
export interface CallOptions {
  /** From now to the reply, waiting for its turn included. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** The stream that this procedure opens. */
  readonly stream?: RpcStream | undefined;
}

interface SentCall {
  readonly call: PendingCall;
  readonly release: () => void;
  readonly abortStream: (() => void) | undefined;
}

/**
 * The libvirt RPC over any duplex byte stream: calls, events, streams, keepalive.
 * A peer that doesn't keep to the protocol, or falls silent, ends the connection; all calls are then rejected.
 */
export class RpcConnection {
  /** Settles when the connection is over: with the reason, or undefined when `close` was called. Never rejects. */
  readonly closed: Promise<Error | undefined>;

  readonly #duplex: Duplex;
  readonly #outbox: Outbox;
  readonly #reader = new FrameReader();
  readonly #keepalive: Keepalive;
  readonly #blocking: InFlight;
  readonly #urgent: InFlight;
  readonly #nonBlocking: InFlight;
  readonly #timeoutMs: number;
  readonly #closeTimeoutMs: number;
  readonly #queued = new Set<PendingCall>();
  readonly #sent = new Map<number, SentCall>();
  readonly #streams: OpenStreams;
  readonly #events = new EventListeners();
  #lastSerial = 0;
  #over = false;
  #endedBy: Error | undefined;
  #closing: Promise<void> | undefined;
  #settleClosed: (reason: Error | undefined) => void = () => {};

  constructor(duplex: Duplex, options: RpcConnectionOptions = {}) {
    this.closed = new Promise((resolve) => {
      this.#settleClosed = resolve;
    });
    this.#duplex = duplex;
    this.#outbox = new Outbox(duplex);
    this.#streams = new OpenStreams(duplex, this.#outbox);
    this.#blocking = new InFlight(options.blockingCalls ?? 3);
    this.#urgent = new InFlight(1);
    this.#nonBlocking = new InFlight(options.nonBlockingCalls ?? 4_096);
    this.#timeoutMs = options.timeoutMs ?? 60_000;
    this.#closeTimeoutMs = options.closeTimeoutMs ?? 1_000;
    this.#keepalive = new Keepalive({
      send: (frame) => this.#outbox.send(frame),
      writingBlocked: () => this.#outbox.blocked,
      readingPaused: () => this.#streams.readingPaused,
      longestUnanswered: () => this.#longestUnanswered(),
      fail: (error) => this.#end(error),
    });
    duplex.on("data", (chunk: Buffer) => this.#read(chunk));
    duplex.on("error", (error: Error) => this.#end(error));
    duplex.on("end", () =>
      this.#end(new RpcClosedError("libvirt ended the connection", { sent: false, byPeer: true })),
    );
    duplex.on("close", () => this.#end(new RpcClosedError("the connection was lost", { sent: false })));
    // A stream that is over already says so no more.
    if (duplex.destroyed) this.#end(new RpcClosedError("the connection was lost", { sent: false }));
  }

  /** Whether calls can still be made. */
  get open(): boolean {
    return !this.#over;
  }

  /** Calls whose replies are outstanding. */
  get callsInFlight(): number {
    return this.#sent.size;
  }

  /** Sends pings from now on. The peer must have said that it supports keepalive. */
  startKeepalive(settings: KeepaliveSettings = DEFAULT_KEEPALIVE): void {
    if (!this.#over) this.#keepalive.start(settings);
  }

  /**
   * Makes a call. Every procedure goes through here, those that open streams too.
   * Rejects with RemoteError when libvirt refuses, else with another RpcError.
   */
  async call<Name extends ProcedureName>(
    procedure: Name,
    args: ProcedureArgs<Name>,
    options: CallOptions = {},
  ): Promise<ProcedureResult<Name>> {
    if (this.#over)
      throw new RpcClosedError(`${procedure}: ${this.#endedBy?.message ?? "the connection is closed"}`, {
        ...{ sent: false, cause: this.#endedBy },
      });
    if (options.signal?.aborted) {
      throw new RpcAbortedError(`${procedure} was aborted`, { sent: false, cause: options.signal.reason });
    }
    const spec: ProcedureSpec = procedures[procedure];
    const frame = encodeArguments(procedure, spec, args);
    const call = new PendingCall(procedure, spec, options.timeoutMs ?? this.#timeoutMs, options.signal);
    const lane = this.#laneOf(procedure);
    this.#queued.add(call);
    const leaveQueue = lane.enter(() => this.#send(call, spec, frame, options.stream, () => lane.leave()));
    // A call that was sent keeps its place until the reply: the daemon is still busy with it.
    call.onGivenUp = (sent, error) => {
      if (sent) options.stream?.abort(error);
      else leaveQueue();
      this.#queued.delete(call);
    };
    return (await call.promise) as ProcedureResult<Name>;
  }

  /** Opens a stream for reading, writing or both. The caller ends it: `finish` or `abort`. */
  async openStream<Name extends ReadStreamProcedure | WriteStreamProcedure>(
    procedure: Name,
    args: ProcedureArgs<Name>,
    options: Omit<CallOptions, "stream"> & StreamOptions = {},
  ): Promise<RpcStream> {
    const stream = new RpcStream(procedure, { idleTimeoutMs: options.idleTimeoutMs, signal: options.signal });
    await this.call<ProcedureName>(procedure, args, {
      timeoutMs: options.timeoutMs,
      signal: options.signal,
      stream,
    });
    return stream;
  }

  /** Opens a stream and yields what the host sends. Leaving the loop early aborts it. */
  async *download<Name extends ReadStreamProcedure>(
    procedure: Name,
    args: ProcedureArgs<Name>,
    options: Omit<CallOptions, "stream"> & StreamOptions = {},
  ): AsyncGenerator<StreamChunk, void, void> {
    yield* await this.openStream(procedure, args, options);
  }

  /** Opens a stream and sends what `source` yields. Returns when the host has confirmed all of it. */
  async upload<Name extends WriteStreamProcedure>(
    procedure: Name,
    args: ProcedureArgs<Name>,
    source: AsyncIterable<StreamChunk>,
    options: Omit<CallOptions, "stream"> & StreamOptions = {},
  ): Promise<void> {
    await uploadAll(await this.openStream(procedure, args, options), source);
  }

  /** Listens to an event; libvirt sends it only after it was registered for. Returns how to stop. */
  on<Name extends EventName>(event: Name, listener: (payload: EventPayload<Name>) => void): () => void {
    return this.#events.add(event, listener);
  }

  /** Says good-bye and closes; what is in flight is rejected. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    if (this.#over) return;
    // Best effort: the peer may be gone, or busy with calls whose replies nobody awaits any more.
    await this.call("ConnectClose", {}, { timeoutMs: this.#closeTimeoutMs }).catch(() => {});
    this.#end(undefined);
  }

  #laneOf(procedure: ProcedureName): InFlight {
    if (NON_BLOCKING.has(procedure)) return this.#nonBlocking;
    return URGENT.has(procedure) && !this.#blocking.hasRoom ? this.#urgent : this.#blocking;
  }

  /** In the order in which they were sent. */
  #longestUnanswered(): { name: string; ms: number } | undefined {
    const [first] = this.#sent.values();
    return first === undefined ? undefined : { name: first.call.name, ms: first.call.unansweredMs };
  }

  #send(
    call: PendingCall,
    spec: ProcedureSpec,
    frame: Buffer,
    stream: RpcStream | undefined,
    release: () => void,
  ): void {
    this.#queued.delete(call);
    const serial = this.#nextSerial();
    const { program, number } = spec;
    call.markSent();
    const abortStream = stream === undefined ? undefined : this.#streams.add(stream, serial, spec);
    this.#sent.set(serial, { call, release, abortStream });
    this.#outbox.send(
      writeHeader(frame, { program, procedure: number, type: MESSAGE.call, serial, status: STATUS.ok }),
    );
  }

  #nextSerial(): number {
    do this.#lastSerial = (this.#lastSerial + 1) >>> 0;
    while (this.#lastSerial === 0 || this.#sent.has(this.#lastSerial) || this.#streams.has(this.#lastSerial));
    return this.#lastSerial;
  }

  #read(chunk: Buffer): void {
    if (this.#over) return;
    this.#keepalive.heard();
    try {
      this.#reader.push(chunk, (frame) => {
        if (!this.#over) this.#receive(frame);
      });
    } catch (error) {
      this.#end(
        error instanceof RpcError ? error : new RpcProtocolError("a message can't be read", { cause: error }),
      );
    }
  }

  #receive(frame: Frame): void {
    if (frame.program === "keepalive") {
      this.#keepalive.receive(frame);
      return;
    }
    switch (frame.type) {
      case MESSAGE.reply:
        this.#reply(frame);
        break;
      case MESSAGE.stream:
      case MESSAGE.streamHole:
        this.#streams.receive(frame);
        break;
      case MESSAGE.event:
        this.#events.deliver(frame);
        break;
      case MESSAGE.call:
        throw new RpcProtocolError("libvirt made a call to its client");
      default:
        frame.type satisfies never;
    }
  }

  #reply(frame: Frame): void {
    const sent = this.#sent.get(frame.serial);
    if (sent === undefined)
      throw new RpcProtocolError(`a reply to call ${frame.serial}, which is not outstanding`);
    if (frame.status === STATUS.continue) throw new RpcProtocolError("a reply that is to be continued");
    const givenUp = sent.call.settled;
    sent.call.receive(frame);
    this.#sent.delete(frame.serial);
    sent.release();
    if (frame.status === STATUS.error) {
      this.#streams.fail(frame.serial, new RpcClosedError("the stream was not opened", { sent: true }));
    } else if (givenUp) {
      // Its stream was broken off before the peer had opened it, which the peer then couldn't take in.
      sent.abortStream?.();
    }
  }

  #end(reason: Error | undefined): void {
    if (this.#over) return;
    this.#over = true;
    this.#endedBy = reason;
    this.#keepalive.stop();
    const message = reason === undefined ? "the connection was closed" : reason.message;
    for (const call of this.#queued) call.closed(message, reason);
    for (const { call } of this.#sent.values()) call.closed(message, reason);
    this.#streams.failAll(new RpcClosedError(message, { sent: true, cause: reason }));
    this.#queued.clear();
    this.#sent.clear();
    this.#outbox.end();
    this.#duplex.destroy();
    this.#settleClosed(reason);
  }
}

function encodeArguments(procedure: ProcedureName, spec: ProcedureSpec, args: object): Buffer {
  try {
    const frame = encodeFields(spec.args, args, HEADER_BYTES);
    if (frame.length > FRAME_LIMIT_BYTES)
      throw new XdrError(`${frame.length} bytes are too long for a message`);
    return frame;
  } catch (error) {
    if (!(error instanceof XdrError)) throw error;
    throw new RpcArgumentError(`${procedure}: ${error.message}`, { cause: error });
  }
}
