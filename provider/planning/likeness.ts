/** Equal but for case and a slip of the fingers (two in longer names); or one is the other's beginning. */
export function nearlySame(a: string, b: string): boolean {
  const x = a.toLowerCase();
  const y = b.toLowerCase();
  const shorter = Math.min(x.length, y.length);
  if (shorter >= 3 && (x.startsWith(y) || y.startsWith(x))) return true;
  const most = shorter > 5 ? 2 : 1;
  return Math.abs(x.length - y.length) <= most && slipsBetween(x, y) <= most;
}

/** Letters more, less or other, and neighbours that changed places. */
function slipsBetween(x: string, y: string): number {
  const table: number[][] = [Array.from({ length: y.length + 1 }, (_, j) => j)];
  const at = (i: number, j: number) => table[i]?.[j] ?? 0;
  for (let i = 1; i <= x.length; i++) {
    table[i] = [i];
    for (let j = 1; j <= y.length; j++) {
      const same = x[i - 1] === y[j - 1] ? 0 : 1;
      const swapped = i > 1 && j > 1 && x[i - 1] === y[j - 2] && x[i - 2] === y[j - 1];
      const least = Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + same);
      (table[i] as number[])[j] = swapped ? Math.min(least, at(i - 2, j - 2) + 1) : least;
    }
  }
  return at(x.length, y.length);
}
