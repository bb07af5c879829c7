import type { Disk } from "./disk.js";
import type { Image } from "./image.js";
import type { StoragePool } from "./storage-pool.js";
import type { In, Size } from "./types.js";

/**
 * What runs in a VM. `"windows"` stands for these inputs, each of which another value may be declared for:
 *
 * - `firmware: "uefi-secure-boot"` (with Microsoft's keys enrolled); `tpm: true` for 11, 2025 and without a version
 * - `clock`: local time; `rtc` catches up, `pit` delays, no `hpet`, with KVM `hypervclock`
 * - `features.hyperv` with KVM, as far as the host has them: relaxed, vapic, vpindex, runtime, synic, stimer (direct), reset, frequencies, tlbflush, ipi,
 *   spinlockRetries 8191. Not reenlightenment: a guest that uses it couldn't migrate. Without KVM there are none, and the preview says so.
 * - `disks[].bus: "sata"`, `interfaces[].model: "e1000e"` and `video.model: "vga"`, which Windows knows by itself; with `virtioDrivers` all three are
 *   `"virtio"`
 * - `inputDevices`: a USB tablet, so that the pointer follows the client's
 *
 * Answers for its setup are `answerFile`. A domain that was taken over (`adopt`) keeps what it was found with.
 *
 * @example
 * ```ts
 * os: { type: "windows", version: "2025", virtioDrivers: "/srv/iso/virtio-win.iso" },
 * cdroms: [{ source: "/srv/iso/windows-2025.iso", bootOrder: 1 }],
 * ```
 */
export interface VmOs {
  type: In<"linux" | "windows">;
  /** Of Windows `"11"` (default), `"10"`, `"2025"`, `"2022"` or `"2019"`; of Linux with the distribution's name, `"debian13"`, `"ubuntu24.04"`. */
  version?: In<string>;
  /**
   * Of Windows: the medium with the virtio drivers (virtio-win.iso), in a drive of its own: an Image, a Disk, a volume or a path on the host. Taken away, it takes
   * `"virtio"` along from disks, cards and video that don't declare it: to be rid of the medium in an installed guest, declare `bus` and `model` first.
   */
  virtioDrivers?: In<Image | Disk | { pool: In<StoragePool | string>; volume: In<string> } | string>;
}

/** A trusted platform module, emulated by swtpm on the host. */
export interface VmTpm {
  /** Default `"tpm-crb"`; `"tpm-tis"` for version `"1.2"`. */
  model?: In<"tpm-crb" | "tpm-tis">;
  /** Default `"2.0"`. */
  version?: In<"2.0" | "1.2">;
}

/** The guest's screen, shown over the network. */
export interface VmGraphics {
  type: In<"vnc" | "spice">;
  /**
   * Address of the host on which it listens. Default `"127.0.0.1"`: reachable through SSH. With another one anybody who reaches the host sees
   * the screen, unless there is a password. A host that the VM moves to needs the address too.
   */
  listen?: In<string>;
  /** From 5900 on, or `"auto"` (default): chosen at each start, see the output `vncPort`. */
  port?: In<number | "auto">;
  /**
   * A secret: encrypted in the state, and neither in previews nor in logs, whether it is marked as such or not. At most 8 bytes with `"vnc"`.
   * A changed one is live; the first one, and none any more, wait for the next boot.
   */
  password?: In<string>;
  /** Date and time, ISO 8601, after which the password is not accepted. Without a zone: UTC. Live. */
  passwordValidTo?: In<string>;
  /** What becomes of others who watch, of `"vnc"`. Default: QEMU's, `"allow-exclusive"`. */
  sharePolicy?: In<"allow-exclusive" | "force-shared" | "ignore">;
  /** QEMU's keymap, of `"vnc"`: for clients that send no key codes. */
  keymap?: In<string>;
}

/** The graphics card. */
export interface VmVideo {
  model: In<"virtio" | "qxl" | "vga" | "bochs" | "cirrus" | "ramfb" | "none">;
  /** Screens, of `"virtio"` and `"qxl"`. Default 1. */
  heads?: In<number>;
  /** Video memory, a power of two; not of `"virtio"`, `"ramfb"` and `"none"`. Default: libvirt's, 16 MiB (qxl: 64 MiB). */
  memory?: In<Size>;
}

/** A keyboard, mouse or tablet beside the PS/2 ones that every x86 machine has. */
export interface VmInputDevice {
  /** `"tablet"` makes the pointer follow the client's exactly. */
  type: In<"tablet" | "mouse" | "keyboard">;
  /** Default `"usb"`. */
  bus?: In<"usb" | "virtio">;
}

/** A serial port after the first, which is the console. */
export interface VmSerialPort {
  type: In<"pty" | "file" | "unix" | "tcp">;
  /** Of `"file"` and `"unix"`: absolute path on the host. */
  path?: In<string>;
  /** Of `"unix"` and `"tcp"`: `"bind"` (default) waits for a client, without holding the guest up; `"connect"` is one. */
  mode?: In<"bind" | "connect">;
  /** Of `"tcp"`. Default `"127.0.0.1"`. */
  host?: In<string>;
  /** Of `"tcp"`. */
  port?: In<number>;
  /** Of `"tcp"`. Default `"raw"`. */
  protocol?: In<"raw" | "telnet">;
  /** Absolute path of a file on the host that receives what the guest sends. */
  log?: In<string>;
}

/** Enlightenments by which Windows works with the hypervisor. They need KVM. */
export interface VmHyperV {
  relaxed?: In<boolean>;
  vapic?: In<boolean>;
  vpindex?: In<boolean>;
  runtime?: In<boolean>;
  synic?: In<boolean>;
  reset?: In<boolean>;
  frequencies?: In<boolean>;
  reenlightenment?: In<boolean>;
  tlbflush?: In<boolean>;
  ipi?: In<boolean>;
  /** For Hyper-V inside of the guest, on Intel. */
  evmcs?: In<boolean>;
  avic?: In<boolean>;
  /** How often a lock is tried before the hypervisor is told, at least 4095. */
  spinlockRetries?: In<number>;
  /** `"direct"` delivers the timers' interrupts as such. */
  stimer?: In<boolean | "direct">;
  /** The vendor that the guest is told, at most 12 bytes. */
  vendorId?: In<string>;
}

/** Features of the machine. Each left out is as QEMU has it. */
export interface VmFeatures {
  /** Default `true`; without it the guest doesn't hear the power button. */
  acpi?: In<boolean>;
  /** System management mode; comes with secure boot. */
  smm?: In<boolean>;
  /** Performance counters. */
  pmu?: In<boolean>;
  /** VMware's port, which some tools take for a sign of VMware. */
  vmport?: In<boolean>;
  /** Lets the host find the guest kernel's crash notes. */
  vmcoreinfo?: In<boolean>;
  /** Hides KVM from the guest. */
  kvmHidden?: In<boolean>;
  /** Who emulates the interrupt controller. */
  ioapic?: In<"kvm" | "qemu">;
  hyperv?: In<VmHyperV>;
}

/** One of the guest's clocks. */
export interface VmTimer {
  present?: In<boolean>;
  /** What becomes of ticks that the guest missed while it had no processor. */
  tickPolicy?: In<"delay" | "catchup" | "merge" | "discard">;
}

/** What the guest's real-time clock shows, and which clocks it has. */
export interface VmClock {
  /** `"utc"` (default); `"localtime"`: the host's time zone; `"timezone"`: the one of `timezone`. */
  offset?: In<"utc" | "localtime" | "timezone">;
  /** Such as `"Europe/Berlin"`. */
  timezone?: In<string>;
  timers?: In<{
    rtc?: In<VmTimer>;
    pit?: In<VmTimer>;
    hpet?: In<VmTimer>;
    kvmclock?: In<VmTimer>;
    hypervclock?: In<VmTimer>;
    tsc?: In<VmTimer>;
  }>;
}

/**
 * An edit of a VM's definition in libvirt's XML: of all that the XPath (1.0) selects, which must be something. Exactly one of `set`, `remove` and
 * `append`. The definition is the one that `virsh dumpxml --inactive` shows, without the edits of the deployment before; of a new VM it lacks what
 * libvirt adds by itself.
 *
 * @example
 * ```ts
 * xml: [
 *   { xpath: "/domain/devices/memballoon/@freePageReporting", set: "on" },
 *   { xpath: "/domain/devices", append: "<vsock model='virtio'><cid auto='yes'/></vsock>" },
 *   { xpath: "/domain", append: "<qemu:commandline><qemu:arg value='-no-hpet'/></qemu:commandline>" },
 * ],
 * ```
 */
export interface XmlPatch {
  /** The prefix `qemu` is known. */
  xpath: In<string>;
  /** The value of the attributes (which need not be there: `.../@name`), or the text of the elements without elements in them. */
  set?: In<string>;
  /** The elements or attributes go. */
  remove?: In<true>;
  /** One element as XML, the last child of each that is selected. One that is there already isn't added once more. */
  append?: In<string>;
}
