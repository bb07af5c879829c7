import type { Firmware } from "./domain-model.js";
import { type Sketch, sketch } from "./element.js";

/** Where libvirt keeps the variables of guests' firmware, on every distribution. */
export const NVRAM_FOLDER = "/var/lib/libvirt/qemu/nvram";

/**
 * The file for the variables of a guest's firmware. By UUID, for libvirt's own choice goes by the name, and a guest that gets another name would begin
 * with fresh ones; and apart for each kind of firmware, for keys and boot entries of one mean nothing to the other.
 */
function nvramFile(firmware: Exclude<Firmware, "bios">, uuid: string): string {
  return `${NVRAM_FOLDER}/${uuid}_${firmware === "uefi-secure-boot" ? "SECURE_VARS" : "VARS"}.fd`;
}

/** The `<nvram>` of a domain; undefined where it has none. */
export function sketchNvram(firmware: Firmware, uuid: string | undefined): Sketch | undefined {
  if (firmware === "bios" || uuid === undefined) return undefined;
  return sketch("nvram", {}, nvramFile(firmware, uuid));
}
