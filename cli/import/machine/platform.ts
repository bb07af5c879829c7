import { type DomainModel, sameValue } from "../../../provider/libvirt/xml/index.js";
import { durationText, sizeText } from "../amounts.js";
import { type Bag, filled } from "../bag.js";

const KIB = 1_024;

/** The timers with which virt-install and virt-manager make every x86 guest: nobody would write them down. */
const USUAL_TIMERS = [
  { name: "hpet", present: false },
  { name: "pit", tickPolicy: "delay" },
  { name: "rtc", tickPolicy: "catchup" },
];

/** What a VM says of its machine, firmware, screen and the like. */
export function platformInputs(model: DomainModel, host: { kvm: boolean }): Bag {
  const { firmware, directBoot, watchdog } = model;
  return {
    emulation: model.accelerator === "qemu" && host.kvm ? "qemu" : undefined,
    machine: machineOf(model.machine),
    firmware: firmware === "bios" ? undefined : firmware,
    tpm: tpmOf(model.tpm),
    features: featuresOf(model),
    clock: clockOf(model.clock),
    graphics: graphicsOf(model.graphics),
    video: videoOf(model),
    sound: model.sound,
    inputDevices: model.inputDevices?.map(({ type, bus }) => (bus === "usb" ? { type } : { type, bus })),
    serialPorts: model.serialPorts?.map(serialPortOf),
    watchdog,
    onPoweroff: unless(model.onPoweroff, "destroy"),
    onReboot: unless(model.onReboot, "restart"),
    onCrash: unless(model.onCrash, "destroy"),
    bootMenu:
      model.bootMenu?.timeoutMs === undefined
        ? model.bootMenu?.enabled
        : { timeout: durationText(model.bootMenu.timeoutMs) },
    kernel: directBoot?.kernel,
    initrd: directBoot?.initrd,
    commandLine: directBoot?.commandLine,
    console: model.consoleLog === undefined ? undefined : { log: model.consoleLog },
    title: model.title,
    description: model.description,
  };
}

function unless<T>(value: T, usual: T): T | undefined {
  return value === usual ? undefined : value;
}

/** The family, since the version stays as it is found. */
function machineOf(machine: string): string | undefined {
  if (machine === "q35" || machine.startsWith("pc-q35-")) return undefined;
  return machine.startsWith("pc-i440fx-") ? "pc" : machine;
}

function tpmOf(tpm: DomainModel["tpm"]): Bag | true | undefined {
  if (tpm === undefined || tpm.backend !== "emulator") return undefined;
  const version = tpm.version ?? "2.0";
  const isDefault = tpm.model === "tpm-crb" && version === "2.0";
  return isDefault ? true : { model: tpm.model, ...(version === "2.0" ? {} : { version }) };
}

function featuresOf(model: DomainModel): Bag | undefined {
  const { pmu, vmport, vmcoreinfo, kvmHidden, ioapic, acpi, smm, hyperv, firmware } = model;
  const flags = hyperv?.mode === undefined ? hyperv : undefined;
  return filled({
    acpi: acpi === false ? false : undefined,
    // Firmware with secure boot brings it along.
    smm: firmware === "uefi-secure-boot" ? undefined : smm,
    pmu,
    // Off is what virt-install makes of every guest.
    vmport: vmport === false ? undefined : vmport,
    vmcoreinfo,
    kvmHidden,
    ioapic,
    hyperv:
      flags &&
      filled({
        ...Object.fromEntries(flags.flags.map((name) => [name, true])),
        spinlockRetries: flags.spinlockRetries,
        stimer: flags.stimer === "plain" ? true : flags.stimer,
        vendorId: flags.vendorId,
      }),
  });
}

function clockOf(clock: DomainModel["clock"]): Bag | undefined {
  if (clock === undefined) return undefined;
  const { offset, timezone, timers } = clock;
  if (offset === "utc" && sameValue(timers, USUAL_TIMERS)) return undefined;
  return filled({
    offset: unless(offset, "utc"),
    timezone,
    timers: Object.fromEntries(timers.map(({ name, ...timer }) => [name, timer])),
  });
}

/** A password is in no program: a screen that has one stays as it is, and so does one that listens where no input says. */
function graphicsOf(graphics: DomainModel["graphics"]): Bag | undefined {
  if (graphics === undefined || isLeftAsFound(graphics)) return undefined;
  const { type, listen, port, sharePolicy, keymap } = graphics;
  return { type, ...filled({ listen: unless(listen, "127.0.0.1"), port, sharePolicy, keymap }) };
}

function isLeftAsFound({ listen, password }: NonNullable<DomainModel["graphics"]>): boolean {
  return password !== undefined || typeof listen !== "string";
}

/** Why a screen isn't in the program. */
export function graphicsNote({ graphics }: DomainModel): string | undefined {
  if (graphics === undefined || !isLeftAsFound(graphics)) return undefined;
  if (graphics.password !== undefined)
    return `graphics (${graphics.type}): it has a password, which is written nowhere; to declare it, use config.requireSecret`;
  const where =
    typeof graphics.listen === "object"
      ? `listens by ${graphics.listen.other}`
      : "listens where the host's configuration says";
  return `graphics (${graphics.type}): it ${where}`;
}

function videoOf({ video, graphics }: DomainModel): Bag | undefined {
  if (video === undefined) return undefined;
  const { model, heads, memoryKib } = video;
  const more = filled({ heads, memory: memoryKib === undefined ? undefined : sizeText(memoryKib * KIB) });
  if (more === undefined && model === "virtio" && graphics !== undefined) return undefined;
  // What libvirt has given it says less than the model alone.
  return { model, ...more };
}

function serialPortOf({
  type,
  path,
  mode,
  host,
  service,
  protocol,
  log,
}: NonNullable<DomainModel["serialPorts"]>[number]): Bag {
  return {
    type,
    ...filled({
      path,
      mode: unless(mode, "bind"),
      host: unless(host, "127.0.0.1"),
      port: service === undefined ? undefined : Number(service),
      protocol,
      log,
    }),
  };
}
