import type { Element } from "@xmldom/xmldom";
import { isEncryptedDisk } from "../../../provider/libvirt/xml/disk-chain.js";
import { parseXml, rootOf } from "../../../provider/libvirt/xml/document.js";
import { attributeOf, childElement, childElements } from "../../../provider/libvirt/xml/element.js";

/** Devices that inputs describe, or that libvirt gives to every guest. */
const KNOWN_DEVICES = new Set([
  ...[
    "emulator",
    "disk",
    "controller",
    "interface",
    "serial",
    "console",
    "channel",
    "input",
    "tpm",
    "graphics",
  ],
  ...["video", "sound", "audio", "watchdog", "rng", "hostdev", "filesystem", "memballoon", "memory"],
]);
const KNOWN_SECTIONS = new Set([
  ...[
    "name",
    "uuid",
    "title",
    "description",
    "metadata",
    "memory",
    "currentMemory",
    "maxMemory",
    "vcpu",
    "os",
  ],
  ...[
    "features",
    "cpu",
    "clock",
    "on_poweroff",
    "on_reboot",
    "on_crash",
    "pm",
    "devices",
    "cputune",
    "iothreads",
  ],
  ...["iothreadids", "memoryBacking", "memtune", "numatune", "resource", "seclabel"],
]);
/** Of these the first counts. */
const ONE_EACH = ["graphics", "video", "sound", "watchdog", "rng"];

const NAMES: Readonly<Record<string, string>> = {
  redirdev: "USB redirection",
  panic: "a panic notifier",
  smartcard: "a smartcard reader",
  parallel: "a parallel port",
  hub: "a USB hub",
  vsock: "a vsock",
  iommu: "an IOMMU",
  shmem: "shared memory",
  blkiotune: "limits of block I/O",
  sysinfo: "SMBIOS texts",
  "qemu:commandline": "arguments of its own for QEMU",
};

/** What of a domain no input describes, by names alone: values may be secret. It stays as it is. */
export function remnantsOf(xml: string): string[] {
  const domain = rootOf(parseXml(xml, "domain"));
  const devices = childElement(domain, "devices");
  const found = [
    ...allOf(devices)
      .filter(({ tagName }) => !KNOWN_DEVICES.has(tagName))
      .map(nameOf),
    ...ONE_EACH.flatMap((name) =>
      childElements(devices, name)
        .slice(1)
        .map(
          (element) =>
            `another ${name} (${attributeOf(element, "type") ?? attributeOf(element, "model") ?? "of libvirt's"})`,
        ),
    ),
    ...childElements(devices, "console")
      .map((console) => attributeOf(childElement(console, "target"), "type") ?? "serial")
      .filter((type) => type !== "serial")
      .map((type) => `a console of type ${type}`),
    ...childElements(devices, "disk").filter(isOtherDisk).map(otherDisk),
    ...childElements(devices, "disk")
      .filter(isEncryptedDisk)
      .map((disk) => `the encryption of disk ${targetOf(disk)}`),
    ...childElements(devices, "channel")
      .filter((channel) => attributeOf(channel, "type") !== "unix")
      .map((channel) => `a channel of type ${attributeOf(channel, "type")}`),
    ...childElements(devices, "hostdev")
      .filter((device) => !["pci", "usb", "mdev"].includes(attributeOf(device, "type") ?? ""))
      .map((device) => `a host device of type ${attributeOf(device, "type")}`),
    ...childElements(devices, "tpm")
      .filter((tpm) => attributeOf(childElement(tpm, "backend"), "type") !== "emulator")
      .map(() => "a TPM of the host's own"),
    ...(attributeOf(childElement(domain, "vcpu"), "cpuset") === undefined
      ? []
      : ["the host's CPUs that all of its CPUs are pinned to"]),
    ...bootOf(childElement(domain, "os")),
    ...allOf(domain)
      .filter(({ tagName }) => !KNOWN_SECTIONS.has(tagName))
      .map(nameOf),
  ];
  return counted(found);
}

function allOf(parent: Element | undefined): Element[] {
  const found: Element[] = [];
  for (let node = parent?.firstChild ?? null; node !== null; node = node.nextSibling)
    if (node.nodeType === 1) found.push(node as Element);
  return found;
}

function nameOf({ tagName }: Element): string {
  return NAMES[tagName] ?? `<${tagName}>`;
}

function isOtherDisk(disk: Element): boolean {
  return !["disk", "cdrom"].includes(attributeOf(disk, "device") ?? "disk");
}

function otherDisk(disk: Element): string {
  return `${attributeOf(disk, "device")} ${targetOf(disk)}`;
}

function targetOf(disk: Element): string | undefined {
  return attributeOf(childElement(disk, "target"), "dev");
}

/** From the hard disk is what nobody has to say. */
function bootOf(os: Element | undefined): string[] {
  const order = childElements(os, "boot").map((boot) => attributeOf(boot, "dev") ?? "");
  return order.length === 0 || (order.length === 1 && order[0] === "hd")
    ? []
    : [`boot from ${order.join(", then ")}`];
}

function counted(names: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].map(([name, count]) => (count === 1 ? name : `${name} (${count})`));
}
