import type { Element } from "@xmldom/xmldom";
import { firmwareFeatures } from "./domain-build.js";
import type { Firmware } from "./domain-model.js";
import { ensureChild, insertChild, removeChildren, setAttribute } from "./element.js";

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
  const domainFeatures = ensureChild(domain, "features", ["name", "os"]);
  ensureChild(domainFeatures, "acpi", []);
  // The variables are protected from the guest's kernel by SMM alone.
  if (firmware === "uefi-secure-boot") setAttribute(ensureChild(domainFeatures, "smm"), "state", "on");
}
