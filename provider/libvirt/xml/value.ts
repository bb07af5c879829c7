import { XmlError } from "./error.js";

// https://libvirt.org/formatdomain.html#memory-allocation and formatstorage.html: suffixes in any case, b and
// bytes are bytes, KB is a thousand, K and KiB are 1024.
const unitBytes: ReadonlyMap<string, number> = new Map(
  [
    ["b", 0],
    ["byte", 0],
    ["bytes", 0],
    ["k", 1],
    ["m", 2],
    ["g", 3],
    ["t", 4],
    ["p", 5],
    ["e", 6],
  ].flatMap(([name, power]): [string, number][] => {
    const letter = String(name);
    const exponent = Number(power);
    if (exponent === 0) return [[letter, 1]];
    return [
      [letter, 1024 ** exponent],
      [`${letter}ib`, 1024 ** exponent],
      [`${letter}b`, 1000 ** exponent],
    ];
  }),
);

/**
 * Reads a size with libvirt's units as bytes. Sizes of guest memory default to KiB, those of volumes to bytes.
 * @throws XmlError "invalidValue".
 */
export function parseSizeBytes(text: string, unit: string | undefined, defaultUnit: "KiB" | "bytes"): number {
  const factor = unitBytes.get((unit ?? defaultUnit).toLowerCase());
  const count = parseCount(text);
  if (factor === undefined || count === undefined || !Number.isSafeInteger(count * factor)) {
    throw new XmlError("invalidValue", `not a size: ${JSON.stringify(text)} ${unit ?? defaultUnit}`);
  }
  return count * factor;
}

const MIB = 2 ** 20;

/**
 * A size of guest memory as the guest has it: definitions may say any number of KiB ("4 GB" is 3814.7 MiB), and libvirt rounds up to whole MiB when it
 * starts them.
 */
export function wholeMebibytes(bytes: number): number {
  return Math.ceil(bytes / MIB) * MIB;
}

/** Writes a size in KiB when that is exact (as libvirt does for memory), else in bytes. */
export function memorySize(bytes: number): { unit: string; text: string } {
  return bytes % 1024 === 0
    ? { unit: "KiB", text: String(bytes / 1024) }
    : { unit: "b", text: String(bytes) };
}

/** A non-negative safe integer in decimal digits, undefined for anything else. */
export function parseCount(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,16}$/.test(text.trim())) return undefined;
  const count = Number(text.trim());
  return Number.isSafeInteger(count) ? count : undefined;
}

/**
 * A number that the document must have.
 * @throws XmlError "invalidValue".
 */
export function requireCount(text: string | undefined, what: string): number {
  const count = parseCount(text);
  if (count === undefined) {
    throw new XmlError("invalidValue", `${what} is not a number: ${JSON.stringify(text ?? "")}`);
  }
  return count;
}

/**
 * A string that the document must have.
 * @throws XmlError "invalidValue".
 */
export function requireText(text: string | undefined, what: string): string {
  if (text === undefined) throw new XmlError("invalidValue", `${what} is missing`);
  return text;
}

/** Whether two values of models are the same; an absent property is one that is undefined. */
export function sameValue(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (typeof left !== "object" || typeof right !== "object" || left === null || right === null) return false;
  const keys = new Set([...Object.keys(left), ...Object.keys(right)]);
  return [...keys].every((key) =>
    sameValue((left as Record<string, unknown>)[key], (right as Record<string, unknown>)[key]),
  );
}

type WithoutUndefined<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** Leaves out what is absent, so that models compare by their keys. */
export function withoutUndefined<T extends object>(value: T): WithoutUndefined<T> {
  return Object.fromEntries(
    Object.entries(value).filter(([, entry]) => entry !== undefined),
  ) as WithoutUndefined<T>;
}
