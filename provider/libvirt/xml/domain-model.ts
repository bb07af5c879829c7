import type { DiskLimits } from "./disk-limits.js";
import type { DomainPartValues } from "./domain-parts/index.js";
import type { Bandwidth, InterfaceFilter } from "./interface-traffic.js";
import type { MemoryHotplug } from "./memory.js";
import type { Vlan } from "./network-vlan.js";
import type { NumaCell } from "./numa.js";
import type { XmlPatch } from "./patches.js";

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
  /** What becomes of zeroes that the guest writes: "off", "on", "unmap". */
  detectZeroes?: string;
  /** Queues between guest and host, of a virtio disk. */
  queues?: number;
  limits?: DiskLimits;
  serial?: string;
  /** World Wide Name, 16 hexadecimal digits. */
  wwn?: string;
  /** Always true of a cdrom. */
  readonly: boolean;
  shareable: boolean;
  /** The thread of QEMU that serves a virtio disk; undefined: the one that does everything else. */
  iothread?: number;
  /** 1 is tried first. One in any device switches the default order (`<boot dev>`) off. */
  bootOrder?: number;
  /** libvirt's name of the device where somebody chose it, which begins with "ua-"; that which libvirt makes up doesn't count. */
  alias?: string;
}

/**
 * What an interface is plugged into: a network of libvirt, a bridge, or (by macvtap) a device of the host. `other` is the type of one that the
 * model doesn't describe; it is kept as it is.
 */
export type InterfaceSource =
  | { network: string; portgroup?: string }
  | { bridge: string }
  | { device: string; mode: string }
  | { other: string };

/** The port of a switch that knows ports: "openvswitch", or an 802.1Qbh one. */
export interface VirtualPort {
  type: string;
  profile?: string;
}

/** A network interface; identified by its MAC address. Undefined properties are the hypervisor's or the network's default. */
export interface DomainInterface {
  source: InterfaceSource;
  /** Lower case, with colons. */
  mac: string;
  model?: string;
  link: "up" | "down";
  vlan?: Vlan;
  virtualPort?: VirtualPort;
  bandwidth?: Bandwidth;
  filter?: InterfaceFilter;
  /** The largest packet, in bytes. */
  mtu?: number;
  /** Queues between guest and host, of a virtio card. */
  queues?: number;
  /** The host follows when the guest changes its MAC address or listens to groups; macvtap only. */
  trustGuestRxFilters?: true;
  /** As of a disk. */
  bootOrder?: number;
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
  /** Targets that no disk of the model may have: LUNs', floppies', and those of disks on buses of other machines. Undefined when there are none. */
  otherTargets?: readonly string[];
  /** In no particular order: they are told apart by their MAC addresses. */
  interfaces: DomainInterface[];
  /** The file on the host to which the first serial port is copied. */
  consoleLog?: string;
  /** The channel of the QEMU guest agent. */
  agentChannel: boolean;
  /**
   * Spare PCIe ports for devices that are plugged in later. Every device takes one, so what is wanted is at least as many; a definition gets
   * what it lacks whenever it is changed. 0 on machines without PCIe.
   */
  hotplugPorts: number;
  onPoweroff?: string;
  onReboot?: string;
  onCrash?: string;
  /** Edits of what the model lacks, over all the rest. Undefined when there are none. */
  patches?: XmlPatch[];
}
