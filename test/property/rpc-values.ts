import fc from "fast-check";
import type { FieldSpec } from "../../provider/libvirt/rpc/field-spec.js";
import { structures } from "../../provider/libvirt/rpc/generated/structures.js";
import { anyCharacter } from "../support/any-character.js";

const MOST_ELEMENTS = 4;

const string = fc.string({ unit: anyCharacter, maxLength: 40 }).map((text) => text.replaceAll("\0", ""));
const field = fc.record({ field: string });
const typedValue = fc.oneof(
  fc.record({ type: fc.constant("int"), value: fc.integer() }),
  fc.record({ type: fc.constant("uint"), value: fc.nat(0xffff_ffff) }),
  fc.record({ type: fc.constant("hyper"), value: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }) }),
  fc.record({ type: fc.constant("uhyper"), value: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }) }),
  fc.record({ type: fc.constant("double"), value: fc.double() }),
  fc.record({ type: fc.constant("boolean"), value: fc.boolean() }),
  fc.record({ type: fc.constant("string"), value: string }),
);

const SCALARS: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  string,
  uuid: fc.uuid(),
  int: fc.integer(),
  uint: fc.nat(0xffff_ffff),
  ushort: fc.nat(0xffff),
  hyper: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  uhyper: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  TypedParam: fc.tuple(field, typedValue).map(([name, value]) => ({ ...name, ...value })),
};

/** Any value of a type of the table. */
export function anyOf(type: string): fc.Arbitrary<unknown> {
  const scalar = SCALARS[type];
  if (scalar !== undefined) return scalar;
  if (type.endsWith("?")) return fc.option(anyOf(type.slice(0, -1)), { nil: undefined });
  const array = /^(\w+)\[(<?)(\d+)\]$/.exec(type);
  if (array !== null) {
    const [, element = "", counted, number] = array;
    const length = Number(number);
    if (element === "opaque") return fc.uint8Array({ maxLength: Math.min(length, 100) });
    const bounds =
      counted === "<"
        ? { maxLength: Math.min(length, MOST_ELEMENTS) }
        : { minLength: length, maxLength: length };
    return fc.array(anyOf(element), bounds);
  }
  return anyRecordOf(structures[type] ?? []);
}

/** Any record of these fields. */
export function anyRecordOf(fields: readonly FieldSpec[]): fc.Arbitrary<object> {
  return fc.record(Object.fromEntries(fields.map(([name, type]) => [name, anyOf(type)])));
}
