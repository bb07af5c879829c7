import { createHash } from "node:crypto";

/** What the bytes of a source are known by. */
export interface Checksum {
  algorithm: "sha256" | "sha512";
  /** Lower case. */
  hex: string;
}

/** `sha256:<hex>`: how inputs and outputs write it. */
export function checksumText({ algorithm, hex }: Checksum): string {
  return `${algorithm}:${hex}`;
}

/** Reads what {@link checksumText} wrote. */
export function parseChecksum(text: string): Checksum | undefined {
  const match = /^(sha256|sha512):([0-9a-f]+)$/.exec(text);
  if (match === null) return undefined;
  const [, algorithm, hex] = match as unknown as [string, Checksum["algorithm"], string];
  return hex.length === LENGTHS[algorithm] ? { algorithm, hex } : undefined;
}

/** Hexadecimal digits of a sum. */
export const LENGTHS = { sha256: 64, sha512: 128 } as const;

/** Digits of the sum that stand in a volume's name: enough that no two images of a pool meet. */
const DIGITS_IN_NAME = 16;

/**
 * The name of an image's volume: made of its content, so that one that is there needs no second look, and another content never comes under a
 * name that is in use. What was made of the source (the member of an archive, a conversion) is part of it.
 */
export function volumeName(
  name: string,
  checksum: Checksum,
  made: { member?: string | undefined; format?: string | undefined },
): string {
  const key =
    made.member === undefined
      ? checksum.hex
      : createHash("sha256")
          .update(`${checksumText(checksum)}\n${made.member}`)
          .digest("hex");
  const extension = made.format === undefined ? "" : `.${made.format}`;
  return `${name}-${key.slice(0, DIGITS_IN_NAME)}${extension}`;
}

/** The part of a volume's name that says what is in it, after whatever name. */
export function contentSuffix(volume: string): string | undefined {
  return /-[0-9a-f]{16}(?:\.(?:qcow2|raw))?$/.exec(volume)?.[0];
}

/** One line of a file of sums. */
interface Line {
  /** Undefined when the file gives a sum alone. */
  name: string | undefined;
  algorithm: string;
  hex: string;
}

/**
 * The sum of a file in a list as sha256sum, sha512sum and openssl write them (`<sum>  name`, `<sum> *name`, `SHA256 (name) = <sum>`), or that of a
 * file that holds nothing else. Signatures around it aren't verified. Of several algorithms the strongest counts.
 *
 * @returns the sum, or why there is none.
 */
export function checksumFrom(text: string, fileName: string): Checksum | { problem: string } {
  const lines = text.split(/\r?\n/).flatMap((line) => parseLine(line) ?? []);
  if (lines.length === 0) return { problem: "holds no checksums" };
  const named = lines.filter(({ name }) => name !== undefined && baseName(name) === fileName);
  const [only] = lines;
  const found = named.length === 0 && lines.length === 1 && only?.name === undefined ? lines : named;
  if (found.length === 0) return { problem: `has no line for ${fileName}` };
  for (const algorithm of ["sha512", "sha256"] as const) {
    const sums = new Set(found.filter((line) => line.algorithm === algorithm).map(({ hex }) => hex));
    const [hex] = sums;
    if (hex === undefined) continue;
    if (sums.size > 1) return { problem: `has ${sums.size} different ${algorithm} sums for ${fileName}` };
    return { algorithm, hex };
  }
  return { problem: `has no sha256 or sha512 sum for ${fileName}, only ${found[0]?.algorithm}` };
}

function parseLine(line: string): Line | undefined {
  const bsd = /^\\?([A-Za-z0-9/-]+)\s?\((.+)\)\s?=\s?([0-9a-fA-F]+)\s*$/.exec(line);
  if (bsd !== null) {
    const [, tag, name, hex] = bsd as unknown as [string, string, string, string];
    return lineOf(unescaped(line, name), hex, tag);
  }
  const plain = /^\\?([0-9a-fA-F]{32,128})(?:\s+\*?(.+))?$/.exec(line.trimEnd());
  if (plain === null) return undefined;
  const [, hex, name] = plain as unknown as [string, string, string | undefined];
  return lineOf(name === undefined || name === "-" ? undefined : unescaped(line, name), hex, undefined);
}

function lineOf(name: string | undefined, hex: string, tag: string | undefined): Line | undefined {
  const byLength = { 32: "md5", 40: "sha1", 56: "sha224", 64: "sha256", 96: "sha384", 128: "sha512" }[
    hex.length
  ];
  if (byLength === undefined) return undefined;
  // OpenSSL 3 says "SHA2-256".
  const algorithm = tag?.toLowerCase().replace("sha2-", "sha").replace("-", "") ?? byLength;
  // "SHA3-256" has the length of SHA-256.
  if (byLength !== algorithm) return { name, algorithm, hex: "" };
  return { name, algorithm, hex: hex.toLowerCase() };
}

/** coreutils begins a line with a backslash when the name in it is written with escapes. */
function unescaped(line: string, name: string): string {
  if (!line.startsWith("\\")) return name;
  return name.replace(/\\([\\nr])/g, (_, letter: string) =>
    letter === "n" ? "\n" : letter === "r" ? "\r" : "\\",
  );
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
