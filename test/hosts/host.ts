import { readFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type CommandOptions, type CommandResult, mustRun, run } from "./command.js";

/** Which daemon has the VMs: libvirtd, or virtqemud where each driver has its own. */
const DAEMON = "if command -v virtqemud >/dev/null; then daemon=virtqemud; else daemon=libvirtd; fi";

/** What can be stopped in its tracks (SIGSTOP), as a hung process would be. */
export type Freezable = "libvirtd" | "sshd" | { qemu: string };

/** Bad weather on the wire of a host, in each of the two directions. */
export interface Weather {
  delayMs?: number;
  lossPercent?: number;
  rateMbit?: number;
}

/** A host of the lab, driven from outside through its namespaces: no command here goes through ssh. */
export class LabHost {
  readonly sshPort = 22;
  readonly name: string;
  readonly address: string;
  /** The libvirt host UUID. */
  readonly uuid: string;
  readonly #labFolder: string;
  readonly #switchPid: number;
  readonly #script: string;

  constructor(
    fields: { name: string; address: string; uuid: string },
    lab: { folder: string; switchPid: number; script: string },
  ) {
    this.name = fields.name;
    this.address = fields.address;
    this.uuid = fields.uuid;
    this.#labFolder = lab.folder;
    this.#switchPid = lab.switchPid;
    this.#script = lab.script;
  }

  /** The host's PID 1 as this machine knows it. Throws when the host is down. */
  get pid(): number {
    return Number.parseInt(readFileSync(join(this.#labFolder, "hosts", this.name, "pid"), "utf8"), 10);
  }

  /** Runs a program (argv, no shell) in the host as root; resolves whatever its exit code is. */
  exec(command: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
    return run(this.#inside(command), options);
  }

  /** As `exec`, but gives stdout and rejects when the exit code is not 0. */
  mustExec(command: readonly string[], options: CommandOptions = {}): Promise<string> {
    return mustRun(this.#inside(command), options);
  }

  /** Runs a line of shell in the host; rejects when the exit code is not 0. */
  shell(line: string, options: CommandOptions = {}): Promise<string> {
    return this.mustExec(["bash", "-ec", line], options);
  }

  /** `virsh` on the host's own libvirt, quiet; rejects when it fails. */
  virsh(...args: string[]): Promise<string> {
    return this.mustExec(["virsh", "-q", "-c", "qemu:///system", ...args]);
  }

  /** Where a file of the host is found from outside (while the host is up). */
  outsidePath(path: string): string {
    return `/proc/${this.pid}/root${path}`;
  }

  readFile(path: string): Promise<string> {
    return readFile(this.outsidePath(path), "utf8");
  }

  writeFile(path: string, content: string | Uint8Array): Promise<void> {
    return writeFile(this.outsidePath(path), content);
  }

  /** Asks libvirtd to end and waits until it has. Guests run on. */
  async stopLibvirtd(): Promise<void> {
    await this.#endLibvirtd("TERM");
  }

  /** SIGKILL for libvirtd, as a crash. Guests run on; nothing starts it again. */
  async killLibvirtd(): Promise<void> {
    await this.#endLibvirtd("KILL");
  }

  /** Starts libvirtd and waits until it answers. */
  async startLibvirtd(): Promise<void> {
    await this.shell(`${DAEMON}; rm -f /run/$daemon.pid; $daemon --daemon`);
    await this.#until("libvirtd answers", "virsh -q -c qemu:///system list >/dev/null 2>&1");
  }

  /** Replaces what is configured for sshd on top of the lab's own settings and restarts the listener; sessions run on. */
  async configureSshd(lines: string): Promise<void> {
    await this.writeFile("/etc/ssh/lab.conf", `${lines}\n`);
    // Until it has got the signal the one before it still listens.
    const starts = `$(grep -c "^Server listening" ${join(this.#labFolder, "hosts", this.name, "sshd.log")})`;
    const before = (await this.shell(`echo ${starts}`)).trim();
    await this.shell("/usr/sbin/sshd -t -f /etc/ssh/sshd_config && kill -HUP $(cat /run/sshd.pid)");
    await this.#until("sshd listens", `[ ${starts} -gt ${before} ] && ss -Hltn sport = :22 | grep -q .`);
  }

  /** The process id of a running domain's QEMU, as the host counts them. */
  async qemuPid(domain: string): Promise<number> {
    return Number.parseInt(await this.readFile(`/run/libvirt/qemu/${domain}.pid`), 10);
  }

  /** Sends a signal to a process of the host (by the id it has there). */
  async kill(pid: number, signal: string): Promise<void> {
    await this.mustExec(["kill", "-s", signal, String(pid)]);
  }

  /** Stops a process (sshd: the listener and all sessions) without ending it: connections stay open and nobody answers. */
  async freeze(process: Freezable): Promise<void> {
    await this.mustExec(["kill", "-s", "STOP", ...(await this.#processes(process))]);
  }

  async thaw(process: Freezable): Promise<void> {
    await this.mustExec(["kill", "-s", "CONT", ...(await this.#processes(process))]);
  }

  /** Drops all packets to and from everyone, or one peer only (a host or an address). Guests on a bridge aren't touched. */
  async partition(peer?: LabHost | string): Promise<void> {
    const address = peer instanceof LabHost ? peer.address : peer;
    await this.#rule("lab-in", address ? ["-s", address] : ["!", "-i", "lo"], ["DROP"]);
    await this.#rule("lab-out", address ? ["-d", address] : ["!", "-o", "lo"], ["DROP"]);
  }

  /** Answers every new TCP connection with a reset; those that are open stay. */
  async refuseConnections(): Promise<void> {
    const reset = ["REJECT", "--reject-with", "tcp-reset"];
    await this.#rule("lab-in", ["!", "-i", "lo", "-p", "tcp", "--syn"], reset);
  }

  /** Undoes `partition`, `refuseConnections` and `netem`. */
  async heal(): Promise<void> {
    await this.shell("for chain in lab-in lab-out; do iptables -w -F $chain 2>/dev/null || true; done");
    for (const end of this.#wire()) await run([...end("del"), "root"]); // Fails when there is nothing to undo.
  }

  /**
   * Loss, rate and delay on the host's wire, replacing what was set. Delay wants a kernel with sch_netem; where it lacks, use
   * a SlowWire in front of a port.
   */
  async netem(weather: Weather): Promise<void> {
    await this.heal();
    const { delayMs, lossPercent, rateMbit } = weather;
    if (lossPercent !== undefined) {
      const random = ["-m", "statistic", "--mode", "random", "--probability", String(lossPercent / 100)];
      await this.#rule("lab-in", ["!", "-i", "lo", ...random], ["DROP"]);
      await this.#rule("lab-out", ["!", "-o", "lo", ...random], ["DROP"]);
    }
    const tbf = ["tbf", "rate", `${rateMbit}mbit`, "burst", "128kb", "latency", "200ms"];
    const netem = [
      "netem",
      "limit",
      "100000",
      "delay",
      `${delayMs}ms`,
      ...(rateMbit ? ["rate", `${rateMbit}mbit`] : []),
    ];
    if (delayMs === undefined && rateMbit === undefined) return;
    for (const end of this.#wire()) {
      await mustRun([...end("replace"), "root", ...(delayMs === undefined ? tbf : netem)]);
    }
  }

  /** Pulls the plug: all processes end at once, guests too. Disks and definitions stay. */
  async down(): Promise<void> {
    await mustRun([this.#script, "host-down", this.#labFolder, this.name]);
  }

  /** Powers the host on and waits until it answers. */
  async up(): Promise<void> {
    await mustRun([this.#script, "host-up", this.#labFolder, this.name]);
  }

  #inside(command: readonly string[]): string[] {
    return [
      ...["nsenter", "-t", String(this.pid), "-m", "-u", "-i", "-n", "-p", "--"],
      ...["env", "HOME=/run/home/root", ...command],
    ];
  }

  async #endLibvirtd(signal: "TERM" | "KILL"): Promise<void> {
    await this.shell(`${DAEMON}; kill -${signal} $(cat /run/$daemon.pid)`);
    await this.#until("libvirtd has ended", `${DAEMON}; ! kill -0 $(cat /run/$daemon.pid) 2>/dev/null`);
  }

  async #processes(process: Freezable): Promise<string[]> {
    if (typeof process === "object") return [String(await this.qemuPid(process.qemu))];
    const line = process === "libvirtd" ? `${DAEMON}; cat /run/$daemon.pid` : "pgrep -x sshd";
    return (await this.shell(line)).split(/\s+/).filter((word) => word !== "");
  }

  /** Chains of the lab's own, ahead of what libvirt and the tests put in: flushing them undoes nothing else. */
  async #rule(chain: "lab-in" | "lab-out", match: readonly string[], jump: readonly string[]): Promise<void> {
    const parent = chain === "lab-in" ? "INPUT" : "OUTPUT";
    await this.shell(
      `iptables -w -N ${chain} 2>/dev/null || true; iptables -w -D ${parent} -j ${chain} 2>/dev/null || true; iptables -w -I ${parent} -j ${chain}`,
    );
    await this.mustExec(["iptables", "-w", "-A", chain, ...match, "-j", ...jump]);
  }

  /** The start of a tc command for each end of the host's wire: its own, and the one in the switch. */
  #wire(): ((verb: "replace" | "del") => string[])[] {
    const queue = (pid: number, device: string) => (verb: string) => [
      "nsenter",
      "-t",
      String(pid),
      "-n",
      "tc",
      "qdisc",
      verb,
      "dev",
      device,
    ];
    return [queue(this.pid, "eth0"), queue(this.#switchPid, this.name)];
  }

  async #until(what: string, condition: string): Promise<void> {
    for (let attempt = 0; attempt < 200; attempt++) {
      if ((await this.exec(["bash", "-c", condition])).exitCode === 0) return;
      await sleep(50);
    }
    throw new Error(`${this.name}: waited 10 s until ${what}`);
  }
}
