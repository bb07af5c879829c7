import type { Refusal } from "../planning/plan.js";
import { formatBytes } from "../planning/quantity.js";

/**
 * A disk with an `<encryption>` (LUKS), as people give one to a VM by hand: no input is for it. Only QEMU has its key, while the guest runs.
 * libvirt grows it there alone, and writes copies for a running guest without it.
 */
export function refuseEncryptedGrowth(disk: string, from: number, to: number): Refusal {
  return {
    kind: "notSupported",
    message: `disk ${disk} can't grow from ${formatBytes(from)} to ${formatBytes(to)} while no guest runs with it: it is encrypted, and libvirt has its key in a running guest alone; start the virtual machine first (powerState: "running"), then it grows at once`,
  };
}

/** As the end of what says that it can't be moved. */
export function whyEncryptedStays(machine: string): string {
  return `it is encrypted, and a copy under a running guest wouldn't be; stop ${machine} first (powerState: "stopped"): then its file is copied as it is`;
}
