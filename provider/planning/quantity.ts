/** Amounts as people write them, and as messages print them. */

const BINARY: Readonly<Record<string, number>> = {
  "": 1,
  K: 2 ** 10,
  M: 2 ** 20,
  G: 2 ** 30,
  T: 2 ** 40,
  P: 2 ** 50,
};
const DECIMAL: Readonly<Record<string, number>> = { "": 1, K: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15 };

/** Bytes of `"4GiB"`, `"512 MiB"`, `"20G"` (binary), `"20GB"` (decimal), however many; undefined when it is no amount. */
export function parseBytes(text: string): number | undefined {
  const match = /^\s*(\d+(?:\.\d+)?)\s*(?:([KMGTP]?)(iB|B)?)\s*$/i.exec(text);
  if (match === null) return undefined;
  const prefix = (match[2] ?? "").toUpperCase();
  const suffix = match[3]?.toLowerCase();
  if (suffix === "ib" && prefix === "") return undefined;
  if (suffix === undefined && prefix === "") return undefined; // a bare number in a string has no unit
  const unit = (suffix === "b" ? DECIMAL : BINARY)[prefix] as number;
  return Math.round(Number(match[1]) * unit);
}

const MILLISECONDS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** Milliseconds of `"300ms"`, `"30s"`, `"5m"`, `"1h"`, `"1h30m"`; undefined when it is no duration. */
export function parseDurationMs(text: string): number | undefined {
  if (!/^\s*(?:\d+(?:\.\d+)?(?:ms|s|m|h)\s*)+$/.test(text)) return undefined;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g))
    total += Number(amount) * (MILLISECONDS[unit as string] as number);
  return Math.round(total);
}

/** As people write it, in the largest unit of which it is a whole number: `"300ms"`, `"30s"`, `"24h"`. */
export function formatDuration(ms: number): string {
  const [unit, inMs] = Object.entries(MILLISECONDS).findLast(([, size]) => ms % size === 0) ?? ["ms", 1];
  return `${ms / inMs}${unit}`;
}

/** `"4 GiB"`, `"1.5 GiB"`, `"300 bytes"`: exact where two decimals suffice, else in the next smaller unit. */
export function formatBytes(bytes: number): string {
  for (const [name, size] of [
    ["TiB", 2 ** 40],
    ["GiB", 2 ** 30],
    ["MiB", 2 ** 20],
    ["KiB", 2 ** 10],
  ] as const) {
    if (bytes < size) continue;
    const inUnit = bytes / size;
    if (Number.isInteger(inUnit * 100) || name === "KiB") return `${Number(inUnit.toFixed(2))} ${name}`;
  }
  return `${bytes} bytes`;
}
