import type { Duration, In } from "./types.js";

/**
 * A device of the host that the guest has for itself. Plugged in and out live. The guest can't migrate as long as it has one.
 *
 * `type: "pci"`: `address` as lspci prints it; unless `managed` is `false`, libvirt takes it from the host's driver and gives it back
 * afterwards. `"usb"`: `vendor` and `product` as lsusb prints them, or `bus` and `device`, which change whenever it is plugged in.
 * `"mediated"`: `uuid` of a device that mdevctl made.
 */
export interface VmHostDevice {
  type: In<"pci" | "usb" | "mediated">;
  address?: In<string>;
  /** Default `true`. */
  managed?: In<boolean>;
  vendor?: In<string>;
  product?: In<string>;
  bus?: In<number>;
  device?: In<number>;
  uuid?: In<string>;
  /** Default `"vfio-pci"`. */
  model?: In<"vfio-pci" | "vfio-ccw" | "vfio-ap">;
}

/** A source of randomness for the guest. */
export interface VmRng {
  /** The device of the host that it comes from. Default `"/dev/urandom"`. */
  source?: In<"/dev/urandom" | "/dev/random" | "/dev/hwrng">;
  /** How many bytes the guest may take in each `period`. Default: no limit. */
  bytes?: In<number>;
  /** Default `"1s"`. Needs `bytes`. */
  period?: In<Duration>;
}

/**
 * A folder of the host that the guest mounts. Next boot: libvirt can't be trusted to plug one into a running guest. The guest can't migrate as
 * long as it has one.
 *
 * With `"virtiofs"` a daemon on the host reads and writes the guest's memory, which is therefore shared: `memoryBacking` becomes
 * `{ source: "memfd", access: "shared" }` unless it is declared, and must say `access: "shared"` if it is.
 */
export interface VmFilesystem {
  /** Absolute path on the host. */
  source: In<string>;
  /** By what the guest mounts it, `mount -t virtiofs TARGET /mnt`: at most 36 bytes, 31 with `"9p"`. */
  target: In<string>;
  /** Default `"virtiofs"`. `"9p"` is slower and needs no daemon. */
  driver?: In<"virtiofs" | "9p">;
  /** How owners and modes are kept on the host, with `"9p"`. Default `"passthrough"`. */
  accessMode?: In<"passthrough" | "mapped" | "squash">;
  /** The guest can't write to it; `"9p"` alone. Default `false`. */
  readonly?: In<boolean>;
}

/** A line between guest and host beside the console: a virtio-serial port of that name in the guest, a UNIX socket on the host. */
export interface VmChannel {
  name: In<string>;
  /** Absolute path of the socket. Default: one that libvirt makes. */
  path?: In<string>;
}
