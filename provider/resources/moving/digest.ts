import { createHash } from "node:crypto";
import type { StreamChunk } from "../../libvirt/index.js";

const BLOCK_BYTES = 65_536;
const ZEROS = Buffer.alloc(BLOCK_BYTES);

/**
 * A checksum of a file's content that doesn't depend on where its holes are, which differs between file systems: blocks of zeros count for
 * nothing, and the others are taken with their places. So a sparse terabyte takes no longer than what is in it.
 */
export class ContentDigest {
  readonly #hash = createHash("sha256");
  readonly #block = Buffer.alloc(BLOCK_BYTES);
  #offset = 0;

  add(chunk: StreamChunk): void {
    if (chunk.kind === "hole") this.#skip(Number(chunk.lengthBytes));
    else this.#write(chunk.bytes);
  }

  /** Bytes and holes so far. */
  get lengthBytes(): number {
    return this.#offset;
  }

  /** Ends the series. */
  digest(): string {
    if (this.#offset % BLOCK_BYTES !== 0) this.#take(this.#offset % BLOCK_BYTES);
    return this.#hash.update(`length ${this.#offset}`).digest("hex");
  }

  #write(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.byteLength; ) {
      const inBlock = this.#offset % BLOCK_BYTES;
      const length = Math.min(BLOCK_BYTES - inBlock, bytes.byteLength - at);
      this.#block.set(bytes.subarray(at, at + length), inBlock);
      at += length;
      this.#offset += length;
      if (this.#offset % BLOCK_BYTES === 0) this.#take(BLOCK_BYTES);
    }
  }

  #skip(lengthBytes: number): void {
    const inBlock = this.#offset % BLOCK_BYTES;
    const first = inBlock === 0 ? 0 : Math.min(BLOCK_BYTES - inBlock, lengthBytes);
    this.#write(ZEROS.subarray(0, first));
    const rest = lengthBytes - first;
    // Whole blocks of zeros count for nothing.
    this.#offset += rest - (rest % BLOCK_BYTES);
    this.#write(ZEROS.subarray(0, rest % BLOCK_BYTES));
  }

  /** The block that ends at the present offset. */
  #take(lengthBytes: number): void {
    const block = this.#block.subarray(0, lengthBytes);
    if (block.equals(ZEROS.subarray(0, lengthBytes))) return;
    const index = Math.floor((this.#offset - 1) / BLOCK_BYTES);
    this.#hash.update(`block ${index} `).update(block);
  }
}
