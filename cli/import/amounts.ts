const UNITS = [
  ["TiB", 2 ** 40],
  ["GiB", 2 ** 30],
  ["MiB", 2 ** 20],
  ["KiB", 2 ** 10],
] as const;
/** What is too long to be read at a glance is better in a smaller unit. */
const MOST_DECIMALS = 2;

/** A size as people write it in a program, and exactly that size: `"20GiB"`, `"1.5GiB"`; a number of bytes where no unit fits. */
export function sizeText(bytes: number): string | number {
  for (const [name, unit] of UNITS) {
    const amount = bytes / unit;
    if (amount >= 1 && Number(amount.toFixed(MOST_DECIMALS)) === amount) return `${amount}${name}`;
  }
  return bytes;
}

export function orSize(bytes: number | undefined): string | number | undefined {
  return bytes === undefined ? undefined : sizeText(bytes);
}

/** `"30s"`, `"1500ms"`. */
export function durationText(ms: number): string {
  if (ms === 0) return "0s";
  if (ms % 3_600_000 === 0) return `${ms / 3_600_000}h`;
  if (ms % 60_000 === 0) return `${ms / 60_000}m`;
  return ms % 1_000 === 0 ? `${ms / 1_000}s` : `${ms}ms`;
}
