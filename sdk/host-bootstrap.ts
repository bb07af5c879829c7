import { createRequire } from "node:module";
import type { types } from "@pulumi/command";
import { remote } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { In } from "./types.js";

/** How a host is logged in to, as @pulumi/command has it; see there. It reads neither ~/.ssh/config nor known_hosts. */
export type BootstrapConnection = Omit<types.input.remote.ConnectionArgs, "hostKey"> & {
  /** The host's key, as `ssh-keyscan` prints it after the name: `"ssh-ed25519 AAAA..."`. A host that has another isn't logged in to. */
  hostKey: In<string>;
};

/** What a check has found; the same as in the JSON of `kvm doctor`. Texts are for people, and hold no secrets. */
export interface HostFinding {
  /** CHECK/HOST, and what tells it from others of these. */
  id: string;
  /** "kvm", "pools", "networks", ...: what was looked at. */
  check: string;
  /** "problem": something that VMs need doesn't work. "notice": good to know. */
  level: "unreachable" | "problem" | "notice" | "fine";
  host: string;
  /** The host to which the way leads that was looked at. */
  peer?: string | undefined;
  what: string;
  /** Why it matters; absent where all is fine. */
  why?: string | undefined;
  /** What puts it right, and where: a host's name, "here" or "program". */
  fix?: { on: string; commands: string[] } | undefined;
}

/** Inputs of a {@link HostBootstrap}. */
export interface HostBootstrapArgs {
  /** Root, or a user who may `sudo` without a password. `privateKey` and the like are secrets. */
  connection: BootstrapConnection;
  /** A user who is to manage VMs without being root: a member of the group libvirt. Default: the user of `connection`. */
  member?: In<string>;
  /** A storage pool for VMs' disks, a folder. Default: `"default"` at /var/lib/libvirt/images. `false`: none. One of that name that is there stays where it is. */
  pool?: In<false | { name?: In<string>; path?: In<string> }>;
  /**
   * A bridge for guests, without an address of the host. `port`: a network device that is to be in it; one that has an address is refused, since the
   * connection might go with it. Kept by NetworkManager, systemd-networkd or ifupdown, whichever is there. Default: none.
   */
  bridge?: In<{ name: In<string>; port?: In<string> }>;
  /** UEFI for guests. Default true. */
  firmware?: In<boolean>;
  /** TPMs for guests (swtpm). Default true. */
  tpm?: In<boolean>;
  /** Whenever one of them changes, it is looked at again whether all is as it should be. */
  triggers?: In<In<unknown>[]>;
}

/**
 * Makes a bare Debian, Ubuntu, Fedora or RHEL-like machine fit for VMs: packages (libvirt, QEMU, what images are made with), the group libvirt, daemons, a storage pool, a bridge if asked for. By one
 * command over SSH (@pulumi/command, whose plugin Pulumi then downloads), as root or by `sudo`. What is as it should be is left alone: on a host that is
 * fit nothing is changed, and no running VM notices.
 *
 * It was tried on Debian 12 and 13 and on Ubuntu 24.04 and 26.04, with their own packages and daemons. Of Fedora and RHEL dnf and rpm were tried, with
 * empty packages of the right names; whether the daemons start there wasn't.
 *
 * It runs when it is created, when an input changes, and when `triggers` do; a host that somebody has changed since isn't noticed by a preview (`kvm doctor`
 * does). Deleting it takes nothing off the host.
 *
 * Errors, from the host: a distribution that isn't known; packages that can't be installed; a daemon that doesn't start; a bridge's port that is missing or
 * has an address. Run again it goes on where it was.
 *
 * Let `Host` have its `address`: what is declared on that host then waits until it is fit, and previews before don't look for it.
 *
 * @example
 * ```ts
 * const login = { user: "root", privateKey: config.requireSecret("privateKey") };
 * const hostKey = "ssh-ed25519 AAAA...";
 * const bare = new kvm.HostBootstrap("alpha", { connection: { host: "alpha.example.net", hostKey, ...login } });
 * const alpha = new kvm.Host("alpha", { address: bare.address, hostKey, ...login });
 * ```
 */
export class HostBootstrap extends pulumi.ComponentResource {
  /** `connection.host`, known once the host is fit. */
  declare readonly address: pulumi.Output<string>;
  /** Such as "Debian GNU/Linux 12 (bookworm)". */
  declare readonly distribution: pulumi.Output<string>;
  /** What the last run has changed, a line each; empty when nothing. */
  declare readonly changes: pulumi.Output<string[]>;
  /** What it couldn't do, and what won't last. */
  declare readonly notes: pulumi.Output<string[]>;
  /** What `kvm doctor` says of the host, as far as the host itself knows, as of the last run. */
  declare readonly findings: pulumi.Output<HostFinding[]>;
  /** Whether there is no finding that prevents anything. */
  declare readonly fit: pulumi.Output<boolean>;

  constructor(name: string, args: HostBootstrapArgs, opts: pulumi.ComponentResourceOptions = {}) {
    super("kvm:index:HostBootstrap", name, {}, opts);
    // Only a program that uses this loads what the host is to run.
    const provider = createRequire(import.meta.url)(PROVIDER) as typeof import("../provider/index.js");
    const { connection, member, pool, bridge, firmware = true, tpm = true, triggers } = args;
    const command = pulumi
      .output({ member, pool, bridge, firmware, tpm })
      .apply((inputs) => provider.bootstrapCommand(provider.bootstrapSettings(name, inputs)));
    const run = new remote.Command(
      name,
      {
        connection,
        ...{ create: command.create, stdin: command.stdin },
        ...(triggers === undefined ? {} : { triggers: triggers as pulumi.Input<unknown[]> }),
        // What the programs there print; the rest is for this component.
        logging: remote.Logging.Stderr,
        addPreviousOutputInEnv: false,
      },
      { parent: this },
    );
    const result = run.stdout.apply((stdout) => provider.readBootstrap(name, stdout));
    this.address = pulumi.all([connection.host, run.stdout]).apply(([host]) => host);
    this.distribution = result.distribution;
    this.changes = result.changes;
    this.notes = result.notes;
    this.findings = result.findings;
    this.fit = result.fit;
    const { address, distribution, changes, notes, findings, fit } = this;
    this.registerOutputs({ address, distribution, changes, notes, findings, fit });
  }
}

const PROVIDER = "pulumi-kvm/provider";
