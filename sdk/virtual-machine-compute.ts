import type { In, Size } from "./types.js";

/** How memory is plugged into a running guest, and out of it, beside what the balloon gives and takes. */
export interface VmMemoryHotplug {
  /**
   * `"dimm"`: modules. A guest is given one of what it lacks, in whole 128 MiB (Linux uses no smaller blocks), and one that it lets go of
   * is taken back. `"virtio-mem"`: one device of which the guest takes more or less, in whole 2 MiB; it needs Linux 5.8 or a recent
   * virtio-win in the guest, QEMU 5.1 and libvirt 7.9.
   */
  type: In<"dimm" | "virtio-mem">;
  /** How many modules there can be. Default 16. */
  slots?: In<number>;
  /**
   * `"virtio-mem"` only: what the guest boots with, and can't be taken from it but by the balloon. The rest of `memory` is taken from the
   * device. Default: `memory`, at most half of `maxMemory`.
   */
  bootMemory?: In<Size>;
}

/** A feature of the CPU beside those of its model. */
export interface VmCpuFeature {
  /** Such as `"aes"` or `"vmx"`. */
  name: In<string>;
  /** Default `"require"`. */
  policy?: In<"force" | "require" | "optional" | "disable" | "forbid">;
}

/** How the CPUs are laid out. Each count's default is 1; their product is `maxCpus`. */
export interface VmCpuTopology {
  sockets?: In<number>;
  dies?: In<number>;
  cores?: In<number>;
  threads?: In<number>;
}

/**
 * The CPU that the guest sees. All of it takes effect at its next boot.
 *
 * @example
 * ```ts
 * cpu: { model: "EPYC", features: ["aes", { name: "svm", policy: "disable" }], topology: { cores: 4, threads: 2 } }
 * ```
 */
export interface VmCpu {
  /**
   * `"host-model"` (default with KVM): a model as near to the host's as libvirt knows one. `"host-passthrough"`: the host's own, which
   * migrates to the like only; needs KVM. `"maximum"`: all that the hypervisor can. `"custom"`: `model`. Default under
   * emulation: QEMU's.
   */
  mode?: In<"host-passthrough" | "host-model" | "maximum" | "custom">;
  /** A model by its name in libvirt, such as `"Skylake-Server"`. */
  model?: In<string>;
  /** The host's CPU must be this vendor's. Needs `model`. */
  vendor?: In<"Intel" | "AMD" | "Hygon">;
  /** Features by name, which are required, or with a policy. */
  features?: In<In<string | VmCpuFeature>[]>;
  topology?: In<VmCpuTopology>;
  /** `"passthrough"`: the host's. `"emulate"`: one of a `level`. `"disable"`: none. */
  cache?: In<{ mode: In<"passthrough" | "emulate" | "disable">; level?: In<number> }>;
  /** With `"host-passthrough"` and `"maximum"`. `false`: features too that can't migrate. Default `true`. */
  migratable?: In<boolean>;
}

/** A NUMA node that the guest sees. */
export interface VmNumaCell {
  /** Its CPUs, `"0-3"`. Every CPU of the guest, up to `maxCpus`, is in one cell. */
  cpus: In<string | number>;
  /** All cells together have what the guest boots with. */
  memory: In<Size>;
  /** Whether other processes of the host see its memory. Default: as `memoryBacking.access`. */
  memAccess?: In<"shared" | "private">;
  /** To each cell in their order, 10 to itself. Default 20 to others. */
  distances?: In<In<number>[]>;
}

/**
 * Which CPUs of the host the guest runs on, and how much of them it gets. Sets of CPUs are written `"0-3,8"`. Pins apply live, limits too
 * where the host's kernel has the CPU controller; else they are saved for the next boot.
 */
export interface VmCpuTune {
  /** CPUs of the guest count from 0. */
  vcpuPins?: In<In<{ vcpu: In<number>; cpus: In<string | number> }>[]>;
  /** For what QEMU does beside running the guest's CPUs. */
  emulatorPin?: In<string | number>;
  /** I/O threads count from 1. */
  iothreadPins?: In<In<{ iothread: In<number>; cpus: In<string | number> }>[]>;
  /** Weight against others, when the host is busy. */
  shares?: In<number>;
  /** In microseconds: in each `period` each of the guest's CPUs runs for at most `quota`. */
  period?: In<number>;
  quota?: In<number>;
  /** In microseconds, of the whole of QEMU. */
  globalPeriod?: In<number>;
  globalQuota?: In<number>;
  /** In microseconds, of what QEMU does beside running the guest's CPUs. */
  emulatorPeriod?: In<number>;
  emulatorQuota?: In<number>;
  /** In microseconds, of each I/O thread. */
  iothreadPeriod?: In<number>;
  iothreadQuota?: In<number>;
}

/** What the guest's memory is made of on the host. All of it takes effect at the next boot. */
export interface VmMemoryBacking {
  /** `true`: pages of the host's default size; or sizes, for all of the guest or for some of its NUMA cells. The host must have them free. */
  hugePages?: In<boolean | In<{ size: In<Size>; nodeset?: In<string | number> }>[]>;
  /** The host swaps none of it out. Default `false`. */
  locked?: In<boolean>;
  /** The host doesn't merge its pages with others of the same content. Default `false`. */
  noSharePages?: In<boolean>;
  /** Default `"anonymous"`, or as huge pages need it. */
  source?: In<"anonymous" | "file" | "memfd">;
  /** `"shared"`: other processes of the host see it, as virtiofs and vhost-user need. Default `"private"`. */
  access?: In<"shared" | "private">;
  /** `"immediate"`: the host sets all of it aside when the guest starts. Default `"ondemand"`. */
  allocation?: In<"immediate" | "ondemand">;
  /** Its content is thrown away before a memory file is closed. Default `false`. */
  discard?: In<boolean>;
}

/** Limits of what QEMU takes of the host's memory. They apply live where the host's kernel has the memory controller; else at the next boot. */
export interface VmMemoryTune {
  /** Beyond it the kernel kills QEMU: more than the guest's memory by some hundred MiB, or none. */
  hardLimit?: In<Size>;
  /** What it is held to when the host is short of memory. */
  softLimit?: In<Size>;
  /** Memory and swap together. */
  swapHardLimit?: In<Size>;
}

/** Which of the host's NUMA nodes the guest's memory comes from. */
export interface VmNumaTune {
  /** Default `"strict"`. Next boot. */
  mode?: In<"strict" | "preferred" | "interleave" | "restrictive">;
  /** `"0-1"`. Live with mode `"strict"` where the host's kernel has the cpuset controller; else at the next boot. */
  nodeset: In<string | number>;
}
