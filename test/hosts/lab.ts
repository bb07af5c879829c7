import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { mustRun } from "./command.js";
import { LabHost } from "./host.js";

const script = fileURLToPath(new URL("hosts.sh", import.meta.url));

/** What a lab is made of. */
export interface LabOptions {
  /** How many hosts (alpha, beta, gamma, ...) or their names. Default 2. */
  hosts?: number | readonly string[];
  /** A folder that all hosts see at `Lab.sharedPath`. */
  sharedFolder?: boolean;
  /** Start of the name of the lab's folder. Default "test". */
  prefix?: string;
  /** A further login without root's rights, member of the group libvirt. */
  user?: string;
  /** Hosts that have a system of their own: by name the folder that is its root. Default: that of this machine. */
  systems?: Readonly<Record<string, string>>;
}

/** What this machine lacks for the lab. Empty when it has all. */
export function labMissing(): string[] {
  const check = spawnSync(script, ["check"], { encoding: "utf8" });
  if (check.error) return [check.error.message];
  return check.status === 0 ? [] : check.stdout.trim().split("\n");
}

/** Whether the lab can run here, with these programs besides (each with its Debian package), and what is missing if not. */
export function labAvailable(...programs: readonly [program: string, packageName: string][]): {
  available: boolean;
  missing: string[];
} {
  const missing = labMissing();
  for (const [program, packageName] of programs)
    if (spawnSync("sh", ["-c", 'command -v "$0"', program]).status !== 0)
      missing.push(`${program} (Debian package ${packageName})`);
  return { available: missing.length === 0, missing };
}

/** The shape of lab.json, which hosts.sh writes. */
interface LabRecord {
  folder: string;
  gateway: string;
  switchPid: number;
  user: string;
  hosts: { name: string; address: string; uuid: string }[];
}

/**
 * KVM hosts in namespaces of this machine, with sshd and libvirtd of their own.
 *
 * @example
 *     await using lab = await Lab.up({ hosts: 2 });
 *     await lab.host("alpha").virsh("list", "--all");
 */
export class Lab implements AsyncDisposable {
  readonly hosts: readonly LabHost[];
  readonly folder: string;
  /** This machine's address on the hosts' network. */
  readonly gateway: string;
  /** The login without root's rights, when one was asked for. */
  readonly user: string | undefined;
  /** Where the hosts see the shared folder. */
  readonly sharedPath = "/var/lib/libvirt/shared";
  readonly privateKeyPath: string;
  readonly privateKey: string;
  readonly publicKey: string;
  /** Lines for every host, by name and by address. */
  readonly knownHostsPath: string;
  /** An OpenSSH configuration with an alias for each host. */
  readonly sshConfigPath: string;

  private constructor(record: LabRecord) {
    this.folder = record.folder;
    this.gateway = record.gateway;
    this.user = record.user === "" ? undefined : record.user;
    this.privateKeyPath = join(record.folder, "id");
    this.privateKey = readFileSync(this.privateKeyPath, "utf8");
    this.publicKey = readFileSync(`${this.privateKeyPath}.pub`, "utf8").trim();
    this.knownHostsPath = join(record.folder, "known_hosts");
    this.sshConfigPath = join(record.folder, "ssh_config");
    this.hosts = record.hosts.map((host) => new LabHost(host, { ...record, script }));
  }

  /** Starts a lab that belongs to this process: once it has gone, the next start removes what it left. */
  static async up(options: LabOptions = {}): Promise<Lab> {
    const hosts = options.hosts ?? 2;
    const which = typeof hosts === "number" ? ["--hosts", String(hosts)] : ["--names", hosts.join(",")];
    const words = ["up", ...which, "--prefix", options.prefix ?? "test", "--owner", String(process.pid)];
    if (options.sharedFolder) words.push("--shared");
    if (options.user) words.push("--user", options.user);
    for (const [host, system] of Object.entries(options.systems ?? {}))
      words.push("--system", `${host}=${system}`);
    const folder = (await mustRun([script, ...words])).trim();
    return Lab.open(folder);
  }

  /** The lab in that folder, started by somebody else. */
  static open(folder: string): Lab {
    return new Lab(JSON.parse(readFileSync(join(folder, "lab.json"), "utf8")) as LabRecord);
  }

  /** For virsh on this machine (with OpenSSH, not with this package's own transport). */
  libvirtUri(host: LabHost): string {
    return `qemu+ssh://${host.name}/system?command=${join(this.folder, "ssh")}`;
  }

  /** The host of that name. */
  host(name: string): LabHost {
    const host = this.hosts.find((candidate) => candidate.name === name);
    if (!host)
      throw new Error(`no host ${name} in this lab: ${this.hosts.map((each) => each.name).join(", ")}`);
    return host;
  }

  /** Ends the hosts and removes all they wrote. */
  async close(): Promise<void> {
    await mustRun([script, "down", this.folder]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
