import { parseXml, rootOf } from "./document.js";
import type { Firmware } from "./domain-model.js";
import { attributeOf, childElement, childText, insertChild, type Sketch, sketch } from "./element.js";
import { serialize } from "./serialize.js";

/** Where libvirt keeps the variables of guests' firmware, on every distribution. */
const NVRAM_FOLDER = "/var/lib/libvirt/qemu/nvram";

/**
 * The file for the variables of a guest's firmware. By UUID, for libvirt's own choice goes by the name, and a guest that gets another name would begin
 * with fresh ones; and apart for each kind of firmware, for keys and boot entries of one mean nothing to the other.
 */
function nvramFile(firmware: Exclude<Firmware, "bios">, uuid: string): string {
  return `${NVRAM_FOLDER}/${uuid}_${firmware === "uefi-secure-boot" ? "SECURE_VARS" : "VARS"}.fd`;
}

/** Where libvirt (before 9.2) keeps them for a domain that names no file. */
export function nvramFileByName(name: string): string {
  return `${NVRAM_FOLDER}/${name}_VARS.fd`;
}

/** Every file that a domain of ours may have left: the one in use, and the one of a firmware that it had before. */
export function nvramFilesOf(uuid: string): string[] {
  return (["uefi", "uefi-secure-boot"] as const).map((firmware) => nvramFile(firmware, uuid));
}

/** The definition with the file of its firmware's variables by name, so that another name of the domain's changes nothing about it. */
export function withNamedVariables(xml: string): string {
  const document = parseXml(xml, "domain");
  const domain = rootOf(document);
  const os = childElement(domain, "os");
  const name = childText(domain, "name");
  if (os === undefined || name === undefined || attributeOf(os, "firmware") !== "efi") return xml;
  if (childElement(os, "nvram") !== undefined) return xml;
  insertChild(os, sketch("nvram", {}, nvramFileByName(name)), ["type", "firmware", "loader"]);
  return serialize(document);
}

/** The format of the file that has a domain's firmware variables: libvirt writes its choice into the definition where it isn't raw. */
export function variablesFormat(xml: string): string {
  const os = childElement(rootOf(parseXml(xml, "domain")), "os");
  return attributeOf(childElement(os, "nvram"), "format") ?? "raw";
}

/** The `<nvram>` of a domain; undefined where it has none. */
export function sketchNvram(firmware: Firmware, uuid: string | undefined): Sketch | undefined {
  if (firmware === "bios" || uuid === undefined) return undefined;
  return sketch("nvram", {}, nvramFile(firmware, uuid));
}
