import type { Element } from "@xmldom/xmldom";
import { patchCpuMode } from "./cpu-patch.js";
import { scsiControllersOf, sketchDisk, sketchScsiController } from "./disk.js";
import { patchDiskProperty } from "./disk-patch.js";
import { parseXml, rootOf } from "./document.js";
import { currentCpus, sketchAgentChannel, sketchConsoleLog } from "./domain-build.js";
import { type DiskDifference, type DomainProperty, describeDifferences } from "./domain-differences.js";
import type { DomainDisk, DomainModel } from "./domain-model.js";
import { isAgentChannel, parseDomain } from "./domain-parse.js";
import { type DomainPartName, partOf } from "./domain-parts/index.js";
import {
  attributeOf,
  childElement,
  childElements,
  ensureChild,
  insertChild,
  removeChildren,
  removeElement,
  setAttribute,
  setChildText,
  setText,
  sketch,
} from "./element.js";
import { patchFirmware } from "./firmware-patch.js";
import { interfaceMac, sketchInterface } from "./interface.js";
import { patchInterfaceProperty } from "./interface-patch.js";
import { writeMemory } from "./memory.js";
import { patchNotesOf, putPatchesIn, takePatchesOut } from "./patch-notes.js";
import { ensureFreeRootPorts, hasPcieRootPorts } from "./pcie.js";
import { serialize } from "./serialize.js";

/**
 * Edits a domain's XML so that it becomes `to`, touching nothing but the elements of the properties in which `from`
 * and `to` differ: what a person, another tool or libvirt wrote beside them stays, comments and foreign metadata too.
 * Without a difference the text comes back as it was.
 *
 * Give it the persistent document read with the SECURE flag: what it returns is defined as a whole, and a document
 * read without that flag has lost its passwords. Of PCIe ports it gets as many free ones as `to` wants, and loses none.
 *
 * @param xml - The document.
 * @param to - What it shall say.
 * @param from - What it said when `to` was made; by default what it says.
 * @throws XmlError "notModelled" when a disk or interface is to get a source of which the model knows the type alone,
 *   "forbiddenCharacter" when XML can't carry a string.
 */
export function patchDomain(xml: string, to: DomainModel, from: DomainModel = parseDomain(xml)): string {
  const differences = describeDifferences(from, to);
  if (differences.length === 0) return xml;
  const document = parseXml(xml, "domain");
  // What they were made to may be what changes.
  const patchNotes = patchNotesOf(document);
  takePatchesOut(document);
  const domain = rootOf(document);
  const devices = ensureChild(domain, "devices");
  for (const difference of differences) {
    switch (difference.kind) {
      case "property":
        patchProperty(domain, devices, difference.property, to);
        break;
      case "disk": {
        const element = findDisk(devices, difference.target);
        const disk = to.disks.find((candidate) => candidate.target === difference.target);
        if (disk === undefined) element && removeElement(element);
        else if (element === undefined) insertChild(devices, sketchDisk(disk), ["emulator", "disk"]);
        else if (difference.property !== undefined) patchDiskProperty(element, difference.property, disk);
        break;
      }
      case "interface": {
        const element = findInterface(devices, difference.mac);
        const wanted = to.interfaces.find((candidate) => candidate.mac === difference.mac);
        if (wanted === undefined) element && removeElement(element);
        else if (element === undefined) insertChild(devices, sketchInterface(wanted), interfacePredecessors);
        else if (difference.property !== undefined)
          patchInterfaceProperty(element, difference.property, wanted);
        break;
      }
      default:
        difference satisfies never;
    }
  }
  const placed = differences.flatMap((d) => (d.kind === "disk" && isPlacedAnew(d) ? [d.target] : []));
  ensureScsiControllers(
    devices,
    to.disks.filter(({ target }) => placed.includes(target)),
  );
  dropDefaultBoot(domain, devices);
  if (to.hotplugPorts > 0 && hasPcieRootPorts(to.machine)) ensureFreeRootPorts(devices, to.hotplugPorts);
  putPatchesIn(document, to.patches ?? [], patchNotes);
  return serialize(document);
}

const interfacePredecessors = ["emulator", "disk", "controller", "filesystem", "interface"];

function patchProperty(domain: Element, devices: Element, property: DomainProperty, to: DomainModel): void {
  switch (property) {
    case "name":
      setChildText(domain, "name", to.name, []);
      return;
    case "uuid":
      setChildText(domain, "uuid", to.uuid, ["name"]);
      return;
    case "description":
      setChildText(domain, "description", to.description, ["name", "uuid", "title"]);
      return;
    case "accelerator":
      setAttribute(domain, "type", to.accelerator);
      return;
    case "architecture":
      setAttribute(ensureChild(ensureChild(domain, "os"), "type", []), "arch", to.architecture);
      return;
    case "machine":
      setAttribute(ensureChild(ensureChild(domain, "os"), "type", []), "machine", to.machine || undefined);
      return;
    case "emulator":
      setChildText(devices, "emulator", to.emulator, []);
      return;
    case "memoryBytes":
    case "maxMemoryBytes":
    case "memoryHotplug":
    case "numa":
      writeMemory(domain, to);
      return;
    case "cpus":
    case "maxCpus":
      patchCpus(domain, to);
      // A node that is there for memory hotplug alone has all CPUs.
      if (to.memoryHotplug !== undefined) writeMemory(domain, to);
      return;
    case "cpuMode":
      patchCpuMode(domain, to.cpuMode);
      return;
    case "firmware":
      patchFirmware(domain, to.firmware);
      return;
    case "directBoot":
      patchDirectBoot(domain, to);
      return;
    case "consoleLog":
      patchConsoleLog(devices, to.consoleLog);
      return;
    case "agentChannel":
      for (const channel of childElements(devices, "channel"))
        if (isAgentChannel(channel)) removeElement(channel);
      if (to.agentChannel) insertChild(devices, sketchAgentChannel());
      return;
    case "onPoweroff":
      setChildText(domain, "on_poweroff", to.onPoweroff, eventPredecessors);
      return;
    case "onReboot":
      setChildText(domain, "on_reboot", to.onReboot, eventPredecessors);
      return;
    case "onCrash":
      setChildText(domain, "on_crash", to.onCrash, eventPredecessors);
      return;
    case "hotplugPorts":
      // They are added once it is known what else comes.
      return;
    case "patches":
      return; // after all others
    default:
      partOf(property satisfies DomainPartName).write(domain, to[property]);
  }
}

const eventPredecessors = ["name", "os", "features", "cpu", "clock", "on_poweroff", "on_reboot", "on_crash"];

/** A disk that comes, or moves to another bus, has no address yet. */
function isPlacedAnew({ property, to }: DiskDifference): boolean {
  return property === "bus" || (property === undefined && to !== undefined);
}

function ensureScsiControllers(devices: Element, disks: readonly DomainDisk[]): void {
  const present = childElements(devices, "controller").filter(
    (other) => attributeOf(other, "type") === "scsi",
  );
  const indexes = new Set(present.map((controller) => Number(attributeOf(controller, "index") ?? 0)));
  for (const index of scsiControllersOf(disks))
    if (!indexes.has(index))
      insertChild(devices, sketchScsiController(index), ["emulator", "disk", "controller"]);
}

/** The `<disk>` of a target. */
export function findDisk(devices: Element, target: string): Element | undefined {
  return childElements(devices, "disk").find(
    (disk) => attributeOf(childElement(disk, "target"), "dev") === target,
  );
}

/** The `<interface>` of a MAC address. */
export function findInterface(devices: Element, mac: string): Element | undefined {
  return childElements(devices, "interface").find((element) => interfaceMac(element) === mac);
}

// libvirt refuses a domain that has both a boot order of its devices and the general one, which it puts there itself
// when no device has an order.
function dropDefaultBoot(domain: Element, devices: Element): void {
  const os = childElement(domain, "os");
  const ordered = childElements(devices).some((device) => childElement(device, "boot") !== undefined);
  if (os !== undefined && ordered) removeChildren(os, "boot");
}

function patchCpus(domain: Element, to: DomainModel): void {
  const vcpu = ensureChild(domain, "vcpu", ["name", "uuid", "metadata", "memory", "currentMemory"]);
  setAttribute(vcpu, "current", currentCpus(to));
  setText(vcpu, String(to.maxCpus));
  // The list of single CPUs, which libvirt writes once some were plugged, would contradict the new count.
  removeChildren(domain, "vcpus");
}

function patchDirectBoot(domain: Element, to: DomainModel): void {
  const os = ensureChild(domain, "os");
  const boot = to.directBoot;
  setChildText(os, "kernel", boot?.kernel, ["type", "firmware", "loader", "nvram"]);
  setChildText(os, "initrd", boot?.initrd, ["type", "firmware", "loader", "nvram", "kernel"]);
  setChildText(os, "cmdline", boot?.commandLine, ["type", "firmware", "loader", "nvram", "kernel", "initrd"]);
}

// The first <console> is a second description of the first <serial>; libvirt takes over what that says.
function patchConsoleLog(devices: Element, consoleLog: string | undefined): void {
  const serial = childElement(devices, "serial");
  if (serial === undefined) {
    if (consoleLog === undefined) return;
    const log = sketchConsoleLog(consoleLog);
    insertChild(devices, sketch("serial", { type: "pty" }, [log, sketch("target", { port: "0" })]));
    return;
  }
  const console = childElements(devices, "console").find(
    (candidate) => (attributeOf(childElement(candidate, "target"), "type") ?? "serial") === "serial",
  );
  for (const element of console === undefined ? [serial] : [serial, console]) {
    const log = childElement(element, "log");
    if (consoleLog === undefined) removeChildren(element, "log");
    else if (log === undefined) insertChild(element, sketchConsoleLog(consoleLog), ["protocol", "source"]);
    else setAttribute(log, "file", consoleLog);
  }
}
