import { scsiControllersOf, sketchDisk, sketchScsiController } from "./disk.js";
import { newDocument, rootOf } from "./document.js";
import type {
  CpuMode,
  DirectBoot,
  DomainDisk,
  DomainInterface,
  DomainModel,
  Firmware,
} from "./domain-model.js";
import { agentChannelName, isX86 } from "./domain-parse.js";
import { domainPartNames, partOf } from "./domain-parts/index.js";
import { childElement, fill, type Sketch, sketch } from "./element.js";
import { sketchNvram } from "./firmware-variables.js";
import { sketchInterface } from "./interface.js";
import { writeMemory } from "./memory.js";
import { type Marks, setMarks } from "./metadata.js";
import { putPatchesIn } from "./patch-notes.js";
import { ensureFreeRootPorts, hasPcieRootPorts } from "./pcie.js";
import { serialize } from "./serialize.js";

/**
 * Writes the complete definition of a new domain: what the model says, and good defaults for the rest: a serial
 * console, a balloon, ACPI, UTC; no graphics.
 *
 * @param model - The domain. Disks and interfaces whose source is only `other` can't be made.
 * @param marks - Our records that go into `<metadata>`.
 * @throws XmlError "forbiddenCharacter" when XML can't carry a string, or "notModelled".
 */
export function buildDomain(model: DomainModel, marks: Marks = {}): string {
  const document = newDocument("domain");
  const domain = rootOf(document);
  fill(document, domain, sketchDomain(model), 0);
  writeMemory(domain, model);
  for (const name of domainPartNames) if (model[name] !== undefined) partOf(name).write(domain, model[name]);
  const devices = childElement(domain, "devices");
  if (devices !== undefined && hasPcieRootPorts(model.machine) && model.hotplugPorts > 0)
    ensureFreeRootPorts(devices, model.hotplugPorts);
  setMarks(domain, marks);
  putPatchesIn(document, model.patches ?? []);
  return serialize(document);
}

function sketchDomain(model: DomainModel): Sketch {
  return sketch("domain", { type: model.accelerator }, [
    sketch("name", {}, model.name),
    optionalText("uuid", model.uuid),
    optionalText("description", model.description),
    sketch("vcpu", { current: currentCpus(model) }, String(model.maxCpus)),
    sketchOs(model),
    // libvirt's own definitions for other machines have no apic.
    sketch("features", {}, [sketch("acpi"), isX86(model.architecture) ? sketch("apic") : undefined]),
    model.cpuMode === undefined ? undefined : sketchCpu(model.cpuMode),
    sketch("clock", { offset: "utc" }),
    sketch("on_poweroff", {}, model.onPoweroff ?? "destroy"),
    sketch("on_reboot", {}, model.onReboot ?? "restart"),
    sketch("on_crash", {}, model.onCrash ?? "destroy"),
    sketchDevices(model),
  ]);
}

/** The value of `<vcpu current>`: absent when all are there from the start, as libvirt writes it. */
export function currentCpus(model: DomainModel): string | undefined {
  return model.cpus === model.maxCpus ? undefined : String(model.cpus);
}

function sketchOs(model: DomainModel): Sketch {
  const boot = model.directBoot;
  const features = firmwareFeatures(model.firmware);
  return sketch("os", { firmware: features === undefined ? undefined : "efi" }, [
    sketch(
      "type",
      { arch: model.architecture, machine: model.machine === "" ? undefined : model.machine },
      "hvm",
    ),
    features,
    sketchNvram(model.firmware, model.uuid),
    ...(boot === undefined ? [] : sketchDirectBoot(boot)),
  ]);
}

function sketchDirectBoot(boot: DirectBoot): (Sketch | undefined)[] {
  return [
    sketch("kernel", {}, boot.kernel),
    optionalText("initrd", boot.initrd),
    optionalText("cmdline", boot.commandLine),
  ];
}

/**
 * The `<firmware>` element that makes libvirt's choice the wanted one. Without it `firmware='efi'` takes the first of
 * the host's descriptors, which on Debian is the one with secure boot and enrolled keys.
 */
export function firmwareFeatures(firmware: Firmware): Sketch | undefined {
  if (firmware === "bios") return undefined;
  const enabled = firmware === "uefi-secure-boot" ? "yes" : "no";
  return sketch("firmware", {}, [
    sketch("feature", { enabled, name: "enrolled-keys" }),
    sketch("feature", { enabled, name: "secure-boot" }),
  ]);
}

/** The `<cpu>` element for a mode. A named model is not to be replaced by a similar one without a word. */
export function sketchCpu(mode: CpuMode): Sketch {
  if (typeof mode === "string") return sketch("cpu", { mode });
  return sketch("cpu", { mode: "custom", match: "exact", check: "partial" }, [
    sketch("model", { fallback: "forbid" }, mode.model),
    optionalText("vendor", mode.vendor),
  ]);
}

function sketchDevices(model: DomainModel): Sketch {
  const pcie = hasPcieRootPorts(model.machine);
  return sketch("devices", {}, [
    optionalText("emulator", model.emulator),
    ...model.disks.map(sketchDisk),
    // Written out because they take ports: what libvirt adds by itself later could not be counted.
    pcie ? sketch("controller", { type: "usb", model: "qemu-xhci" }) : undefined,
    ...scsiControllersOf(model.disks).map(sketchScsiController),
    model.agentChannel ? sketch("controller", { type: "virtio-serial", index: "0" }) : undefined,
    ...model.interfaces.map(sketchInterface),
    sketch("serial", { type: "pty" }, [
      model.consoleLog === undefined ? undefined : sketchConsoleLog(model.consoleLog),
      sketch("target", { port: "0" }),
    ]),
    sketch("console", { type: "pty" }, [
      model.consoleLog === undefined ? undefined : sketchConsoleLog(model.consoleLog),
      sketch("target", { type: "serial", port: "0" }),
    ]),
    model.agentChannel ? sketchAgentChannel() : undefined,
    sketch("memballoon", { model: "virtio" }),
  ]);
}

/** The `<log>` of a serial port or console. */
export function sketchConsoleLog(file: string): Sketch {
  return sketch("log", { file, append: "on" });
}

/** The `<channel>` of the guest agent; libvirt makes up its socket. */
export function sketchAgentChannel(): Sketch {
  return sketch("channel", { type: "unix" }, [sketch("target", { type: "virtio", name: agentChannelName })]);
}

function optionalText(name: string, text: string | undefined): Sketch | undefined {
  return text === undefined ? undefined : sketch(name, {}, text);
}

/** The XML of one disk, as attaching a device takes it. */
export function buildDisk(disk: DomainDisk): string {
  return buildDevice(sketchDisk(disk));
}

/** The XML of one interface, as attaching a device takes it. */
export function buildInterface(made: DomainInterface): string {
  return buildDevice(sketchInterface(made));
}

function buildDevice(made: Sketch): string {
  const document = newDocument(made.name);
  fill(document, rootOf(document), made, 0);
  return serialize(document);
}
