import { type Duplex, duplexPair } from "node:stream";
import { decodeFields, encodeFields, encodeType } from "../../provider/libvirt/rpc/codec.js";
import {
  buildFrame,
  type Frame,
  type FrameHeader,
  FrameReader,
  MESSAGE,
  STATUS,
} from "../../provider/libvirt/rpc/frame.js";
import { events, procedures } from "../../provider/libvirt/rpc/generated/procedures.js";
import type { EventName, ProcedureName } from "../../provider/libvirt/rpc/procedure.js";

const PROCEDURES = new Map(
  (Object.keys(procedures) as ProcedureName[]).map((name) => [
    `${procedures[name].program} ${procedures[name].number}`,
    name,
  ]),
);

/** A call as the peer sees it. */
export interface PeerCall {
  readonly name: ProcedureName;
  readonly serial: number;
  readonly args: unknown;
}

/**
 * The other end of the wire, for what no daemon does on demand: silence, garbage, replies in any order. It speaks the
 * protocol and knows nothing else; whatever libvirt itself does is tried with the real one.
 */
export class Peer {
  readonly calls: PeerCall[] = [];
  readonly frames: Frame[] = [];
  /** What the client connects to. */
  readonly clientSide: Duplex;
  readonly wire: Duplex;
  onCall: (call: PeerCall) => void = () => {};
  onFrame: (frame: Frame) => void = () => {};
  readonly #reader = new FrameReader();

  constructor() {
    [this.clientSide, this.wire] = duplexPair();
    this.wire.on("data", (chunk: Buffer) => this.#reader.push(chunk, (frame) => this.#receive(frame)));
    this.wire.on("error", () => {});
  }

  reply(serial: number, name: ProcedureName, result: object = {}): void {
    const { program, number } = procedures[name];
    this.send(
      { program, procedure: number, type: MESSAGE.reply, serial, status: STATUS.ok },
      encodeFields(procedures[name].result, result),
    );
  }

  refuse(
    serial: number,
    name: ProcedureName,
    code: number,
    message: string,
    more: { optDomain?: number; int1?: number } = {},
  ): void {
    const { program, number } = procedures[name];
    this.send(
      { program, procedure: number, type: MESSAGE.reply, serial, status: STATUS.error },
      errorBytes(code, message, more),
    );
  }

  event(name: EventName, payload: object): void {
    const { program, number, payload: type } = events[name];
    this.send(
      { program, procedure: number, type: MESSAGE.event, serial: 0, status: STATUS.ok },
      encodeType(type, payload),
    );
  }

  stream(
    serial: number,
    name: ProcedureName,
    status: FrameHeader["status"],
    payload: Uint8Array = new Uint8Array(0),
  ): void {
    const { program, number } = procedures[name];
    this.send({ program, procedure: number, type: MESSAGE.stream, serial, status }, payload);
  }

  ping(): void {
    this.send(
      { program: "keepalive", procedure: 1, type: MESSAGE.event, serial: 0, status: STATUS.ok },
      new Uint8Array(0),
    );
  }

  send(header: FrameHeader, payload: Uint8Array): void {
    this.wire.write(buildFrame(header, payload));
  }

  #receive(frame: Frame): void {
    this.frames.push(frame);
    this.onFrame(frame);
    if (frame.type !== MESSAGE.call) return;
    const name = PROCEDURES.get(`${frame.program} ${frame.procedure}`);
    if (name === undefined) throw new Error(`the client called the unknown procedure ${frame.procedure}`);
    const call = { name, serial: frame.serial, args: decodeFields(procedures[name].args, frame.payload) };
    this.calls.push(call);
    this.onCall(call);
  }
}

/** An error's payload. */
export function errorBytes(
  code: number,
  message: string,
  more: { optDomain?: number; int1?: number } = {},
): Buffer {
  return encodeType("remote_error", { code, optDomain: 0, message, level: 2, int1: 0, int2: 0, ...more });
}

/** Lets everything that is on its way arrive. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
}
