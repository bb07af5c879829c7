import type * as pulumi from "@pulumi/pulumi";

/** A value, a promise of one, or another resource's output. */
export type In<T> = pulumi.Input<T>;

/** An object of which each part may come from another resource, or be a secret, by itself. */
export type InEach<T> = { [K in keyof T]: In<T[K]> };

/**
 * An amount of memory or storage: a string with a unit, or a whole number of bytes.
 *
 * Units are binary (`"512MiB"`, `"4 GiB"`, `"1.5TiB"`; `K`, `M`, `G`, `T` alone mean the same, as in qemu-img) or decimal
 * when they end in a bare `B` (`"20GB"` is 20,000,000,000 bytes). State holds bytes, so writing an amount another way is no change.
 */
export type Size = string | number;

/** A length of time with its unit: `"300ms"`, `"30s"`, `"5m"`, `"1h"`. */
export type Duration = string;

/** How a host is reached; none of it is secret. The part of {@link HostArgs} that other resources are handed. */
export interface Connection {
  address: string;
  port?: number;
  user?: string;
  identityFile?: string;
  agent?: boolean | string;
  proxyJump?: string;
  sshConfig?: string | false;
  knownHosts?: string;
  hostKey?: string;
  hostKeyPolicy?: "strict" | "acceptNew";
  libvirtSocket?: string;
  connectTimeout?: Duration;
  migrationAddress?: string;
}

/** The secret part of reaching a host. */
export interface Credentials {
  privateKey?: string;
  passphrase?: string;
}

/**
 * A host without a {@link Host} resource of its own. One that another stack exports (`export const alpha = new kvm.Host(...)`) is one as a
 * StackReference has it: `host: network.requireOutput("alpha")`.
 *
 * @example
 * ```ts
 * const alpha: kvm.HostRef = { name: "alpha", connection: { address: "alpha.example.net", user: "ops" } };
 * ```
 */
export interface HostRef {
  /** What messages call the host, and the key under which a resource on several hosts records it. */
  name: In<string>;
  connection: In<InEach<Connection>>;
  /** Kept as secrets, whether they are marked as such or not. */
  credentials?: In<InEach<Credentials>>;
}

/** How long each operation of a resource may take before it fails with the state that it reached. */
export interface Timeouts {
  create?: In<Duration>;
  update?: In<Duration>;
  delete?: In<Duration>;
}

/** A URL, or a file of this machine. */
export type FileSource = string | pulumi.asset.FileAsset | pulumi.asset.RemoteAsset;
