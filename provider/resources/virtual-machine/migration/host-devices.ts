import { parseXml, rootOf } from "../../../libvirt/xml/document.js";
import { attributeOf, childElement, childElements } from "../../../libvirt/xml/element.js";

/** Devices of a guest that are part of its host, in words: with these it can't move. */
export function hostDevicesOf(xml: string): string[] {
  const devices = childElement(rootOf(parseXml(xml, "domain")), "devices");
  const passedThrough = childElements(devices, "hostdev").map(
    (device) => `a ${attributeOf(device, "type") ?? "host"} device that is passed through`,
  );
  const interfaces = childElements(devices, "interface")
    .filter((nic) => attributeOf(nic, "type") === "hostdev")
    .map(() => "a network device that is passed through");
  // virtiofs has state in its daemon on the host; a 9p folder keeps the guest from migrating while it is mounted.
  const filesystems = childElements(devices, "filesystem").map(
    (filesystem) =>
      `the folder ${attributeOf(childElement(filesystem, "source"), "dir") ?? ""} that is shared with the guest`,
  );
  return [...passedThrough, ...interfaces, ...filesystems];
}

/** Whether a guest has a TPM that is emulated, and so has its state in files of the host. */
export function hasTpm(xml: string): boolean {
  return childElement(childElement(rootOf(parseXml(xml, "domain")), "devices"), "tpm") !== undefined;
}
