import type { Element } from "@xmldom/xmldom";
import type { DiskSource } from "../domain-model.js";
import { attributeOf, childElements, insertChild, removeElement, setAttribute, sketch } from "../element.js";
import { XmlError } from "../error.js";
import type { DomainPart } from "./part.js";

/** Where Ignition, in the guest, looks among what QEMU's firmware configuration device has. */
const ENTRY = "opt/com.coreos/config";

/** The file with the guest's Ignition config. Other entries of the device are other people's. */
export const ignition: DomainPart<DiskSource> = {
  read: (domain) => {
    const file = attributeOf(entriesOf(domain)[0], "file");
    return file === undefined ? undefined : { file };
  },
  write: (domain, value) => {
    const [present, ...more] = entriesOf(domain);
    for (const entry of more) removeElement(entry);
    if (value === undefined) {
      if (present !== undefined) removeEntry(present);
      return;
    }
    if (!("file" in value)) throw new XmlError("notModelled", "an Ignition config is handed over as a file");
    if (present !== undefined) {
      setAttribute(present, "file", value.file);
      present.textContent = "";
      return;
    }
    const device =
      devicesOf(domain)[0] ??
      insertChild(domain, sketch("sysinfo", { type: "fwcfg" }), [
        ...["name", "uuid", "genid", "title", "description", "metadata", "maxMemory", "memory"],
        ...["currentMemory", "memoryBacking", "blkiotune", "memtune", "vcpu", "vcpus", "iothreads"],
        ...["cputune", "numatune", "resource", "sysinfo"],
      ]);
    insertChild(device, sketch("entry", { name: ENTRY, file: value.file }));
  },
};

function devicesOf(domain: Element): Element[] {
  return childElements(domain, "sysinfo").filter((element) => attributeOf(element, "type") === "fwcfg");
}

function entriesOf(domain: Element): Element[] {
  return devicesOf(domain)
    .flatMap((device) => childElements(device, "entry"))
    .filter((entry) => attributeOf(entry, "name") === ENTRY);
}

/** A device without entries is one that libvirt refuses. */
function removeEntry(entry: Element): void {
  const device = entry.parentNode as Element;
  removeElement(entry);
  if (childElements(device, "entry").length === 0) removeElement(device);
}
