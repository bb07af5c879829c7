/** Longest string of the protocol. */
export const STRING_LIMIT_BYTES = 4 * 1024 * 1024;

/** Bytes that aren't what the type says, or a value that the type can't carry. */
export class XdrError extends Error {
  override readonly name = "XdrError";
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Builds XDR (RFC 4506): big-endian, everything padded to four bytes. */
export class XdrWriter {
  #buffer: Buffer;
  #length: number;

  /** `reservedBytes` are left free at the start, for a header. */
  constructor(reservedBytes = 0) {
    this.#buffer = Buffer.allocUnsafe(256 + reservedBytes);
    this.#length = reservedBytes;
  }

  get length(): number {
    return this.#length;
  }

  /** What was written, with the reserved bytes in front. */
  finish(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  int(value: number): void {
    this.#checkInteger(value, -0x8000_0000, 0x7fff_ffff, "int");
    const at = this.#grow(4);
    this.#buffer.writeInt32BE(value, at);
  }

  uint(value: number): void {
    this.#checkInteger(value, 0, 0xffff_ffff, "uint");
    const at = this.#grow(4);
    this.#buffer.writeUInt32BE(value, at);
  }

  ushort(value: number): void {
    this.#checkInteger(value, 0, 0xffff, "ushort");
    const at = this.#grow(4);
    this.#buffer.writeUInt32BE(value, at);
  }

  hyper(value: bigint): void {
    if (BigInt.asIntN(64, value) !== value) throw new XdrError(`${value} is no hyper`);
    const at = this.#grow(8);
    this.#buffer.writeBigInt64BE(value, at);
  }

  uhyper(value: bigint): void {
    if (BigInt.asUintN(64, value) !== value) throw new XdrError(`${value} is no uhyper`);
    const at = this.#grow(8);
    this.#buffer.writeBigUInt64BE(value, at);
  }

  double(value: number): void {
    if (typeof value !== "number") throw new XdrError("not a number");
    const at = this.#grow(8);
    this.#buffer.writeDoubleBE(value, at);
  }

  string(value: string): void {
    if (typeof value !== "string") throw new XdrError("not a string");
    // The other side reads C strings: what follows a NUL would silently be lost.
    if (value.includes("\0")) throw new XdrError("a string holds a NUL character");
    if (/\p{Surrogate}/u.test(value)) throw new XdrError("a string is no well-formed Unicode");
    const bytes = Buffer.byteLength(value);
    if (bytes > STRING_LIMIT_BYTES) throw new XdrError(`a string of ${bytes} bytes is too long`);
    this.uint(bytes);
    const at = this.#grow(bytes + padding(bytes));
    this.#buffer.write(value, at);
    this.#buffer.fill(0, at + bytes, this.#length);
  }

  opaque(value: Uint8Array, limitBytes: number): void {
    if (value.byteLength > limitBytes) throw new XdrError(`${value.byteLength} bytes are too long`);
    this.uint(value.byteLength);
    const at = this.#grow(value.byteLength + padding(value.byteLength));
    this.#buffer.set(value, at);
    this.#buffer.fill(0, at + value.byteLength, this.#length);
  }

  uuid(value: string): void {
    if (!UUID.test(value)) throw new XdrError(`${JSON.stringify(value)} is no UUID`);
    const at = this.#grow(16);
    this.#buffer.write(value.replaceAll("-", ""), at, "hex");
  }

  #checkInteger(value: number, from: number, to: number, type: string): void {
    if (!Number.isInteger(value) || value < from || value > to) throw new XdrError(`${value} is no ${type}`);
  }

  // Makes room and says where it is. It may replace #buffer: take its result before touching that.
  #grow(bytes: number): number {
    const at = this.#length;
    this.#length += bytes;
    if (this.#length > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.#length, this.#buffer.length * 2));
      this.#buffer.copy(larger, 0, 0, at);
      this.#buffer = larger;
    }
    return at;
  }
}

/** Takes XDR apart. Every length is checked against what is left before anything is allocated for it. */
export class XdrReader {
  readonly #buffer: Buffer;
  #offset = 0;

  constructor(buffer: Buffer) {
    this.#buffer = buffer;
  }

  /** Bytes not read yet. */
  get remaining(): number {
    return this.#buffer.length - this.#offset;
  }

  int(): number {
    return this.#buffer.readInt32BE(this.#take(4));
  }

  uint(): number {
    return this.#buffer.readUInt32BE(this.#take(4));
  }

  ushort(): number {
    const value = this.uint();
    if (value > 0xffff) throw new XdrError(`${value} is no ushort`);
    return value;
  }

  hyper(): bigint {
    return this.#buffer.readBigInt64BE(this.#take(8));
  }

  uhyper(): bigint {
    return this.#buffer.readBigUInt64BE(this.#take(8));
  }

  double(): number {
    return this.#buffer.readDoubleBE(this.#take(8));
  }

  string(): string {
    const at = this.#counted(STRING_LIMIT_BYTES);
    return this.#buffer.toString("utf8", at.from, at.to);
  }

  /** A copy: the caller may keep it without keeping the whole message. */
  opaque(limitBytes: number): Uint8Array {
    const at = this.#counted(limitBytes);
    return new Uint8Array(this.#buffer.subarray(at.from, at.to));
  }

  uuid(): string {
    const from = this.#take(16);
    const hex = this.#buffer.toString("hex", from, from + 16);
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  }

  /** The flag before an optional value. */
  present(): boolean {
    const flag = this.uint();
    if (flag > 1) throw new XdrError(`${flag} where 0 or 1 says whether a value follows`);
    return flag === 1;
  }

  /** The count before an array whose elements take at least `elementBytes` each. */
  count(limit: number, elementBytes: number): number {
    const count = this.uint();
    if (count > limit) throw new XdrError(`${count} elements where at most ${limit} are allowed`);
    if (count * elementBytes > this.remaining) throw new XdrError(`${count} elements do not fit`);
    return count;
  }

  /** Fails unless everything was read. */
  end(): void {
    if (this.remaining !== 0) throw new XdrError(`${this.remaining} bytes too many`);
  }

  #counted(limit: number): { from: number; to: number } {
    const length = this.uint();
    if (length > limit) throw new XdrError(`${length} bytes where at most ${limit} are allowed`);
    const from = this.#take(length + padding(length));
    return { from, to: from + length };
  }

  #take(bytes: number): number {
    const at = this.#offset;
    if (bytes > this.#buffer.length - at) throw new XdrError("the message ends too early");
    this.#offset = at + bytes;
    return at;
  }
}

function padding(bytes: number): number {
  return (4 - (bytes % 4)) % 4;
}
