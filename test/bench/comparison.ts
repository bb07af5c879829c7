/** The same work done by us and by what we are measured against, in one run. */
export interface Comparison {
  what: string;
  oursMs: number;
  baseMs: number;
}

/** Prints a table; figures of one machine at one time mean little, their ratio does. */
export function printComparisons(against: string, comparisons: readonly Comparison[]): void {
  const rows = comparisons.map(({ what, oursMs, baseMs }) => [
    what,
    `${(oursMs / 1000).toFixed(2)} s`,
    `${(baseMs / 1000).toFixed(2)} s`,
    (oursMs / baseMs).toFixed(2),
  ]);
  const table = [["", "pulumi-kvm", "base", "ratio"], ...rows];
  const widths = [0, 1, 2, 3].map((column) =>
    Math.max(...table.map((row) => (row[column] as string).length)),
  );
  const line = (row: string[]) =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] as number) : cell.padStart(widths[i] as number)))
      .join("   ");
  console.log(`\n${against}\n${table.map(line).join("\n")}\n`);
}

/** Of rounds that were all the same, the one in the middle by its ratio. */
export function medianOf(rounds: readonly Comparison[]): Comparison {
  const ordered = [...rounds].sort((a, b) => a.oursMs / a.baseMs - b.oursMs / b.baseMs);
  const middle = ordered[Math.floor(ordered.length / 2)];
  if (middle === undefined) throw new Error("no round was measured");
  return { ...middle, what: `median: ${middle.what}` };
}
