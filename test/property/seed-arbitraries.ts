import fc from "fast-check";
import type { Json } from "../../provider/seeds/json.js";
import { anyCharacter } from "../support/any-character.js";

/** Texts that YAML 1.1 has its own ideas about, and any others. */
const text = fc.oneof(
  fc.constantFrom(
    ...["yes", "No", "on", "~", "null", "", "0777", "0x1f", "1_000", "12:30:45", "1e3", ".inf", "2020-01-01"],
    ...[
      "<<",
      "=",
      "- a",
      "a: b",
      "#c",
      "*a",
      "&a",
      "!a",
      "%a",
      "@a",
      "`a",
      "{a",
      "[a",
      "? a",
      "|",
      ">",
      "'",
      '"',
      "\\",
    ],
    ...[
      "a\n",
      "\na",
      "a\r\nb",
      " a",
      "a ",
      "\t",
      "\u0085",
      "\u2028",
      "\ufeff",
      "\u007f",
      "\u009f",
      "\uffff",
      "---",
      "...",
    ],
  ),
  fc.string({ unit: anyCharacter, maxLength: 30 }),
);
const number = fc.oneof(
  fc.integer(),
  fc
    .double({ noNaN: true, noDefaultInfinity: true })
    .filter((n) => /^-?[\d.]+$/.test(String(n)) && !Object.is(n, -0)),
);

/** What a document may hold. */
export const documentValue: fc.Arbitrary<Json> = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    text,
    number,
    fc.boolean(),
    fc.constant(null),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(
      text.filter((key) => key !== "__proto__"),
      tie("value"),
      { maxKeys: 4 },
    ),
  ),
})).value;
