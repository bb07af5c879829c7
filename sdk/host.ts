import * as pulumi from "@pulumi/pulumi";
import { hostsAhead } from "./hosts-ahead.js";
import { hasType, KvmResource, typeOf } from "./resource.js";
import type { Connection, Credentials, Duration, In, Size } from "./types.js";

/**
 * How to reach a host, and what may run there. Settings that aren't given come from OpenSSH's own configuration, as for `ssh ADDRESS`.
 */
export interface HostArgs {
  /** DNS name, IP address, an alias from `~/.ssh/config`, or `"local"` for this machine's own libvirt (no SSH). */
  address: In<string>;
  /** TCP port of sshd. Default: ssh's configuration, else 22. */
  port?: In<number>;
  /** Login name. Needs access to libvirt: root, or a member of the group `libvirt`. Default: ssh's configuration, else the local user. */
  user?: In<string>;
  /** Private key, as text in OpenSSH or PEM form. Kept as a secret. */
  privateKey?: In<string>;
  /** Passphrase of the private key or of `identityFile`. Kept as a secret. */
  passphrase?: In<string>;
  /** Path of a private key file on the machine that runs Pulumi. */
  identityFile?: In<string>;
  /** `false`: don't ask an ssh agent. A string: the agent's socket. Default: `SSH_AUTH_SOCK` or ssh's configuration. */
  agent?: In<boolean | string>;
  /** Jump hosts, `[user@]host[:port]`, several separated by commas; each is verified as any host. */
  proxyJump?: In<string>;
  /** Path of an OpenSSH client configuration to read instead of the usual ones; `false` reads none. */
  sshConfig?: In<string | false>;
  /** Path of the known_hosts file. Default: ssh's configuration, else `~/.ssh/known_hosts`. */
  knownHosts?: In<string>;
  /** The one host key to accept: `"ssh-ed25519 AAAA..."` or `"SHA256:..."`. Overrides known_hosts. */
  hostKey?: In<string>;
  /** `"strict"` (default) refuses a host key that isn't known. `"acceptNew"` records an unknown one; a changed one is refused always. */
  hostKeyPolicy?: In<"strict" | "acceptNew">;
  /** Path of libvirt's socket on the host. Default: virtqemud's, else libvirtd's. */
  libvirtSocket?: In<string>;
  /** Bound on connecting: name look-up, jump hosts, handshake and login together. Default `"10s"`. */
  connectTimeout?: In<Duration>;
  /** Free-form labels, for the program's own use. */
  labels?: In<Record<string, In<string>>>;
  /** Marks a host as being serviced. Recorded only. */
  maintenance?: In<boolean>;
  /** Address at which other hosts reach this one for migrations. Default: the address that ssh connects to. */
  migrationAddress?: In<string>;
  /** Memory kept free of VMs. Recorded only. */
  reservedMemory?: In<Size>;
  /** CPUs kept free of VMs. Recorded only. */
  reservedCpus?: In<number>;
}

/**
 * A machine that runs libvirt and QEMU. The resource is a way to reach it and a record of what it is: creating one installs
 * nothing, deleting one touches nothing on the host. An update never affects a running guest.
 *
 * A host is recognised by libvirt's host UUID. Address, user and keys are only how to get there, so changing them moves nothing.
 *
 * Errors: an unknown or changed host key (with its fingerprint and the line to add), login refused (with the methods that were
 * tried), unreachable, timed out, no libvirt behind the socket. In a preview an unreachable host is a warning.
 *
 * @example
 * ```ts
 * const alpha = new kvm.Host("alpha", { address: "alpha.example.net" });
 * const beta = new kvm.Host("beta", { address: "192.0.2.12", user: "ops", proxyJump: "bastion.example.net" });
 * ```
 */
export class Host extends KvmResource {
  /** @internal */
  static readonly __pulumiType = typeOf("Host");
  /** Whether a value is a `Host`, also one of another copy of this package; policy packs ask so too. */
  static override isInstance(value: unknown): value is Host {
    return hasType(value, Host.__pulumiType);
  }

  /** The name of this resource, by which others refer to the host. */
  declare readonly name: pulumi.Output<string>;
  declare readonly connection: pulumi.Output<Connection>;
  /** Secret. */
  declare readonly credentials: pulumi.Output<Credentials>;
  /** As declared. */
  declare readonly labels: pulumi.Output<Record<string, string> | undefined>;
  /** As declared. */
  declare readonly maintenance: pulumi.Output<boolean | undefined>;
  /** libvirt's host UUID: the identity of the machine. */
  declare readonly uuid: pulumi.Output<string>;
  /** What the host calls itself. */
  declare readonly hostname: pulumi.Output<string>;
  /** Name of the CPU model as libvirt detects it, for instance `"EPYC-Milan"`. */
  declare readonly cpuModel: pulumi.Output<string>;
  /** Logical CPUs. */
  declare readonly cpus: pulumi.Output<number>;
  /** Memory of the machine. */
  declare readonly memoryBytes: pulumi.Output<number>;
  /** For instance `"9.0.0"`. */
  declare readonly libvirtVersion: pulumi.Output<string>;
  /** For instance `"7.2.22"`. */
  declare readonly qemuVersion: pulumi.Output<string>;
  /** Machine types that QEMU offers for the host's own architecture, versioned names only. */
  declare readonly machineTypes: pulumi.Output<string[]>;
  /** Whether guests can use hardware virtualisation. */
  declare readonly kvm: pulumi.Output<boolean>;

  /**
   * Reads a host of which another program has the Host, in previews as well, so that its outputs are known there. An unreachable host is an
   * error.
   *
   * @example
   * ```ts
   * const alpha = kvm.Host.get("alpha", { address: "alpha.example.net" });
   * export const memoryBytes = alpha.memoryBytes;
   * ```
   */
  static get(name: string, args: HostArgs, opts?: pulumi.CustomResourceOptions): Host {
    return new Host(name, args, { ...opts, id: name });
  }

  constructor(name: string, args: HostArgs, opts?: pulumi.CustomResourceOptions) {
    const { privateKey, passphrase, labels, maintenance, reservedMemory, reservedCpus, ...connection } = args;
    const credentials = { privateKey, passphrase };
    // What something else comes before isn't fit to be reached yet.
    const mayComeAhead = opts?.id === undefined && opts?.dependsOn === undefined;
    super(
      "Host",
      name,
      {
        name,
        connection,
        credentials: pulumi.secret(credentials),
        hostsAhead: mayComeAhead ? pulumi.secret(hostsAhead({ name, connection, credentials })) : undefined,
        labels,
        maintenance,
        reservedMemory,
        reservedCpus,
      },
      [
        "uuid",
        "hostname",
        "cpuModel",
        "cpus",
        "memoryBytes",
        "libvirtVersion",
        "qemuVersion",
        "machineTypes",
        "kvm",
      ],
      opts,
    );
  }
}
