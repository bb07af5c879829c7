/** The machines that programs use, by how the names of their versions begin. */
const USUAL_FAMILIES = ["pc-q35", "pc-i440fx", "virt"];

/**
 * What a machine type is a version of. Distributions have versions of their own beside QEMU's, named after their releases: "pc-q35-noble",
 * "pc-q35-rhel9.4.0".
 */
export function machineFamily(machine: string): string {
  return USUAL_FAMILIES.find((family) => machine.startsWith(`${family}-`)) ?? machine.replace(/-\d.*$/, "");
}

/** Whether it is QEMU's own, which every distribution has from that version of QEMU on. */
export function isUpstreamMachine(machine: string): boolean {
  return /^(-\d|$)/.test(machine.slice(machineFamily(machine).length));
}

/**
 * The newest version of each usual machine. Where there are versions of QEMU's own it is one of these: names of releases have no order, and other
 * distributions don't know them.
 */
export function newestMachines(machineTypes: readonly string[]): string[] {
  return USUAL_FAMILIES.flatMap((family) => newestMachine(machineTypes, family) ?? []);
}

export function newestMachine(machineTypes: readonly string[], family: string): string | undefined {
  const versions = machineTypes.filter((name) => name.startsWith(`${family}-`));
  const upstream = versions.filter(isUpstreamMachine);
  return (upstream.length > 0 ? upstream : versions).sort(byVersion).at(-1);
}

/** Sorts versions of one machine, the newest last. */
export function byVersion(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true });
}
