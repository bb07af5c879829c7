import type * as pulumi from "@pulumi/pulumi";
import { poolName } from "./disk.js";
import { sourceOf } from "./file-source.js";
import type { Host } from "./host.js";
import { hasType, KvmResource, typeOf } from "./resource.js";
import { hostsOf, type StoragePool } from "./storage-pool.js";
import type { FileSource, HostRef, In, Timeouts } from "./types.js";

/** A disk image that VMs begin with, on one host or on many. */
export interface ImageArgs {
  /** The host to have it. Give this or `hosts`. */
  host?: In<Host | HostRef>;
  /** The hosts to have it. Adding one fetches it there, taking one away removes it there, unless it is in use. */
  hosts?: In<In<Host | HostRef>[]>;
  /** The pool, as a resource or by libvirt's name; the same name on all hosts, of type dir, fs or netfs. Changing it replaces the image. */
  pool: In<StoragePool | string>;
  /**
   * An https or http URL, which each host downloads by itself (curl or wget, with the host's own proxy settings; through this machine where a host
   * can't), or a file of this machine: its path, absolute or from the program's folder, or a `pulumi.asset.FileAsset`.
   *
   * qcow2 or raw, also compressed with gzip, xz, zstd or bzip2: it is kept decompressed. Other formats need `format`. A qcow2 that refers to other
   * files (backing file, external data file) is refused: QEMU would open them on the host.
   */
  source: In<FileSource>;
  /** Of an archive (an OVA or another tar): the file in it that is the image. {@link ova} lists them. */
  member?: In<string>;
  /** SHA-256 sum of `source` as it is downloaded, so before decompression. It is verified before the image gets its name. */
  sha256?: In<string>;
  /** SHA-512 sum of `source`, instead of `sha256`. */
  sha512?: In<string>;
  /**
   * URL of a list of sums, such as SHA256SUMS (as sha256sum, sha512sum or BSD's tools write it), with a line for the source's file name, instead of
   * `sha256`. What it says first is kept; signatures aren't verified.
   */
  checksumUrl?: In<string>;
  /**
   * What the image is to be on the host. qemu-img there converts (VMDK, VHDX, VDI, VHD, ...). Default: qcow2 and raw stay what they are, others are refused.
   * A VHD of fixed size begins with the disk itself, and counts as raw: its footer of 512 bytes is the disk's last sector then.
   */
  format?: In<"qcow2" | "raw">;
  /**
   * Any text. Without a checksum of its own an image keeps the content that was first found at its source, whatever is there later; a changed `revision`
   * looks again. Default: none.
   */
  revision?: In<string | number>;
  /** First part of the volume's name; what is in the image is the second. Default: the resource's name. Changing it replaces the image. */
  name?: In<string>;
  /** Leave the volume on the hosts when this resource, or a host of it, is deleted. Default `false`. */
  retainOnDelete?: In<boolean>;
  /** Take over a volume of the same name and content that was put there by other means. Default `false`: it is refused, by name. */
  adopt?: In<boolean>;
  timeouts?: In<Timeouts>;
}

/**
 * A disk image on one host or on many, for VMs to begin with: `disks: [{ image, pool }]` is a thin copy-on-write layer over it.
 *
 * Its volume is named by its content, `<name>-<16 digits of the checksum>`, and only whole, verified files have such a name: an image is downloaded once a
 * host, whoever asks for it, and an update to another content never touches what running guests stand on. The old content goes when nothing is
 * based on it any more. No update of an image is felt by a guest.
 *
 * Without `sha256`, `sha512` or `checksumUrl` whoever answers under the URL is trusted (a warning says so), once: what came first stays.
 *
 * Errors: a checksum that differs (both are named, nothing is kept); without one a qcow2 image that `qemu-img check` finds damaged; a source that isn't there,
 * is no image, or refers to other files; no room in the pool; no qemu-img for a conversion; a volume of that name that something else made (named; `adopt`
 * takes it over); deleting it while a disk is based on it (named).
 *
 * @example
 * ```ts
 * const debian = new kvm.Image("debian-12", {
 *   hosts: [alpha, beta],
 *   pool: images,
 *   source: "https://cloud.debian.org/images/cloud/bookworm/latest/debian-12-genericcloud-amd64.qcow2",
 *   checksumUrl: "https://cloud.debian.org/images/cloud/bookworm/latest/SHA512SUMS",
 * });
 * const web = new kvm.VirtualMachine("web", {
 *   host: alpha,
 *   memory: "2GiB",
 *   disks: [{ image: debian, size: "20GiB", pool: images }],
 * });
 * ```
 */
export class Image extends KvmResource {
  /** @internal */
  static readonly __pulumiType = typeOf("Image");
  /** Whether a value is an `Image`, also one of another copy of this package; policy packs ask so too. */
  static override isInstance(value: unknown): value is Image {
    return hasType(value, Image.__pulumiType);
  }

  /** First part of the volume's name. */
  declare readonly name: pulumi.Output<string>;
  /** libvirt's name of the pool. */
  declare readonly pool: pulumi.Output<string>;
  /** libvirt's name of the volume, the same on every host. */
  declare readonly volume: pulumi.Output<string>;
  /** Path of the volume, by host name. */
  declare readonly paths: pulumi.Output<Record<string, string>>;
  /** Size that a guest sees. */
  declare readonly sizeBytes: pulumi.Output<number>;
  /** `"qcow2"` or `"raw"`. */
  declare readonly volumeFormat: pulumi.Output<string>;
  /** What the source is known by, `"sha256:..."` or `"sha512:..."`: as declared, listed, or found when it was fetched. */
  declare readonly checksum: pulumi.Output<string>;

  constructor(name: string, args: ImageArgs, opts?: pulumi.CustomResourceOptions) {
    const { host, hosts, pool, source, ...rest } = args;
    super(
      "Image",
      name,
      {
        ...rest,
        ...hostsOf("Image", name, host, hosts),
        pool: poolName(pool),
        source: sourceOf(source),
        name: args.name ?? name,
      },
      ["volume", "paths", "sizeBytes", "volumeFormat", "checksum"],
      opts,
    );
  }
}
