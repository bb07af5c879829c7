/**
 * Sets of CPUs or NUMA nodes as libvirt writes them, "0-3,^2,8". One text for one set: ranges in ascending order, as libvirt gives
 * them back.
 */
export function canonicalCpuSet(text: string): string | undefined {
  const members = parseCpuSet(text);
  return members === undefined ? undefined : formatCpuSet(members);
}

/** More CPUs no host has; a set has to end somewhere. */
const MOST_CPUS = 16_384;

/** The members in ascending order; undefined when it is no set, or an empty one. */
export function parseCpuSet(text: string): number[] | undefined {
  const members = new Set<number>();
  for (const part of text.split(",")) {
    const match = /^\s*(?:(\^)\s*)?(\d{1,5})(?:\s*-\s*(\d{1,5}))?\s*$/.exec(part);
    if (match === null) return undefined;
    const [, not, first, last = first] = match;
    const [from, to] = [Number(first), Number(last)];
    if (from > to || to >= MOST_CPUS || (not !== undefined && match[3] !== undefined)) return undefined;
    if (not === undefined) for (let cpu = from; cpu <= to; cpu += 1) members.add(cpu);
    else members.delete(from);
  }
  return members.size === 0 ? undefined : [...members].sort((a, b) => a - b);
}

export function formatCpuSet(members: readonly number[]): string {
  const ranges: { from: number; to: number }[] = [];
  for (const cpu of members) {
    const last = ranges.at(-1);
    if (last !== undefined && last.to + 1 === cpu) last.to = cpu;
    else ranges.push({ from: cpu, to: cpu });
  }
  return ranges.map(({ from, to }) => (from === to ? String(from) : `${from}-${to}`)).join(",");
}

/** All CPUs of a number of them, "0-3". */
export function firstCpus(count: number): string {
  return count <= 1 ? "0" : `0-${count - 1}`;
}

/** As libvirt's calls take it: a bit a CPU, the lowest first. */
export function cpuMap(members: readonly number[], hostCpus: number): Buffer {
  const map = Buffer.alloc(Math.ceil(Math.max(hostCpus, ...members.map((cpu) => cpu + 1)) / 8));
  for (const cpu of members) map[cpu >> 3] = (map[cpu >> 3] ?? 0) | (1 << (cpu & 7));
  return map;
}
