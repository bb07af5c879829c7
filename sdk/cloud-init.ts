import type { StoragePool } from "./storage-pool.js";
import type { In } from "./types.js";

/** A user account that cloud-init makes. */
export interface CloudInitUser {
  /** Login name. `"default"` isn't one: see {@link CloudInit.defaultUser}. */
  name: In<string>;
  /** Full name, or any comment. */
  gecos?: In<string>;
  /** Numeric id. Default: the next free one. */
  uid?: In<number>;
  /** Default: a group of the user's own name. */
  primaryGroup?: In<string>;
  /** Further groups, which must exist in the image, such as `["sudo"]`. */
  groups?: In<In<string>[]>;
  /** Home folder. Default: `/home/<name>`. */
  home?: In<string>;
  /** Login shell, an absolute path. */
  shell?: In<string>;
  /** `true`: anything, without a password. Or a rule as in sudoers (without the name), or several. Default: none. */
  sudo?: In<boolean | string | In<string>[]>;
  /** Public keys that may log in as this user, each as a line of authorized_keys. */
  sshAuthorizedKeys?: In<In<string>[]>;
  /** Don't let the user log in with a password. Default: `true`, but `false` where a password is given. */
  lockPassword?: In<boolean>;
  /** A password's hash as in `/etc/shadow`, from `mkpasswd --method=sha512crypt`. */
  hashedPassword?: In<string>;
  /** A password in plain. Anybody who is root in the guest or on its host can read it. */
  password?: In<string>;
}

/** A file that cloud-init writes. */
export interface CloudInitFile {
  /** Absolute path in the guest. Folders on the way are made. */
  path: In<string>;
  content: In<string>;
  /** `"text"` (default), or `"base64"` for bytes. */
  encoding?: In<"text" | "base64">;
  /** Mode in octal digits. Default `"0644"`. */
  permissions?: In<string>;
  /** `"user"` or `"user:group"`. Default `"root:root"`. */
  owner?: In<string>;
  /** Add to what is there instead of replacing it. Default `false`. */
  append?: In<boolean>;
  /** Write it in cloud-init's last stage, when users and packages are there. Default `false`. */
  defer?: In<boolean>;
}

/**
 * What a guest is told at its first boot: a small ISO volume, the seed, that cloud-init in the guest (or cloudbase-init in Windows) looks
 * for. The provider writes it itself, stores it in the VM's pool under a name made of its content, and attaches it as a read-only CD-ROM.
 *
 * Typed inputs become a `#cloud-config`; or give `userData`, which is passed on as it is.
 *
 * An update writes another volume and attaches it; the running guest goes on with the old one and sees the new one at its next boot (see
 * `restartPolicy`). What cloud-init does with it there is its own rule: what it does once an instance (users, packages, `runcmd`) is done
 * again only if the instance-id has changed to one that the guest has never had, see {@link newInstanceOnChange}. The preview says which it is.
 * Taken away, the guest finds no seed at its next boot: with most images cloud-init then does nothing, with some it takes the guest for a new
 * instance without any settings, and makes new SSH host keys for it.
 *
 * All of it is a secret in the state. Previews, messages and file names show a digest of the content only. On the host the seed is a file that
 * root (and libvirt) can read; in the guest, root.
 *
 * Errors, at preview, each with its path and without the value: user data that cloud-init would pass over (a header that it doesn't know), or
 * that isn't YAML; `userData` beside inputs that would have to be written into it; keys that are none, a private key first of all; a network
 * configuration without version; a pool that isn't there.
 *
 * @example
 * ```ts
 * const web = new kvm.VirtualMachine("web", {
 *   host: alpha,
 *   memory: "2GiB",
 *   disks: [{ size: "20GiB", pool: images, backing: debian }],
 *   interfaces: [{ network: lan }],
 *   cloudInit: {
 *     hostname: "web",
 *     sshAuthorizedKeys: [publicKey],
 *     packages: ["nginx", "qemu-guest-agent"],
 *     runcmd: ["systemctl enable --now qemu-guest-agent"],
 *   },
 * });
 * ```
 */
export interface CloudInit {
  /**
   * Where the guest looks. `"noCloud"` (default): a volume `cidata` with `user-data`, `meta-data` and so on. `"configDrive"`: a volume
   * `config-2` with OpenStack's files, which every cloudbase-init knows.
   */
  datasource?: In<"noCloud" | "configDrive">;
  /** Host name, without a domain. Default: the VM's name, where that is one. */
  hostname?: In<string>;
  /** Host name with its domain, `"web.example.net"`. Begins with `hostname` where both are given. */
  fqdn?: In<string>;
  /** Users to make. */
  users?: In<In<CloudInitUser>[]>;
  /** Whether the image's own user (`debian`, `ubuntu`, ...) is made too. Default `true`. */
  defaultUser?: In<boolean>;
  /** Public keys that may log in as the image's default user. */
  sshAuthorizedKeys?: In<In<string>[]>;
  /** Whether sshd takes passwords. Default: the image's own setting. */
  sshPasswordLogin?: In<boolean>;
  /** Packages to install, by the names of the guest's package manager. */
  packages?: In<In<string>[]>;
  /** Fetch the lists of packages first. Default: only where `packages` are given. */
  packageUpdate?: In<boolean>;
  /** Upgrade all packages. Default `false`. */
  packageUpgrade?: In<boolean>;
  /** Commands early in every boot, each a line for the shell, or a list: the program and its arguments. */
  bootcmd?: In<In<string | In<string>[]>[]>;
  /** Commands at the end of the first boot, in the same form. */
  runcmd?: In<In<string | In<string>[]>[]>;
  /** Files to write. */
  writeFiles?: In<In<CloudInitFile>[]>;
  /** Lines for fstab, each a list of its fields: `["vdb", "/srv", "ext4"]`. */
  mounts?: In<In<In<string>[]>[]>;
  /** `"Europe/Berlin"`. */
  timezone?: In<string>;
  /** `"en_GB.UTF-8"`. */
  locale?: In<string>;
  /** Further keys of cloud-config in cloud-init's own names, for what has no input here: `{ ntp: { enabled: true } }`. */
  cloudConfig?: In<Record<string, unknown>>;
  /**
   * The user data itself: `#cloud-config`, a script (`#!`), a MIME archive, or anything else that cloud-init or cloudbase-init knows; at
   * most 4 MiB. It takes the place of all inputs that would be written into it; `hostname`, `fqdn` and `sshAuthorizedKeys` then are
   * meta-data.
   */
  userData?: In<string>;
  /** Further keys of meta-data. */
  metaData?: In<Record<string, unknown>>;
  /**
   * Network configuration, netplan's version 2 (or cloud-init's version 1), as an object or as YAML. Default: none, then cloud-init asks for
   * an address by DHCP. cloud-init applies it once an instance: a changed one changes nothing in the guest without {@link newInstanceOnChange}, unless
   * cloud-init's `updates` are set up for it. Not for `"configDrive"`.
   */
  networkConfig?: In<string | Record<string, unknown>>;
  /** Vendor data: cloud-config as an object, or a text in any form that user data may have. */
  vendorData?: In<string | Record<string, unknown>>;
  /** The instance-id. Default: the VM's UUID. For guests that are taken over with an instance-id that they know already. */
  instanceId?: In<string>;
  /**
   * `false` (default): the instance-id stays when the seed changes, so cloud-init applies what it applies at every boot, and nothing else.
   * `true`: the instance-id follows the content, so that after a change cloud-init runs as on a first boot: users, keys, packages and
   * `runcmd` again, and new SSH host keys. Back to a content that the guest has had already, they don't run.
   */
  newInstanceOnChange?: In<boolean>;
  /** Pool that holds the seed. Default: that of the VM's first disk. */
  pool?: In<StoragePool | string>;
  /**
   * What the CD-ROM is connected to. `"scsi"`: virtio's controller, which every Linux image made for clouds has a driver for. `"sata"`: what
   * Windows has a driver for; kernels made for clouds (Debian's `genericcloud`) don't. Default: `"scsi"`; for `"configDrive"` and for
   * `os.type` `"windows"` `"sata"`, or IDE on machines of type `"pc"`.
   */
  bus?: In<"scsi" | "sata">;
}
