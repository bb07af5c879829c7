/** Of sizes that are measured the last digits say nothing. */
export function roughly(bytes: number): string {
  const size = Math.abs(bytes);
  const units = [
    ["TiB", 2 ** 40],
    ["GiB", 2 ** 30],
  ] as const;
  const [unit, each] = units.find(([, one]) => size >= one) ?? ["MiB", 2 ** 20];
  return `${Number((bytes / each).toFixed(1))} ${unit}`;
}
