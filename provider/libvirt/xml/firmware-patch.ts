import type { Element } from "@xmldom/xmldom";
import { firmwareFeatures } from "./domain-build.js";
import type { Firmware } from "./domain-model.js";
import { childText, ensureChild, insertChild, removeChildren, setAttribute } from "./element.js";
import { sketchNvram } from "./firmware-variables.js";

/**
 * Gives a domain another firmware. The image and the variable store of the old one go, so that libvirt chooses anew
 * (since 9.2 it writes its choice into the definition); the old store's file on the host is the caller's to remove.
 */
export function patchFirmware(domain: Element, firmware: Firmware): void {
  const os = ensureChild(domain, "os");
  for (const name of ["firmware", "loader", "nvram"]) removeChildren(os, name);
  const features = firmwareFeatures(firmware);
  setAttribute(os, "firmware", features === undefined ? undefined : "efi");
  if (features === undefined) return;
  insertChild(os, features, ["type"]);
  const nvram = sketchNvram(firmware, childText(domain, "uuid"));
  if (nvram !== undefined) insertChild(os, nvram, ["type", "firmware"]);
}
