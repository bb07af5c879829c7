import { RpcProtocolError } from "./errors.js";
import type { ProgramName } from "./field-spec.js";

/** Program numbers of the protocol. */
export const PROGRAMS = { remote: 0x2000_8086, qemu: 0x2000_8087, keepalive: 0x6b65_6570 } as const;

/** Message types that come without file descriptors. */
export const MESSAGE = { call: 0, reply: 1, event: 2, stream: 3, streamHole: 6 } as const;
/** Any message type that this client takes part in. */
export type MessageType = (typeof MESSAGE)[keyof typeof MESSAGE];

/** Message states. */
export const STATUS = { ok: 0, error: 1, continue: 2 } as const;
/** Any message state. */
export type MessageStatus = (typeof STATUS)[keyof typeof STATUS];

/** Length word, program, version, procedure, type, serial, status. */
export const HEADER_BYTES = 28;
/** The protocol's 32 MiB don't count the length word itself. */
export const FRAME_LIMIT_BYTES = 32 * 1024 * 1024 + 4;

const VERSION = 1;
const FIRST_ALLOCATION_BYTES = 64 * 1024;

/** What names a message. */
export interface FrameHeader {
  readonly program: ProgramName | "keepalive";
  readonly procedure: number;
  readonly type: MessageType;
  readonly serial: number;
  readonly status: MessageStatus;
}

/** One message. `payload` shares memory with what was read: copy what is kept. */
export interface Frame extends FrameHeader {
  readonly payload: Buffer;
}

/** Writes the header into the first bytes of `frame`, whose payload is in place already. */
export function writeHeader(frame: Buffer, header: FrameHeader): Buffer {
  frame.writeUInt32BE(frame.length, 0);
  frame.writeUInt32BE(PROGRAMS[header.program], 4);
  frame.writeUInt32BE(VERSION, 8);
  frame.writeUInt32BE(header.procedure, 12);
  frame.writeUInt32BE(header.type, 16);
  frame.writeUInt32BE(header.serial, 20);
  frame.writeUInt32BE(header.status, 24);
  return frame;
}

/** A whole frame around a payload. */
export function buildFrame(header: FrameHeader, payload: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(HEADER_BYTES + payload.byteLength);
  frame.set(payload, HEADER_BYTES);
  return writeHeader(frame, header);
}

/**
 * Cuts a byte stream into frames. A frame that lies whole in one chunk isn't copied; one that spans several is
 * collected in a buffer that doubles, so neither a slow trickle nor a false length costs more than what arrived.
 */
export class FrameReader {
  readonly #prefix = Buffer.alloc(4);
  #prefixBytes = 0;
  #partial: Buffer | undefined;
  #partialBytes = 0;
  #frameBytes = 0;

  /** Hands every frame that `chunk` completes to `sink`. Throws RpcProtocolError; nothing can be read after that. */
  push(chunk: Buffer, sink: (frame: Frame) => void): void {
    let offset = 0;
    while (offset < chunk.length) {
      if (this.#partial !== undefined) {
        offset += this.#collect(this.#partial, chunk.subarray(offset));
        if (this.#partialBytes < this.#frameBytes) continue;
        const whole = this.#partial.subarray(0, this.#frameBytes);
        this.#partial = undefined;
        sink(parseFrame(whole));
        continue;
      }
      if (this.#prefixBytes === 0 && chunk.length - offset >= 4) {
        const length = checkLength(chunk.readUInt32BE(offset));
        if (chunk.length - offset >= length) {
          sink(parseFrame(chunk.subarray(offset, offset + length)));
          offset += length;
          continue;
        }
      }
      while (this.#prefixBytes < 4 && offset < chunk.length) {
        this.#prefix[this.#prefixBytes++] = chunk[offset++] as number;
      }
      if (this.#prefixBytes === 4) this.#begin(checkLength(this.#prefix.readUInt32BE(0)));
    }
  }

  #begin(frameBytes: number): void {
    this.#prefixBytes = 0;
    this.#frameBytes = frameBytes;
    this.#partial = Buffer.allocUnsafe(Math.min(frameBytes, FIRST_ALLOCATION_BYTES));
    this.#prefix.copy(this.#partial);
    this.#partialBytes = 4;
  }

  #collect(partial: Buffer, available: Buffer): number {
    const bytes = Math.min(available.length, this.#frameBytes - this.#partialBytes);
    const needed = this.#partialBytes + bytes;
    let target = partial;
    if (needed > partial.length) {
      target = Buffer.allocUnsafe(Math.min(this.#frameBytes, Math.max(needed, partial.length * 2)));
      partial.copy(target, 0, 0, this.#partialBytes);
      this.#partial = target;
    }
    available.copy(target, this.#partialBytes, 0, bytes);
    this.#partialBytes = needed;
    return bytes;
  }
}

function checkLength(length: number): number {
  if (length < HEADER_BYTES || length > FRAME_LIMIT_BYTES) {
    throw new RpcProtocolError(`a message can't be ${length} bytes long`);
  }
  return length;
}

function parseFrame(bytes: Buffer): Frame {
  const version = bytes.readUInt32BE(8);
  if (version !== VERSION) throw new RpcProtocolError(`a message has the unknown version ${version}`);
  return {
    program: programOf(bytes.readUInt32BE(4)),
    procedure: bytes.readUInt32BE(12),
    type: typeOf(bytes.readUInt32BE(16)),
    serial: bytes.readUInt32BE(20),
    status: statusOf(bytes.readUInt32BE(24)),
    payload: bytes.subarray(HEADER_BYTES),
  };
}

function programOf(number: number): FrameHeader["program"] {
  for (const name of ["remote", "qemu", "keepalive"] as const) if (PROGRAMS[name] === number) return name;
  throw new RpcProtocolError(`a message belongs to the unknown program 0x${number.toString(16)}`);
}

function typeOf(number: number): MessageType {
  for (const type of Object.values(MESSAGE)) if (type === number) return type;
  throw new RpcProtocolError(`a message has the unknown type ${number}`);
}

function statusOf(number: number): MessageStatus {
  for (const status of Object.values(STATUS)) if (status === number) return status;
  throw new RpcProtocolError(`a message has the unknown status ${number}`);
}
