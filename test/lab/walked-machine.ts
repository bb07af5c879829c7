import { expect } from "vitest";
import { virtualMachine } from "../../provider/resources/virtual-machine/index.js";
import { ConsoleWatch } from "../hosts/console-watch.mjs";
import type { LabHost } from "../hosts/host.js";
import { tickCommandLine, tickGuest } from "../hosts/tick-guest.js";
import { Declared, type StorageWorld } from "./storage-world.js";

type Inputs = Record<string, unknown>;

/** What one change of a running VM's inputs is to do. */
export interface WalkedChange {
  /** The inputs that change; undefined takes one away. */
  inputs: Inputs;
  /** The lines of the preview. */
  announced: (string | RegExp)[];
  /** What the guest prints of it on its console. */
  prints?: RegExp[];
}

/** A VM on a test host that is changed again and again while it runs and counts. */
export class WalkedMachine implements AsyncDisposable {
  readonly declared = new Declared(virtualMachine);
  readonly host: LabHost;
  readonly name: string;
  inputs: Inputs;
  #watch: ConsoleWatch | undefined;
  readonly #world: StorageWorld;
  readonly #log: string;
  #restarts = 0;

  /** Direct boot of the tick guest; `inputs` beside that are the test's. */
  constructor(world: StorageWorld, name: string, inputs: Inputs, host = "alpha") {
    const { kernelPath, initrdPath } = tickGuest();
    this.#world = world;
    this.host = world.host(host);
    this.name = name;
    this.#log = `/var/log/libvirt/qemu/${name}-console.log`;
    this.inputs = {
      pulumiUrn: `urn:pulumi:lab::test::pulumi-nodejs:dynamic/kvm:VirtualMachine::${name}`,
      ...{ name, host, connection: world.connection(host), credentials: world.credentials },
      ...{
        memory: "128MiB",
        kernel: kernelPath,
        initrd: initrdPath,
        commandLine: tickCommandLine,
      },
      ...{ console: { log: this.#log }, forceStop: true, shutdownTimeout: "10s", ...inputs },
    };
  }

  /** Creates and starts it, and waits until it counts. */
  async start(): Promise<void> {
    this.#watch = await ConsoleWatch.start(this.#world.lab.hosts, this.#log);
    await this.declared.up(this.inputs);
    await this.#watch.untilLine(/^tick 3 /);
  }

  get watch(): ConsoleWatch {
    if (this.#watch === undefined) throw new Error("it wasn't started");
    return this.#watch;
  }

  /** Changes it: the preview says what is to be said, the guest counts on, and there is nothing left to do. */
  async change({ inputs, announced, prints = [] }: WalkedChange): Promise<void> {
    const before = this.watch.lines.length;
    this.inputs = { ...this.inputs, ...inputs };
    const seen = await this.declared.preview(this.inputs);
    expect(seen.refusals).toEqual([]);
    expect(seen.effects).toEqual(
      announced.map((line) => (typeof line === "string" ? line : expect.stringMatching(line))),
    );
    await this.declared.up(this.inputs);
    const restarts = announced.filter((line) => /restart the guest/.test(String(line))).length;
    // Firmware takes its time, and the cores are shared.
    await this.watch.untilTicks(2, { timeoutMs: restarts === 0 ? 30_000 : 180_000 });
    for (const pattern of prints)
      await expect.poll(() => this.#printedSince(before), { timeout: 60_000 }).toMatch(pattern);
    if (restarts === 0)
      expect(this.watch.report()).toMatchObject({ restarts: this.#restarts, missing: [], repeated: [] });
    else this.#restarts += restarts;
    expect(await this.declared.preview(this.inputs)).toMatchObject({ effects: [], refusals: [] });
  }

  #printedSince(line: number): string {
    return this.watch.lines
      .slice(line)
      .map(({ text }) => text)
      .join("\n");
  }

  async liveXml(): Promise<string> {
    return await this.host.virsh("dumpxml", this.name);
  }

  async persistentXml(): Promise<string> {
    return await this.host.virsh("dumpxml", "--inactive", this.name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.declared.id !== undefined) await this.declared.remove();
    await this.#watch?.[Symbol.asyncDispose]();
  }
}
