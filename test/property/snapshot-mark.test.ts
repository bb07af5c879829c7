import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  readDescription,
  type SnapshotMark,
  writeDescription,
} from "../../provider/resources/snapshot/mark.js";

const hex = fc.stringMatching(/^[0-9a-f]{16}$/);
const mark: fc.Arbitrary<SnapshotMark> = fc.record({
  identityHash: hex,
  nonce: hex,
  revert: fc.option(fc.record({ token: hex, isDone: fc.boolean() }), { nil: undefined }),
});
/** Also such as looks like a mark itself. */
const text = fc.oneof(
  fc.string(),
  fc.tuple(fc.string(), mark, fc.string()).map(([a, m, b]) => `${a}${writeDescription(undefined, m)}${b}`),
);

describe("the mark in a snapshot's description", () => {
  it("comes back with the text above it, whatever that is", () => {
    fc.assert(
      fc.property(fc.option(text, { nil: undefined }), mark, (written, made) => {
        const read = readDescription(writeDescription(written, made));
        expect(read.mark).toEqual(made);
        expect(read.text).toBe(written === "" ? undefined : written);
      }),
    );
  });

  it("isn't read from descriptions that have none", () => {
    fc.assert(
      fc.property(fc.string(), (written) => {
        expect(readDescription(written)).toEqual({ text: written, mark: undefined });
      }),
    );
    expect(readDescription(undefined)).toEqual({ text: undefined, mark: undefined });
  });
});
