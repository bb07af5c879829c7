import * as pulumi from "@pulumi/pulumi";
import type { AnswerFile } from "./answer-file.js";
import type { CloudInit } from "./cloud-init.js";
import { poolName } from "./disk.js";
import type { Host } from "./host.js";
import { isYetToCome, onHost, unwrapped } from "./host-ref.js";
import type { LookupOnHost } from "./lookup.js";
import { hasType, KvmResource, typeOf } from "./resource.js";
import type { StoragePool } from "./storage-pool.js";
import type { Duration, HostRef, In, Size, Timeouts } from "./types.js";
import type {
  VmCpu,
  VmCpuTune,
  VmMemoryBacking,
  VmMemoryHotplug,
  VmMemoryTune,
  VmNumaCell,
  VmNumaTune,
} from "./virtual-machine-compute.js";
import type { VmChannel, VmFilesystem, VmHostDevice, VmRng } from "./vm-devices.js";
import { unwrapCdrom, unwrapDisk, unwrapOs, type VmCdrom, type VmDisk } from "./vm-disk.js";
import { unwrapInterface, type VmInterface } from "./vm-interface.js";
import type {
  VmClock,
  VmFeatures,
  VmGraphics,
  VmInputDevice,
  VmOs,
  VmSerialPort,
  VmTpm,
  VmVideo,
  XmlPatch,
} from "./vm-platform.js";

/** A device that acts when the guest stops showing signs of life. */
export interface VmWatchdog {
  /** `"i6300esb"` (default, PCI), `"ib700"` (ISA) or `"itco"` (the q35 chipset's). */
  model?: In<"i6300esb" | "ib700" | "itco">;
  /** What it does. Default `"reset"`. */
  action?: In<"reset" | "shutdown" | "poweroff" | "pause" | "none" | "dump" | "inject-nmi">;
}

/** How a VM moves when its `host` changes. */
export interface Migration {
  /** `"live"` (default): while it runs. `"offline"`: only while it is off. `"none"`: a changed `host` is refused. */
  mode?: In<"live" | "offline" | "none">;
  /**
   * `"auto"` (default): disks at a path that both hosts share stay, others are copied; of disks over an {@link Image} that is on both hosts a running
   * guest's layer only. `"shared"`: nothing is copied, every disk must be at the target already. `"copy"`: every disk is copied, with all that it
   * is a layer over, into one image. `"incremental"`: layers only, refused where the target hasn't the same base at the same path; bases that are no
   * Images are read and compared by both hosts.
   */
  storage?: In<"auto" | "shared" | "copy" | "incremental">;
  /** Longest pause of the guest aimed at. Default: QEMU's 300 ms. */
  maxDowntime?: In<Duration>;
  /** Limit on the transfer in MiB a second. Default: none. */
  bandwidthMibPerSecond?: In<number>;
  /** Slow the guest's CPUs down when it writes memory faster than the network carries it. Default `true`. */
  autoConverge?: In<boolean>;
  /**
   * Whether a guest that writes too fast goes over before all of its memory is there. `"never"` (default): it stays until nearly all is. `"fallback"` is
   * refused so far: halfway between two hosts a guest is lost with either of them.
   */
  postCopy?: In<"never" | "fallback">;
  /** Over how many TCP connections the guest's memory is sent. Disks go over one each. 1 to 255. Default: one, with everything else that is sent. */
  parallelConnections?: In<number>;
  /**
   * Encrypt what goes from host to host, memory and disks. Needs the certificates that libvirt's documentation names in both hosts' `/etc/pki/qemu` (or
   * `migrate_tls_x509_cert_dir`), the target's for the address at which it is reached; without them the move fails and the guest runs on where it is.
   * Default `false`.
   */
  tls?: In<boolean>;
  /** Bound on the whole move; afterwards it is given up and the guest goes on where it is. Default `"1h"`. */
  timeout?: In<Duration>;
  /**
   * Pass libvirt's UNSAFE flag: skip its check that shared storage is coherent between hosts. Wrong storage then means a corrupt disk.
   * For storage that libvirt can't recognise as shared. Default `false`.
   */
  unsafe?: In<boolean>;
}

/**
 * What a VM is. Amounts may be written any way; state holds bytes.
 *
 * A change to a running VM that can't be made live is saved for its next start and listed in `pendingRestart`, unless
 * `restartPolicy` is `"whenNeeded"`.
 */
export interface VirtualMachineArgs {
  /** Where the VM must be. Changing it moves the VM: live if it runs, by definition and disks if it is off. */
  host: In<Host | HostRef>;
  /**
   * libvirt's name of the domain: no `/`, no line breaks, at most 100 bytes. Default: the resource's name. A host has one of a name. Changes only while off. The
   * VM's own disks are named after it: give them their present names (`disks[].volume`) with the change, which is refused otherwise.
   */
  name?: In<string>;
  /**
   * Virtual CPUs. Default 1. More: live up to `maxCpus`, else at the next boot. Fewer: live with KVM as far as they were plugged in while the
   * guest ran, else at the next boot. A guest may leave a new CPU off until its agent or udev rules bring it into use.
   */
  cpus?: In<number>;
  /** How many CPUs `cpus` can be raised to while the guest runs. Default: `cpus`, or the product of `cpu.topology`. Next boot. */
  maxCpus?: In<number>;
  /**
   * Memory, in whole MiB (rounded up). Live up to `maxMemory`, by the guest's balloon or as `memoryHotplug` says; else at the next boot. A guest
   * that doesn't go along within 30 s, for want of a driver or of free memory, has it at its next boot.
   * At most what the host has.
   */
  memory: In<Size>;
  /**
   * What `memory` can be raised to while the guest runs. Default: `memory`. Without `memoryHotplug` the guest boots with all of it, at most
   * what the host has, and its balloon driver gives back what is beyond `memory`. Next boot.
   */
  maxMemory?: In<Size>;
  /** Memory that is plugged in and out, instead of being held back by the balloon. Needs `maxMemory`. Default: none. Next boot. */
  memoryHotplug?: In<VmMemoryHotplug>;
  /** Next boot. */
  cpu?: In<VmCpu>;
  /** NUMA nodes that the guest sees. Default: none. Next boot. */
  numa?: In<{ cells: In<In<VmNumaCell>[]> }>;
  /** Default: any CPU of the host, no limit. Live. */
  cpuTune?: In<VmCpuTune>;
  /** How many I/O threads disks can be spread over. Default 0. Live. */
  iothreads?: In<number>;
  /** Next boot. */
  memoryBacking?: In<VmMemoryBacking>;
  /** Default: no limits. Live. */
  memoryTune?: In<VmMemoryTune>;
  /** Default: any node of the host. */
  numaTune?: In<VmNumaTune>;
  /** `"kvm"`, `"qemu"` (no hardware virtualisation, slow) or `"auto"` (default: kvm where usable, decided at creation). Next boot. */
  emulation?: In<"auto" | "kvm" | "qemu">;
  /**
   * QEMU machine type, `"q35"` (default), `"pc"` or a versioned name. The version is pinned at creation: the host's newest of QEMU's own (`"pc-q35-8.2"`), which
   * hosts of other distributions know as well if their QEMU is no older; Ubuntu's and RHEL's names (`"pc-q35-noble"`) are known there alone. Next boot.
   */
  machine?: In<string>;
  /**
   * `"bios"` (default), `"uefi"` or `"uefi-secure-boot"` (with Microsoft's keys; needs machine `"q35"`). Each has boot entries and keys of its own,
   * which go where the VM goes and away with it; changing it begins anew with fresh ones. A host without the firmware refuses, at preview.
   * Next boot.
   */
  firmware?: In<"bios" | "uefi" | "uefi-secure-boot">;
  /**
   * A TPM 2.0 (`true`), or a certain one. Its state is on the VM's host, goes where the VM goes and is removed only with the VM: one that is taken away and
   * given back still knows its secrets. Needs swtpm on the host. Default: none. Next boot.
   */
  tpm?: In<boolean | VmTpm>;
  /**
   * What runs in it. Of Linux it only tells other tools. Windows gets the devices and settings that it is best with ({@link VmOs}), as if they were
   * declared: of a VM that is there already each changes as its input would, which the preview shows.
   */
  os?: In<VmOs>;
  /** Next boot. */
  features?: In<VmFeatures>;
  /** Default: UTC. Next boot. */
  clock?: In<VmClock>;
  /** Default: none; there is always the serial console. Next boot, a changed password live. */
  graphics?: In<VmGraphics>;
  /** Default: `"virtio"` with `graphics`, else none. Next boot. */
  video?: In<VmVideo>;
  /** Sound card. Default: none. Next boot. */
  sound?: In<"ich9" | "ich6" | "ac97" | "usb">;
  /** Default: none beside the PS/2 ones. Live on `"usb"`. */
  inputDevices?: In<In<VmInputDevice>[]>;
  /** Serial ports after the console, at most 3. Next boot. */
  serialPorts?: In<In<VmSerialPort>[]>;
  /**
   * Path on the host of a kernel to boot directly. It must be at the same path on a host that the VM moves to. One that isn't there is warned of in the
   * preview and refused by `up`, before a guest is shut down for it. Next boot.
   */
  kernel?: In<string>;
  /**
   * Path on the host of the initial ramdisk. Needs `kernel`. Without UEFI, and with a `tpm`, the guest has no ACPI and hears no power button: QEMU loads the
   * ramdisk over the tables (seen with 7.2). Next boot.
   */
  initrd?: In<string>;
  /** Kernel command line. Needs `kernel`. Next boot. */
  commandLine?: In<string>;
  /** Disks in the order in which the guest sees them. They come and go live on virtio, scsi and usb. */
  disks?: In<In<VmDisk>[]>;
  /** CD-ROM drives. Their media change live. */
  cdroms?: In<In<VmCdrom>[]>;
  /** Network interfaces in the order in which the guest sees them. They come and go live. */
  interfaces?: In<In<VmInterface>[]>;
  /** What the guest is told at its first boot, by cloud-init in it. Secret in the state. Next boot. */
  cloudInit?: In<CloudInit>;
  /**
   * Ignition's config (Fedora CoreOS, Flatcar, ...), as an object or its JSON, handed to the guest by QEMU (`opt/com.coreos/config`) from a file
   * in the pool of the first disk. Secret in the state. Ignition reads it at a first boot only. Next boot.
   */
  ignition?: In<string | Record<string, unknown>>;
  /** Answers for an installer, on a CD-ROM. Secret in the state. Next boot. */
  answerFile?: In<AnswerFile>;
  /**
   * How many devices can at least be plugged in while it runs: PCIe ports without a device, of machine `"q35"`. Without one what comes waits for the next
   * boot, which has as many free ones again. Default 8. More: next boot; fewer: nothing.
   */
  hotplugSlots?: In<number>;
  /** Devices of the host. Live. */
  hostDevices?: In<In<VmHostDevice>[]>;
  /** A random number generator. Default `true`. Live. */
  rng?: In<boolean | VmRng>;
  /** Lines to the host beside that of the guest agent. Live. */
  channels?: In<In<VmChannel>[]>;
  /** Folders of the host. At most 16. Default: none. Next boot. */
  filesystems?: In<In<VmFilesystem>[]>;
  /** Whether the firmware shows a menu of what to boot from; `timeout`: for how long, at most 65.535 s. Default: none. Next boot. */
  bootMenu?: In<boolean | { timeout: In<Duration> }>;
  /** `log`: absolute path of a file on the host that receives what the guest prints on its serial console. */
  console?: In<{ log?: In<string> }>;
  /** What the VM should be doing. Default `"running"`: a guest that is paused, or has suspended itself to RAM, is had to go on. */
  powerState?: In<"running" | "stopped" | "paused">;
  /**
   * What a deployment does about a guest that has shut itself down while `powerState` is `"running"`. `"start"` (default): that is drift, and it is started.
   * `"leave"`: it stays off, with state `"stopped"`; one that crashed, whose power was cut or whose host went down is started nevertheless. A reboot from
   * inside is no drift either way. A guest that has suspended itself to RAM (sleeps) is woken up with `"start"`, before anything else, and sleeps on with
   * `"leave"`; it isn't moved then, for a move of one that sleeps never ends (libvirt 9.0, QEMU 7.2). libvirt forgets why a guest is off when it
   * restarts itself; the guest is started then.
   */
  onGuestShutdown?: In<"start" | "leave">;
  /** Start with the host. Default `false`. Live. */
  autostart?: In<boolean>;
  /**
   * `"never"` (default): what needs a restart waits for the next one. `"whenNeeded"`: shut the guest down gracefully and start it again; where its host can't
   * start it with the change, as it was before, and the deployment fails. A device that the guest doesn't let go of within 30 s goes with a restart of the
   * same deployment, else with one in the next; with `"never"` the deployment fails, and the next asks the guest again.
   */
  restartPolicy?: In<"never" | "whenNeeded">;
  /** How long a graceful shutdown may take. Default `"60s"`. */
  shutdownTimeout?: In<Duration>;
  /**
   * Cut the power when a graceful shutdown takes longer than `shutdownTimeout`. Default `false`: the deployment fails, the guest runs on. A VM
   * that is deleted is asked only where disks outlive it, and its power is cut then in any case.
   */
  forceStop?: In<boolean>;
  /**
   * What a deployment waits for after it has started the guest (or restarted it for changes):
   * - `"none"` (default): nothing
   * - `"running"`: that it runs, and isn't paused for a full disk, for instance
   * - `"agent"`: that qemu-guest-agent runs in it, which is when it has opened its channel
   * - `"ipAddress"`: an address, by a DHCP lease of the host, the agent or the host's ARP table. After a restart the lease of before is one already:
   *   who goes on to the guest itself waits for `"ssh"`
   * - `"ssh"`: an SSH server's greeting on port 22 of one of its addresses, asked through the host: no way from here to the guest is needed
   *
   * When `waitTimeout` is over the deployment fails; the VM runs on and stays in the state, and the next deployment goes on waiting. Once it was
   * seen ready nothing waits again until a deployment starts it anew.
   */
  waitFor?: In<"none" | "running" | "agent" | "ipAddress" | "ssh">;
  /** How long. Default `"5m"`; under emulation a cloud image may need more. Bounded by `timeouts` too: creating may take 30 minutes in all. */
  waitTimeout?: In<Duration>;
  migration?: In<Migration>;
  /** Free text, kept in the domain's definition. No guest notices. */
  description?: In<string>;
  /** Short text beside the name, for other tools. No guest notices. At most 1,024 bytes, one line. */
  title?: In<string>;
  /** Default: none. Next boot. */
  watchdog?: In<VmWatchdog>;
  /** What becomes of the VM when its guest powers off. Default `"destroy"`: it is off. Live. */
  onPoweroff?: In<"destroy" | "restart">;
  /** What becomes of the VM when its guest reboots. Default `"restart"`. Live. */
  onReboot?: In<"restart" | "destroy">;
  /**
   * What becomes of the VM when its guest panics. Default `"destroy"`. Live. QEMU hears of it only where the VM has a panic device and its guest a driver
   * for that; `xml: [{ xpath: "/domain/devices", append: "<panic model='isa'/>" }]` adds one. With `"preserve"` QEMU stays, with the guest's memory, for a
   * look at it (state `"crashed"`): it is ended by the next deployment that has anything to do with the VM, as a start, and the preview says so.
   */
  onCrash?: In<"destroy" | "restart" | "preserve" | "coredump-destroy" | "coredump-restart">;
  /**
   * Edits of the domain's definition, for what no input is for; made last, over all others. Wait for the next boot, whatever they change. The
   * preview shows what they change; hence no secrets in them. One that matches nothing is an error, as are edits of the name, the UUID and
   * this program's notes, and what the host's libvirt wouldn't take, by its schema or its own rules. One that is taken away is undone. Default: none; at most 64.
   */
  xml?: In<In<XmlPatch>[]>;
  /** Take over a domain of this name that exists already. Default `false`: it is refused, by name. */
  adopt?: In<boolean>;
  timeouts?: In<Timeouts>;
}

/** What the last migration of a VM took. */
export interface LastMigration {
  /** Name of the host that it left. */
  from: string;
  /** Name of the host that it moved to. */
  to: string;
  /** From the first call to the guest's running on the new host and its being gone from the old one. */
  totalMs: number;
  /** How long the guest stood still, as QEMU measured it; absent for a move while off. */
  downtimeMs?: number;
  /** When it ended, ISO 8601. */
  at: string;
}

/**
 * A virtual machine.
 *
 * What an update does to a running guest stands in the preview, in `effects`: `live`, `at the next boot`, `restart`, `migrate`.
 * Nothing restarts unless `restartPolicy` allows it. What has been changed or stopped by hand on the host shows up in a plain
 * `pulumi preview`, and `pulumi up` repairs it.
 *
 * Errors: a domain, or a disk's volume, of the same name that something else made (named; `adopt` takes it over); no room, network, pool or
 * file on the host; the host unreachable (nothing is assumed deleted); a guest that doesn't shut down, or isn't ready (`waitFor`), in time.
 *
 * @example
 * ```ts
 * const web = new kvm.VirtualMachine("web", {
 *   host: alpha, // change it to beta: a live migration
 *   cpus: 2,
 *   memory: "4GiB",
 *   disks: [{ size: "20GiB", pool: images }],
 *   interfaces: [{ network: lan }],
 * });
 * ```
 */
export class VirtualMachine extends KvmResource {
  /** @internal */
  static readonly __pulumiType = typeOf("VirtualMachine");
  /** Whether a value is a `VirtualMachine`, also one of another copy of this package; policy packs ask so too. */
  static override isInstance(value: unknown): value is VirtualMachine {
    return hasType(value, VirtualMachine.__pulumiType);
  }

  /** libvirt's name of the domain. */
  declare readonly name: pulumi.Output<string>;
  /** Name of the host where it is. */
  declare readonly host: pulumi.Output<string>;
  /** The same on every host that it moves to. */
  declare readonly uuid: pulumi.Output<string>;
  /** `"running"`, `"stopped"`, `"paused"`, `"crashed"`, as of the last deployment or refresh. */
  declare readonly state: pulumi.Output<string>;
  /** In the order of `interfaces`. */
  declare readonly macAddresses: pulumi.Output<string[]>;
  /**
   * All addresses that the host's DHCP leases, the guest agent or the host's ARP table know, as of the last deployment or refresh; without loopback
   * and link-local ones. Of a guest that has moved while it ran also those that the host that it left knows, until the new one hears from it.
   */
  declare readonly ipAddresses: pulumi.Output<string[]>;
  /** The address at which `waitFor: "ssh"` got an answer, else the first of {@link ipAddresses}, in which IPv4 stands first. */
  declare readonly ipAddress: pulumi.Output<string | undefined>;
  /** Changes that wait for the guest's next start, for instance `["memory 1 GiB -> 2 GiB"]`. */
  declare readonly pendingRestart: pulumi.Output<string[]>;
  /** The machine type in use, with its version. */
  declare readonly machineType: pulumi.Output<string>;
  /** The last move that this program made. */
  declare readonly lastMigration: pulumi.Output<LastMigration | undefined>;
  /** The pseudo terminal of the serial console on the host, while it runs. */
  declare readonly consolePath: pulumi.Output<string | undefined>;
  /** The port of `graphics` with type `"vnc"` on the host, while it runs. */
  declare readonly vncPort: pulumi.Output<number | undefined>;
  /** The port of `graphics` with type `"spice"` on the host, while it runs. */
  declare readonly spicePort: pulumi.Output<number | undefined>;
  /** In bytes. */
  declare readonly memory: pulumi.Output<number>;
  /** As declared. */
  declare readonly cpus: pulumi.Output<number>;

  /**
   * Reads a VM that isn't managed here, in previews as well. Nothing on the host changes, now or when the stack is destroyed; the VM isn't
   * marked, and anybody may go on managing it. With the result a {@link Snapshot} can be made of it, and its outputs be used.
   *
   * Errors: there is no VM of that name on the host (with the names of those that there are), the host is unreachable. No passwords of
   * its definition are read into the state.
   *
   * @example
   * ```ts
   * const db = kvm.VirtualMachine.get("db", { host: alpha });
   * export const dbAddress = db.ipAddress;
   * ```
   */
  static get(name: string, args: LookupOnHost, opts?: pulumi.CustomResourceOptions): VirtualMachine {
    return new VirtualMachine(name, args as VirtualMachineArgs, { ...opts, id: args.name ?? name });
  }

  constructor(name: string, args: VirtualMachineArgs, opts?: pulumi.CustomResourceOptions) {
    const { host, disks, cdroms, os, interfaces, graphics, cloudInit, ignition, answerFile, ...rest } = args;
    const on = onHost(host);
    super(
      "VirtualMachine",
      name,
      {
        ...rest,
        ...on,
        name: args.name ?? name,
        disks: disks === undefined ? undefined : each(disks, (disk: VmDisk) => unwrapDisk(disk, on.host)),
        os: os === undefined ? undefined : unwrapped(os).apply(unwrapOs),
        graphics: graphics === undefined ? undefined : withSecretPassword(graphics),
        cdroms: cdroms === undefined ? undefined : each(cdroms, unwrapCdrom),
        interfaces: interfaces === undefined ? undefined : each(interfaces, unwrapInterface),
        // Passwords and tokens may stand anywhere in them, so none of it is shown.
        cloudInit: cloudInit === undefined ? undefined : pulumi.secret(withPoolName(cloudInit)),
        ignition: ignition === undefined ? undefined : pulumi.secret(ignition),
        answerFile: answerFile === undefined ? undefined : pulumi.secret(withPoolName(answerFile)),
      },
      [
        "uuid",
        "state",
        "macAddresses",
        "ipAddresses",
        "ipAddress",
        "pendingRestart",
        "machineType",
        "lastMigration",
        "consolePath",
        "vncPort",
        "spicePort",
        "memory",
        "cpus",
      ],
      graphics === undefined
        ? opts
        : pulumi.mergeOptions({ additionalSecretOutputs: ["graphics"] }, opts ?? {}),
    );
    // In the state they are null: what is absent there would be unknown in a preview.
    for (const name of ["ipAddress", "lastMigration", "consolePath", "vncPort", "spicePort"] as const) {
      const output = this[name] as pulumi.Output<string | undefined>;
      Object.assign(this, { [name]: output.apply((value) => value ?? undefined) });
    }
  }
}

/** A list that is there isn't made an Output as a whole: a secret in one of its parts would make secrets of all. */
function each<T>(list: In<In<T>[]>, unwrap: (item: T) => unknown): pulumi.Output<unknown[]> {
  if (isYetToCome(list)) return unwrapped(list).apply((items) => each(items as In<T>[], unwrap));
  if (!Array.isArray(list)) return pulumi.output(list as unknown as unknown[]);
  return pulumi.all(list.map((item) => unwrappedItem(item, unwrap)));
}

function unwrappedItem<T>(item: In<T>, unwrap: (item: T) => unknown): pulumi.Output<unknown> {
  if (isYetToCome(item)) return unwrapped(item).apply((value) => unwrappedItem(value as In<T>, unwrap));
  return pulumi.output(isPlainObject(item) ? unwrap(item as T) : item) as pulumi.Output<unknown>;
}

/** What isn't an object is handed on as it is: the provider's validation names it. */
function isPlainObject(value: unknown): boolean {
  return (
    typeof value === "object" && value !== null && !Array.isArray(value) && !pulumi.Resource.isInstance(value)
  );
}

function withPoolName(input: In<CloudInit | AnswerFile>): pulumi.Output<unknown> {
  return unwrapped(input).apply((value) => {
    if (!isPlainObject(value)) return pulumi.output(value);
    const { pool, ...rest } = value as { pool?: In<StoragePool | string> };
    return pulumi.output(
      pool === undefined ? rest : { ...rest, pool: poolName(pool) },
    ) as pulumi.Output<unknown>;
  });
}

/** A password is one whether or not the program says so. What isn't an object is handed on as it is: the provider's validation names it. */
function withSecretPassword(graphics: In<VmGraphics>): unknown {
  if (isYetToCome(graphics)) return pulumi.output(graphics).apply(withSecretPassword);
  if (!isPlainObject(graphics) || graphics.password === undefined) return graphics;
  return { ...graphics, password: pulumi.secret(graphics.password) };
}
