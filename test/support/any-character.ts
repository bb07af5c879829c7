import fc from "fast-check";

const SURROGATES = { from: 0xd800, count: 0x800 };

/** Any character of Unicode. fast-check's own unit "binary" is the same, and takes seconds to be made. */
export const anyCharacter: fc.Arbitrary<string> = fc
  .integer({ min: 0, max: 0x10ffff - SURROGATES.count })
  .map((number) => String.fromCodePoint(number < SURROGATES.from ? number : number + SURROGATES.count));
