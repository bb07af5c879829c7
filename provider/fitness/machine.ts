import { type DistributionFamily, familyOf } from "./distribution.js";
import { type ImageProgram, imagePrograms } from "./tools.js";

/** A service or socket of systemd. */
export interface Unit {
  name: string;
  isLoaded: boolean;
  isActive: boolean;
  /** Started with the host. */
  isEnabled: boolean;
}

/** What a host says of itself without libvirt. */
export interface MachineFacts {
  distribution: { name: string; family: DistributionFamily };
  architecture: string;
  kernel: string;
  user: {
    name: string;
    isRoot: boolean;
    groups: string[];
    /** Whether `sudo` does without a password; undefined for root. */
    sudo: "free" | "asks" | "absent" | undefined;
  };
  /** libvirt's sockets that are there, and whether this user may use them. */
  sockets: { path: string; isUsable: boolean }[];
  /** Of the daemons that virtqemud asks where there is one for each driver: those without a socket, and whether they are installed. */
  missingDrivers: { daemon: string; isInstalled: boolean }[];
  hasSystemd: boolean;
  units: Unit[];
  /** libvirt's programs that are installed, with their versions. */
  daemons: { name: string; version: string }[];
  /** Those that run. */
  running: string[];
  qemuVersion: string | undefined;
  /** Where libvirt's host UUID comes from; `fleeting`: it makes one at each start. Undefined where its configuration can't be read. */
  hostUuid: "configured" | "firmware" | "fleeting" | undefined;
  kvm: {
    device: "usable" | "denied" | "driverless" | "absent";
    /** As `stat` says it: "660 root kvm". */
    mode: string | undefined;
    /** "kvm_intel", "kvm_amd"; undefined while none is loaded. */
    module: string | undefined;
    /** What the CPU says it can. */
    extension: "vmx" | "svm" | undefined;
    /** The host itself is a guest. */
    isGuest: boolean;
    /** Whether guests may have KVM; undefined where there is no such setting. */
    nested: boolean | undefined;
  };
  cpuName: string;
  iommu: { units: number; groups: number };
  hasFirmware: boolean;
  hasSwtpm: boolean;
  /** What the kernel lacks for limits of bandwidth; undefined where its configuration can't be read. */
  missingForShaping: string[] | undefined;
  /** Of those that images are made with. */
  programs: ImageProgram[];
  tls: { folder: string; files: string[]; isUnreadable: boolean; until: Date | undefined };
  hostname: string;
  addresses: string[];
  clock: {
    /** Seconds since 1970, as the host has it, when it began and when it ended to answer. */
    first: number;
    last: number;
    isSynchronised: boolean | undefined;
    /** Whether something is installed that could keep it right. */
    hasKeeper: boolean;
  };
  /** The TCP ports that QEMU waits on for VMs that come. */
  migrationPorts: { low: number; high: number };
  /** Packages can be installed only once their lists have been fetched. */
  isUnlisted: boolean;
  /** A program that can listen on a port. */
  listener: string | undefined;
}

/** libvirt's own, where qemu.conf says nothing else. */
const DEFAULT_MIGRATION_PORTS = { low: 49_152, high: 49_215 };

/** Reads what {@link factsScript} has printed. Lines that mean nothing are left out. */
export function parseMachine(text: string): MachineFacts {
  const values = new Map<string, string[]>();
  for (const line of text.split("\n")) {
    const cut = line.indexOf("=");
    if (cut <= 0) continue;
    const key = line.slice(0, cut);
    values.set(key, [...(values.get(key) ?? []), line.slice(cut + 1).trim()]);
  }
  const all = (key: string) => (values.get(key) ?? []).filter((value) => value !== "");
  const one = (key: string): string | undefined => all(key)[0];
  const words = (key: string) => (one(key) ?? "").split(/\s+/).filter((word) => word !== "");
  const nested = one("kvm.nested");
  const synchronised = one("clock.synchronised");
  const until = Date.parse(one("tls.until") ?? "");
  const clocks = all("clock").map(Number.parseFloat);
  const flags = all("cpu.flag");
  return {
    distribution: {
      name: one("os.name") ?? one("os.id") ?? "unknown",
      family: familyOf([one("os.id") ?? "", ...words("os.like")]),
    },
    architecture: one("architecture") ?? "unknown",
    kernel: one("kernel") ?? "unknown",
    user: {
      name: one("user") ?? "unknown",
      isRoot: one("uid") === "0",
      groups: words("groups"),
      sudo: oneOf(one("sudo"), ["free", "asks", "absent"]),
    },
    sockets: all("socket").map((value) => ({
      path: value.replace(/^\S+\s+/, ""),
      isUsable: value.startsWith("usable "),
    })),
    missingDrivers: all("driver").map((value) => ({
      daemon: value.replace(/^\S+\s+/, ""),
      isInstalled: value.startsWith("halted "),
    })),
    hasSystemd: one("systemd") === "yes",
    units: all("unit").map(unitOf),
    daemons: all("daemon").map((value) => {
      const [name = "", version = ""] = value.split(" ");
      return { name, version };
    }),
    running: all("running"),
    qemuVersion: one("qemu"),
    hostUuid: oneOf(one("uuid"), ["configured", "firmware", "fleeting"]),
    kvm: {
      device: oneOf(one("kvm.device"), ["usable", "denied", "driverless", "absent"]) ?? "absent",
      mode: one("kvm.mode"),
      module: one("kvm.module"),
      extension: flags.includes("vmx") ? "vmx" : flags.includes("svm") ? "svm" : undefined,
      isGuest: flags.includes("hypervisor"),
      nested: nested === undefined ? undefined : /^[1Yy]/.test(nested),
    },
    cpuName: one("cpu.name") ?? "unknown",
    iommu: { units: Number(one("iommu.units") ?? 0), groups: Number(one("iommu.groups") ?? 0) },
    hasFirmware: one("firmware") !== undefined,
    hasSwtpm: one("swtpm") === "yes",
    missingForShaping: one("shaping") === undefined ? undefined : all("shaping.missing"),
    programs: imagePrograms.filter((program) => all("program").includes(program)),
    tls: {
      folder: one("tls.folder") ?? "/etc/pki/qemu",
      files: all("tls.file").filter((file) => file !== "unreadable"),
      isUnreadable: all("tls.file").includes("unreadable"),
      until: Number.isNaN(until) ? undefined : new Date(until),
    },
    hostname: one("hostname") ?? "unknown",
    addresses: all("address"),
    clock: {
      first: clocks[0] ?? Number.NaN,
      last: clocks.at(-1) ?? Number.NaN,
      isSynchronised: synchronised === undefined ? undefined : synchronised === "yes",
      hasKeeper: one("clock.keeper") !== "no",
    },
    migrationPorts: {
      low: Number(one("ports.low") ?? DEFAULT_MIGRATION_PORTS.low),
      high: Number(one("ports.high") ?? DEFAULT_MIGRATION_PORTS.high),
    },
    isUnlisted: one("packages") === "unlisted",
    listener: one("listener"),
  };
}

function unitOf(value: string): Unit {
  const [name = "", load, active, enabled] = value.split(" ");
  return {
    name,
    isLoaded: load === "loaded",
    isActive: active === "active",
    isEnabled: ["enabled", "enabled-runtime", "static", "indirect", "alias"].includes(enabled ?? ""),
  };
}

function oneOf<T extends string>(value: string | undefined, choices: readonly T[]): T | undefined {
  return choices.find((choice) => choice === value);
}
