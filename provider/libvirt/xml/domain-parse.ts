import type { Element } from "@xmldom/xmldom";
import { parseDisk, parseDiskSource } from "./disk.js";
import { parseXml, rootOf } from "./document.js";
import type { CpuMode, DirectBoot, DiskSource, DomainModel, Firmware } from "./domain-model.js";
import { type DomainPartValues, domainPartNames, partOf } from "./domain-parts/index.js";
import { attributeOf, childElement, childElements, childText, textOf } from "./element.js";
import { XmlError } from "./error.js";
import { parseInterface } from "./interface.js";
import { readMemory } from "./memory.js";
import { patchNotesKind, takePatchesOut } from "./patch-notes.js";
import { freePcieRootPorts, pciePlugs } from "./pcie.js";
import { readXml } from "./read-xml.js";
import { requireCount, requireText, withoutUndefined } from "./value.js";

/** The name by which the QEMU guest agent finds its channel. */
export const agentChannelName = "org.qemu.guest_agent.0";

/**
 * Reads what the model owns of a domain's XML, live or persistent. Patches that were made to it are told apart: the rest is as without them.
 * @throws XmlError when it is no domain's XML, or a domain of another hypervisor than KVM or QEMU ("notModelled").
 */
export function parseDomain(xml: string): DomainModel {
  if (!xml.includes(patchNotesKind.uri)) return readDomain(readXml(xml, "domain"));
  const document = parseXml(xml, "domain");
  const patches = takePatchesOut(document);
  const model = readDomain(rootOf(document));
  return patches.length === 0 ? model : { ...model, patches };
}

/** A disk as a look at who uses a file needs it. */
export interface DiskUse {
  target: string;
  source: DiskSource | undefined;
  readonly: boolean;
}

/**
 * All disks of a domain, also those that the model leaves out (floppies, LUNs), and whatever else stands in the document: it may be a stranger's that
 * can't be read.
 */
export function diskUses(xml: string): DiskUse[] {
  const devices = childElement(readXml(xml, "domain"), "devices");
  return childElements(devices, "disk").flatMap((disk) => {
    const target = attributeOf(childElement(disk, "target"), "dev");
    if (target === undefined) return [];
    const readonly = attributeOf(disk, "device") === "cdrom" || childElement(disk, "readonly") !== undefined;
    return [{ target, source: parseDiskSource(disk), readonly }];
  });
}

/** {@link parseDomain} of a document that is parsed already. */
export function readDomain(domain: Element): DomainModel {
  const plugs = pciePlugs(childElement(domain, "devices"));
  return { ...readFrame(domain), ...readOwn(domain), hotplugPorts: freePcieRootPorts(plugs) };
}

/** What is each domain's own: it is read of nothing else, and nothing else is read of it but where its devices are plugged in. */
export type OwnModel = Pick<
  DomainModel,
  "name" | "uuid" | "title" | "description" | "disks" | "otherTargets" | "interfaces"
>;

/** What of a domain other domains are likely to have in the same words. */
export type FrameModel = Omit<DomainModel, keyof OwnModel | "hotplugPorts">;

export function readOwn(domain: Element): OwnModel {
  const devices = childElement(domain, "devices");
  const disks = childElements(devices, "disk").map((element) => ({ element, disk: parseDisk(element) }));
  const others = disks.flatMap(({ element, disk }) =>
    disk === undefined ? (attributeOf(childElement(element, "target"), "dev") ?? []) : [],
  );
  return withoutUndefined({
    name: requireText(childText(domain, "name"), "the domain's <name>"),
    uuid: childText(domain, "uuid"),
    title: partOf("title").read(domain) as string | undefined,
    description: childText(domain, "description"),
    disks: disks.flatMap(({ disk }) => disk ?? []),
    otherTargets: others.length === 0 ? undefined : others,
    interfaces: childElements(devices, "interface").map(parseInterface),
  });
}

export function readFrame(domain: Element): FrameModel {
  const os = childElement(domain, "os");
  const type = childElement(os, "type");
  const devices = childElement(domain, "devices");
  const listOf = (name: string) => childElements(devices, name);
  const memory = readMemory(domain);
  const cpus = readCpus(domain);
  return withoutUndefined({
    accelerator: readAccelerator(domain),
    architecture: attributeOf(type, "arch"),
    machine: attributeOf(type, "machine") ?? "",
    emulator: childText(devices, "emulator"),
    ...memory,
    ...cpus,
    cpuMode: readCpuMode(childElement(domain, "cpu"), attributeOf(type, "arch")),
    firmware: readFirmware(os),
    directBoot: readDirectBoot(os),
    consoleLog: attributeOf(childElement(listOf("serial")[0], "log"), "file"),
    agentChannel: listOf("channel").some(isAgentChannel),
    onPoweroff: childText(domain, "on_poweroff"),
    onReboot: childText(domain, "on_reboot"),
    onCrash: childText(domain, "on_crash"),
    ...readParts(domain),
  });
}

function readParts(domain: Element): DomainPartValues {
  return Object.fromEntries(domainPartNames.map((name) => [name, partOf(name).read(domain)]));
}

/** Whether a `<channel>` is the guest agent's. */
export function isAgentChannel(channel: Element): boolean {
  return attributeOf(childElement(channel, "target"), "name") === agentChannelName;
}

/** A domain that doesn't say is of its host's architecture, which is nearly always this one. */
export function isX86(architecture: string | undefined): boolean {
  return architecture === undefined || /^(x86_64|i686)$/.test(architecture);
}

function readAccelerator(domain: Element): "kvm" | "qemu" {
  const type = attributeOf(domain, "type");
  if (type === "kvm" || type === "qemu") return type;
  throw new XmlError(
    "notModelled",
    `domains of type ${JSON.stringify(type ?? "")} are not supported, only kvm and qemu`,
  );
}

function readCpus(domain: Element): { cpus: number; maxCpus: number } {
  const vcpu = childElement(domain, "vcpu");
  const maxCpus = vcpu === undefined ? 1 : requireCount(textOf(vcpu), "<vcpu>");
  const current = attributeOf(vcpu, "current");
  return { cpus: current === undefined ? maxCpus : requireCount(current, "<vcpu current>"), maxCpus };
}

function readCpuMode(cpu: Element | undefined, architecture: string | undefined): CpuMode | undefined {
  const mode = attributeOf(cpu, "mode");
  if (mode === "host-passthrough" || mode === "host-model" || mode === "maximum") return mode;
  const model = textOf(childElement(cpu, "model"));
  if (model === undefined || isDefaultCpu(cpu, model, architecture)) return undefined;
  return withoutUndefined({ model, vendor: childText(cpu, "vendor") });
}

/** QEMU's own choice for a PC; other machines' have many names. */
const PC_DEFAULT_CPU = /^(qemu|kvm)(32|64)$/;

// For a domain without a CPU libvirt (since 5.9) writes down the machine's own one, in this form that no one who
// asks us for a model gets: then `check` is "partial", or "full" in the live document.
function isDefaultCpu(cpu: Element | undefined, model: string, architecture: string | undefined): boolean {
  return (
    attributeOf(cpu, "check") === "none" &&
    attributeOf(childElement(cpu, "model"), "fallback") === "forbid" &&
    (PC_DEFAULT_CPU.test(model) || !isX86(architecture))
  );
}

function readFirmware(os: Element | undefined): Firmware {
  const loader = childElement(os, "loader");
  const automatic = attributeOf(os, "firmware") === "efi";
  if (!automatic && attributeOf(loader, "type") !== "pflash") return "bios";
  const secureBoot = childElements(childElement(os, "firmware"), "feature").some(
    (feature) => attributeOf(feature, "name") === "secure-boot" && attributeOf(feature, "enabled") === "yes",
  );
  return secureBoot || attributeOf(loader, "secure") === "yes" ? "uefi-secure-boot" : "uefi";
}

function readDirectBoot(os: Element | undefined): DirectBoot | undefined {
  const kernel = childText(os, "kernel");
  if (kernel === undefined) return undefined;
  return withoutUndefined({ kernel, initrd: childText(os, "initrd"), commandLine: childText(os, "cmdline") });
}
