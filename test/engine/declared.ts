import { expect } from "vitest";
import type { Lab } from "../hosts/lab.js";
import { tickCommandLine, tickGuest } from "../hosts/tick-guest.js";
import { type DeploymentResult, PulumiProject, type PulumiProjectOptions } from "../support/pulumi.js";

/** A VM of the tests' program: `on` is the name of its host. */
export interface DeclaredMachine {
  readonly on: string;
  readonly [input: string]: unknown;
}

/** All that the tests' program declares, by resource name. */
export interface Declared {
  readonly hosts: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** A pool of that path on these hosts; none by default. */
  readonly pool?: { readonly hosts: readonly string[]; readonly path: string };
  readonly machines?: Readonly<Record<string, DeclaredMachine>>;
}

const program = `
import { readFileSync } from "node:fs";
import * as kvm from "pulumi-kvm";
const declared = JSON.parse(readFileSync("declared.json", "utf8"));
const hosts: Record<string, kvm.Host> = {};
for (const [name, args] of Object.entries<any>(declared.hosts)) hosts[name] = new kvm.Host(name, args);
const pool = declared.pool && new kvm.StoragePool("images", {
  hosts: declared.pool.hosts.map((name: string) => hosts[name]),
  path: declared.pool.path,
});
for (const [name, { on, disks, ...args }] of Object.entries<any>(declared.machines ?? {}))
  new kvm.VirtualMachine(name, {
    host: hosts[on],
    disks: disks?.map((disk: any) => ({ ...disk, pool })),
    ...args,
  });
`;

/** A project whose resources are rewritten by `declare`, with no command of the CLI. */
export class DeclaredProject implements AsyncDisposable {
  readonly pulumi: PulumiProject;
  #declared: Declared;

  private constructor(pulumi: PulumiProject, declared: Declared) {
    this.pulumi = pulumi;
    this.#declared = declared;
  }

  static async create(
    declared: Declared,
    options: Omit<PulumiProjectOptions, "program"> = {},
  ): Promise<DeclaredProject> {
    const files = { ...options.files, "declared.json": JSON.stringify(declared) };
    return new DeclaredProject(await PulumiProject.create({ ...options, program, files }), declared);
  }

  get declared(): Declared {
    return this.#declared;
  }

  async declare(declared: Partial<Declared>): Promise<void> {
    this.#declared = { ...this.#declared, ...declared };
    await this.pulumi.write("declared.json", JSON.stringify(this.#declared));
  }

  /** Changes inputs of one VM, beside what else is declared of it. */
  async change(name: string, inputs: Readonly<Record<string, unknown>>): Promise<void> {
    const { machines } = this.#declared;
    const machine = machines?.[name];
    if (machine === undefined) throw new Error(`no machine ${name} is declared`);
    await this.declare({ machines: { ...machines, [name]: { ...machine, ...inputs } } });
  }

  /** Nothing is left to do, before a refresh and after it. */
  async expectSettled(): Promise<void> {
    await this.pulumi.preview({ args: ["--expect-no-changes"] });
    await this.pulumi.refresh();
    await this.pulumi.preview({ args: ["--expect-no-changes"] });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.pulumi[Symbol.asyncDispose]();
  }
}

/** Hosts as `ssh` with the lab's own configuration reaches them. */
export function labHosts(lab: Lab, more: Readonly<Record<string, unknown>> = {}): Declared["hosts"] {
  const hosts = lab.hosts.map(({ name }) => [name, { address: name, sshConfig: lab.sshConfigPath, ...more }]);
  return Object.fromEntries(hosts);
}

/** The inputs of a small VM that boots the tick guest; its console is logged at {@link consoleLog}. */
export function tickMachine(
  name: string,
  on: string,
  more: Readonly<Record<string, unknown>> = {},
): DeclaredMachine {
  const { kernelPath, initrdPath } = tickGuest();
  return {
    on,
    memory: "128MiB",
    kernel: kernelPath,
    initrd: initrdPath,
    commandLine: tickCommandLine,
    console: { log: consoleLog(name) },
    ...more,
  };
}

export function consoleLog(name: string): string {
  return `/var/log/libvirt/qemu/${name}-console.log`;
}

/** What a deployment says it does, by resource; resources without effects are left out. */
export function effectsOf({ steps }: Pick<DeploymentResult, "steps">): Record<string, string[]> {
  const effects = steps.flatMap(({ name, newInputs }): [string, string[]][] => {
    const lines = newInputs?.effects;
    return Array.isArray(lines) && lines.length > 0 ? [[name, lines.map(String)]] : [];
  });
  return Object.fromEntries(effects);
}

/** The resources that a deployment touched, by operation; `same` ones are left out. */
export function changedBy({ steps }: Pick<DeploymentResult, "steps">): Record<string, string> {
  return Object.fromEntries(
    steps.filter(({ op }) => op !== "same" && op !== "refresh").map(({ name, op }) => [name, op]),
  );
}

/** No line of the output is one of a stack trace. */
export function expectNoStackTraces({ stdout, stderr }: Pick<DeploymentResult, "stdout" | "stderr">): void {
  expect(`${stdout}\n${stderr}`).not.toMatch(/(?:^|\n|\\n)\s+at .*[:(]\S*:\d+:\d+/);
}

/** The errors that a deployment reported, a line each where they are one line. */
export function errorsOf(deployment: Pick<DeploymentResult, "diagnostics">): string[] {
  return messagesOf(deployment, ["error", "info#err"]);
}

export function warningsOf(deployment: Pick<DeploymentResult, "diagnostics">): string[] {
  return messagesOf(deployment, ["warning"]);
}

export function infosOf(deployment: Pick<DeploymentResult, "diagnostics">): string[] {
  return messagesOf(deployment, ["info"]);
}

function messagesOf(
  { diagnostics }: Pick<DeploymentResult, "diagnostics">,
  severities: readonly string[],
): string[] {
  return diagnostics
    .filter(({ severity }) => severities.includes(severity))
    .map(({ message }) => message.trim());
}
