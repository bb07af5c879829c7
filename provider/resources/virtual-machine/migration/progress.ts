import type { JobStats } from "../../../libvirt/index.js";

const MIB = 2 ** 20;

/** One line about a migration under way: percent, MiB left, MiB/s. Undefined while libvirt has no figures yet. */
export function progressLine(stats: JobStats): string | undefined {
  const { totalBytes, remainingBytes, processedBytes } = stats;
  if (totalBytes === undefined || totalBytes === 0) return undefined;
  const left = remainingBytes ?? Math.max(0, totalBytes - (processedBytes ?? 0));
  const rate = (stats.memoryBytesPerSecond ?? 0) + (stats.diskBytesPerSecond ?? 0);
  return transferLine("migrating", totalBytes - Math.min(left, totalBytes), totalBytes, rate);
}

/** The same of any transfer. While disks are copied libvirt has no rate. */
export function transferLine(
  what: string,
  doneBytes: number,
  totalBytes: number,
  bytesPerSecond: number,
): string {
  const percent = totalBytes === 0 ? 100 : Math.floor((doneBytes / totalBytes) * 100);
  const left = Math.ceil((totalBytes - doneBytes) / MIB);
  const rate = bytesPerSecond === 0 ? "" : `, ${(bytesPerSecond / MIB).toFixed(1)} MiB/s`;
  return `${what}: ${percent} %, ${left} MiB left${rate}`;
}
