/** Names by which a guest's disks are told apart: a prefix of their bus, and letters. */

const PREFIXES: Readonly<Record<string, string>> = { virtio: "vd", scsi: "sd", sata: "sd", usb: "sd" };

export function prefixOf(bus: string): string {
  return PREFIXES[bus] ?? "hd";
}

export function freeTarget(prefix: string, taken: ReadonlySet<string>): string {
  for (let i = 0; ; i++) {
    const target = `${prefix}${letters(i)}`;
    if (!taken.has(target)) return target;
  }
}

/** a, b, ... z, aa, ab, ... as disks are counted. */
function letters(index: number): string {
  const last = String.fromCharCode(97 + (index % 26));
  return index < 26 ? last : `${letters(Math.floor(index / 26) - 1)}${last}`;
}
