import type { DomainPartValues } from "./domain-parts/index.js";
import type { MemoryHotplug } from "./memory.js";
import type { NumaCell } from "./numa.js";

/** The CPU that the guest sees: a mode by which libvirt derives it from the host's, or a named model. */
export type CpuMode = "host-passthrough" | "host-model" | "maximum" | { model: string; vendor?: string };

/** What brings the guest up. "uefi" is without secure boot, explicitly: hosts differ in what `firmware=efi` alone gives. */
export type Firmware = "bios" | "uefi" | "uefi-secure-boot";

/** A kernel that the host loads into the guest itself; paths on the host. */
export interface DirectBoot {
  kernel: string;
  initrd?: string;
  commandLine?: string;
}

/** The buses on which disks of the model may stand. */
export const diskBuses = ["virtio", "scsi", "sata", "usb", "ide"] as const;
export type DiskBus = (typeof diskBuses)[number];

/** Where a disk's content is. `other` is the type of a source that the model doesn't describe (network, nvme, ...); it is kept as it is. */
export type DiskSource =
  | { file: string }
  | { block: string }
  | { pool: string; volume: string }
  | { other: string };

/** A disk or cdrom; identified by its target. */
export interface DomainDisk {
  /** The name by which libvirt tells disks apart, "vda"; the guest may call it otherwise. */
  target: string;
  bus: DiskBus;
  device: "disk" | "cdrom";
  /** Undefined: a cdrom drive without a medium. */
  source?: DiskSource;
  /** "qcow2", "raw", ... */
  format: string;
  cache?: string;
  io?: string;
  discard?: string;
  serial?: string;
  /** Always true of a cdrom. */
  readonly: boolean;
  shareable: boolean;
  /** 1 is tried first. One in any device switches the default order (`<boot dev>`) off. */
  bootOrder?: number;
}

/** What an interface is plugged into. `other` is the type of one that the model doesn't describe; it is kept as it is. */
export type InterfaceSource = { network: string } | { bridge: string } | { other: string };

/** A network interface; identified by its MAC address. */
export interface DomainInterface {
  source: InterfaceSource;
  /** Lower case, with colons. */
  mac: string;
  /** Undefined: the hypervisor's default. */
  model?: string;
  link: "up" | "down";
}

/**
 * What the model owns of a `<domain>`. What libvirt adds by itself (aliases, addresses, indexes, labels, tap names,
 * backing chains, automatic controllers) and what the model doesn't describe are not in it.
 *
 * Read from the live document some properties tell the present, not the definition: `memoryBytes` is what the
 * balloon has left to the guest, and a "host-model" CPU has become a named one.
 */
export interface DomainModel extends DomainPartValues {
  name: string;
  uuid?: string;
  accelerator: "kvm" | "qemu";
  architecture?: string;
  /** As in the XML; libvirt resolves an alias ("q35") when it defines the domain ("pc-q35-7.2"). */
  machine: string;
  emulator?: string;
  description?: string;
  /** `<currentMemory>`: all that the guest has. */
  memoryBytes: number;
  /** The most that it can have without being restarted: `<maxMemory>` with memory hotplug, else `<memory>`. */
  maxMemoryBytes: number;
  /** Undefined: the balloon alone gives and takes memory. */
  memoryHotplug?: MemoryHotplug;
  /** Undefined: no node, or the only one that memory hotplug asks for. */
  numa?: NumaCell[];
  cpus: number;
  maxCpus: number;
  /** Undefined: none was asked for. libvirt then writes the machine's default CPU into the definition, which reads as undefined again. */
  cpuMode?: CpuMode;
  firmware: Firmware;
  directBoot?: DirectBoot;
  /** In no particular order: they are told apart by their targets. */
  disks: DomainDisk[];
  /** In no particular order: they are told apart by their MAC addresses. */
  interfaces: DomainInterface[];
  /** The file on the host to which the first serial port is copied. */
  consoleLog?: string;
  /** The channel of the QEMU guest agent. */
  agentChannel: boolean;
  /** A random number generator. */
  rng: boolean;
  /**
   * Spare PCIe ports for devices that are plugged in later. Only `buildDomain` writes them; what a definition has left
   * of them changes with every device, so it is no difference and no patch touches it. 0 on machines without PCIe.
   */
  hotplugPorts: number;
  onPoweroff?: string;
  onReboot?: string;
  onCrash?: string;
}
