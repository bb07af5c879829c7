import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { StreamChunk } from "../../provider/libvirt/index.js";
import { ContentDigest } from "../../provider/resources/moving/digest.js";
import { runs } from "../support/runs.js";

const KIB = 1_024;

/** Pieces of a file: some bytes, zeros written out, or holes. */
const pieces = fc.array(
  fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 200 }),
    fc.integer({ min: 1, max: 200 * KIB }).map((length) => new Uint8Array(length)),
    fc.integer({ min: 1, max: 200 * KIB }),
  ),
  { maxLength: 8 },
);

function contentOf(parts: readonly (Uint8Array | number)[]): Buffer {
  return Buffer.concat(parts.map((part) => (typeof part === "number" ? Buffer.alloc(part) : part)));
}

function digestOf(chunks: readonly StreamChunk[]): string {
  const digest = new ContentDigest();
  for (const chunk of chunks) digest.add(chunk);
  return digest.digest();
}

const bytes = (part: Uint8Array): StreamChunk => ({ kind: "bytes", bytes: part });
const hole = (length: number): StreamChunk => ({ kind: "hole", lengthBytes: BigInt(length) });

describe("the checksum of a volume's content", () => {
  it("is the same however the content is cut and wherever its holes are", () => {
    fc.assert(
      fc.property(pieces, fc.integer({ min: 1, max: 100_000 }), (parts, step) => {
        const whole = contentOf(parts);
        const cut: StreamChunk[] = [];
        for (let at = 0; at < whole.byteLength; at += step) cut.push(bytes(whole.subarray(at, at + step)));
        const sparse = parts.map((part) => (typeof part === "number" ? hole(part) : bytes(part)));
        expect(digestOf(sparse)).toBe(digestOf(cut));
      }),
      { numRuns: runs(200) },
    );
  });

  it("differs when a byte, a place or the length does", () => {
    fc.assert(
      fc.property(pieces, fc.nat(), fc.integer({ min: 1, max: 255 }), (parts, where, flip) => {
        const whole = contentOf(parts);
        const before = digestOf([bytes(whole)]);
        expect(digestOf([bytes(whole), hole(1)])).not.toBe(before);
        if (whole.byteLength === 0) return;
        const changed = Buffer.from(whole);
        const at = where % whole.byteLength;
        changed[at] = (changed[at] as number) ^ flip;
        expect(digestOf([bytes(changed)])).not.toBe(before);
      }),
      { numRuns: runs(200) },
    );
    const marker = bytes(Uint8Array.of(1));
    const places = [0, 1, 65_535, 65_536, 131_072].map((at) =>
      digestOf([hole(at), marker, hole(200_000 - at)]),
    );
    expect(new Set(places).size).toBe(places.length);
  });
});
