import type { Element } from "@xmldom/xmldom";
import { parseXml } from "../libvirt/xml/document.js";
import {
  busOf,
  type CardModel,
  cardModel,
  type DiskBus,
  KNOWN_CONTROLLERS,
  RESOURCE,
} from "./controllers.js";
import { attributeIn, childOf, childrenOf, textIn } from "./ovf-elements.js";
import { unitBytes } from "./units.js";

/** A disk of an appliance. */
export interface OvfDisk {
  /** The file that it begins with; undefined of a blank one. */
  file: string | undefined;
  sizeBytes: number | undefined;
  bus: DiskBus;
}

/** What an OVF document says of its virtual machine. */
export interface Descriptor {
  name: string | undefined;
  cpus: number;
  memoryBytes: number;
  firmware: "bios" | "uefi" | "uefi-secure-boot";
  os: { type: "linux" | "windows" } | undefined;
  disks: OvfDisk[];
  /** Network cards, each with the network's name in the document. */
  cards: { network: string; model: CardModel }[];
  /** Files that the document refers to. */
  files: string[];
}

/**
 * Reads an OVF document, of version 0.9 to 2.x, as VMware's and VirtualBox's programs and others write it.
 *
 * @throws Error whose message is the end of a sentence that begins with the document's name.
 */
export function parseDescriptor(text: string): Descriptor {
  const envelope = parseXml(text).documentElement ?? undefined;
  if (envelope?.localName !== "Envelope")
    throw new Error(`is no OVF document: it begins with <${envelope?.localName}>`);
  if (childOf(envelope, "VirtualSystemCollection") !== undefined)
    throw new Error(
      "holds several virtual machines (VirtualSystemCollection), of which none can be taken by itself; export the one alone",
    );
  const system = childOf(envelope, "VirtualSystem") ?? childOf(envelope, "Content");
  if (system === undefined) throw new Error("holds no virtual machine (VirtualSystem)");
  const hardware =
    childOf(system, "VirtualHardwareSection") ?? sectionOf(system, "VirtualHardwareSection_Type");
  if (hardware === undefined)
    throw new Error("says nothing of the machine's hardware (VirtualHardwareSection)");
  const files = filesOf(envelope);
  const items = itemsOf(envelope, hardware);
  return {
    name: textIn(system, "Name") ?? attributeIn(system, "id"),
    cpus: amountOf(items, RESOURCE.cpu, "CPUs").quantity,
    memoryBytes: memoryOf(items),
    firmware: firmwareOf(system, hardware),
    os: osOf(system),
    disks: disksOf(envelope, items, files),
    cards: items
      .filter((item) => typeOf(item) === RESOURCE.ethernet)
      .map((item) => ({
        network: textIn(item, "Connection") ?? "",
        model: cardModel(textIn(item, "ResourceSubType")),
      })),
    files: [...files.values()],
  };
}

/** Of version 0.9, whose sections are told apart by type. */
function sectionOf(system: Element, type: string): Element | undefined {
  return childrenOf(system, "Section").find((section) => attributeIn(section, "type")?.endsWith(type));
}

function filesOf(envelope: Element): Map<string, string> {
  const files = new Map<string, string>();
  for (const file of childrenOf(childOf(envelope, "References"), "File")) {
    const href = attributeIn(file, "href");
    if (href === undefined) continue;
    if (attributeIn(file, "chunkSize") !== undefined)
      throw new Error(
        `has ${JSON.stringify(href)} in pieces (chunkSize), which isn't supported; export it whole`,
      );
    files.set(attributeIn(file, "id") ?? href, href);
  }
  return files;
}

/** The hardware of the configuration that counts by default. */
function itemsOf(envelope: Element, hardware: Element): Element[] {
  const options = childrenOf(childOf(envelope, "DeploymentOptionSection"), "Configuration");
  const chosen = options.find((option) => attributeIn(option, "default") === "true") ?? options[0];
  const configuration = attributeIn(chosen, "id");
  const items = new Map<string, Element>();
  const all = ["Item", "StorageItem", "EthernetPortItem"].flatMap((name) => childrenOf(hardware, name));
  for (const [i, item] of all.entries()) {
    const only = attributeIn(item, "configuration")?.split(/\s+/);
    if (only !== undefined && (configuration === undefined || !only.includes(configuration))) continue;
    items.set(idOf(item) ?? `no ${i}`, item);
  }
  return [...items.values()];
}

function idOf(item: Element): string | undefined {
  return textIn(item, "InstanceID") ?? textIn(item, "InstanceId");
}

function typeOf(item: Element): number {
  return Number(textIn(item, "ResourceType"));
}

function amountOf(
  items: readonly Element[],
  type: number,
  what: string,
): { quantity: number; item: Element } {
  const item = items.find((each) => typeOf(each) === type);
  const quantity = Number(textIn(item, "VirtualQuantity"));
  if (item === undefined || !Number.isSafeInteger(quantity) || quantity <= 0)
    throw new Error(`doesn't say how many ${what} the machine has`);
  return { quantity, item };
}

function memoryOf(items: readonly Element[]): number {
  const { quantity, item } = amountOf(items, RESOURCE.memory, "bytes of memory");
  const unit = textIn(item, "AllocationUnits") ?? "byte * 2^20";
  const bytes = unitBytes(unit);
  if (bytes === undefined)
    throw new Error(
      `counts memory in ${JSON.stringify(unit)}; units are "byte * 2^20", "MegaBytes" and their kin`,
    );
  return quantity * bytes;
}

function firmwareOf(system: Element, hardware: Element): Descriptor["firmware"] {
  const settings = new Map(
    ["Config", "ExtraConfig"]
      .flatMap((name) => childrenOf(hardware, name))
      .map((config) => [attributeIn(config, "key") ?? "", attributeIn(config, "value")?.toLowerCase()]),
  );
  const virtualBox = attributeIn(
    childOf(childOf(childOf(system, "Machine"), "Hardware"), "Firmware"),
    "type",
  );
  const isEfi = settings.get("firmware") === "efi" || virtualBox?.toUpperCase().startsWith("EFI") === true;
  if (!isEfi) return "bios";
  const isSecure = ["bootOptions.efiSecureBootEnabled", "uefi.secureBoot.enabled"].some(
    (key) => settings.get(key) === "true",
  );
  return isSecure ? "uefi-secure-boot" : "uefi";
}

function osOf(system: Element): Descriptor["os"] {
  const section =
    childOf(system, "OperatingSystemSection") ?? sectionOf(system, "OperatingSystemSection_Type");
  if (section === undefined) return undefined;
  const said = [
    attributeIn(section, "osType"),
    textIn(section, "OSType"),
    textIn(section, "Description"),
  ].join(" ");
  if (/windows|win\d|winlonghorn/i.test(said)) return { type: "windows" };
  return /linux|ubuntu|debian|centos|redhat|red hat|rhel|fedora|suse|sles|oracle|photon|rocky|alma|coreos/i.test(
    said,
  )
    ? { type: "linux" }
    : undefined;
}

function disksOf(
  envelope: Element,
  items: readonly Element[],
  files: ReadonlyMap<string, string>,
): OvfDisk[] {
  const section = childOf(envelope, "DiskSection") ?? sectionOf(envelope, "DiskSection_Type");
  const disks = new Map(childrenOf(section, "Disk").map((disk) => [attributeIn(disk, "diskId") ?? "", disk]));
  const byId = new Map(items.map((item) => [idOf(item), item]));
  return items
    .filter((item) => typeOf(item) === RESOURCE.disk)
    .sort((a, b) => placeOf(a) - placeOf(b))
    .map((item) => {
      const label = textIn(item, "ElementName") ?? textIn(item, "Caption") ?? `disk ${idOf(item)}`;
      const resource = textIn(item, "HostResource");
      const [, kind, id] = /^(?:ovf:)?\/?(disk|file)\/(.+)$/.exec(resource ?? "") ?? [];
      const bus = busOfController(byId.get(textIn(item, "Parent")), label);
      if (kind === "file") return { file: fileOf(files, id, label), sizeBytes: undefined, bus };
      const disk = disks.get(id ?? "");
      if (disk === undefined)
        throw new Error(
          `has a disk ${JSON.stringify(label)} that refers to ${JSON.stringify(resource ?? "nothing")}, which the document doesn't describe (DiskSection)`,
        );
      if (attributeIn(disk, "parentRef") !== undefined)
        throw new Error(
          `has a disk ${JSON.stringify(label)} that is the difference to another (parentRef); export it whole`,
        );
      const ref = attributeIn(disk, "fileRef");
      return {
        file: ref === undefined ? undefined : fileOf(files, ref, label),
        sizeBytes: capacityOf(disk),
        bus,
      };
    });
}

function fileOf(files: ReadonlyMap<string, string>, id: string | undefined, label: string): string {
  const href = files.get(id ?? "");
  if (href !== undefined) return href;
  throw new Error(
    `has a disk ${JSON.stringify(label)} in file ${JSON.stringify(id)}, which the document doesn't name (References)`,
  );
}

function placeOf(item: Element): number {
  return 1000 * Number(textIn(item, "Parent") ?? 0) + Number(textIn(item, "AddressOnParent") ?? 0);
}

function busOfController(controller: Element | undefined, label: string): DiskBus {
  if (controller === undefined)
    throw new Error(`has a disk ${JSON.stringify(label)} on no controller (Parent)`);
  const subtype = textIn(controller, "ResourceSubType");
  const bus = busOf(typeOf(controller), subtype);
  if (bus !== undefined) return bus;
  throw new Error(
    `has a disk ${JSON.stringify(label)} on a controller that isn't known (resource type ${typeOf(controller)}, ${JSON.stringify(subtype ?? "no subtype")}); known are ${KNOWN_CONTROLLERS}`,
  );
}

function capacityOf(disk: Element): number | undefined {
  const capacity = attributeIn(disk, "capacity");
  if (capacity === undefined) return undefined;
  const bytes =
    Number(capacity) * (unitBytes(attributeIn(disk, "capacityAllocationUnits") ?? "byte") ?? Number.NaN);
  if (!Number.isSafeInteger(bytes) || bytes <= 0)
    throw new Error(
      `has a disk of ${JSON.stringify(capacity)} ${attributeIn(disk, "capacityAllocationUnits") ?? "bytes"}, which is no size`,
    );
  return bytes;
}
