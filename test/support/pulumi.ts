/** A Pulumi project in a temporary folder with its own state, driven by the real CLI. */
import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { findPulumi } from "../../scripts/pulumi-cli.mjs";
import { type InstalledProjectOptions, installedProject } from "./packed-package.js";
import { type MarkedProcess, markedProcesses, markVariable, signalProcess } from "./processes.js";
import { type Deployment, parseDeployment } from "./pulumi-events.js";

/** The tsconfig.json of Pulumi's TypeScript template. */
export const templateTsconfig = {
  compilerOptions: {
    strict: true,
    outDir: "bin",
    target: "es2020",
    module: "commonjs",
    moduleResolution: "node",
    sourceMap: true,
    experimentalDecorators: true,
    pretty: true,
    noFallthroughCasesInSwitch: true,
    noImplicitReturns: true,
    forceConsistentCasingInFileNames: true,
  },
  files: ["index.ts"],
};

export interface PulumiProjectOptions extends InstalledProjectOptions {
  /** The text of index.ts. */
  readonly program: string;
  /** Further files by path within the project; they may replace the ones made here (tsconfig.json, Pulumi.yaml). */
  readonly files?: Readonly<Record<string, string>>;
  /** Default "test". */
  readonly name?: string;
  /** Default "dev". */
  readonly stack?: string;
  /** Plain configuration to begin with; keys without a namespace are the project's. */
  readonly config?: Readonly<Record<string, string>>;
  /** Added to every command's environment; undefined removes a variable. */
  readonly env?: NodeJS.ProcessEnv;
  /** Whether Pulumi checks the program's types, as it does for users; two seconds for each new text. Default false. */
  readonly typeCheck?: boolean;
}

export interface RunOptions {
  /** Default five minutes; then everything that the project started is killed and the run rejects. */
  readonly timeoutMs?: number;
  readonly env?: NodeJS.ProcessEnv;
  readonly stdin?: string;
}

/** For preview, up, refresh and destroy. */
export interface DeploymentOptions extends RunOptions {
  /** Further arguments: ["--target", urn], ["--refresh"], ["--parallel", "1"], ... */
  readonly args?: readonly string[];
  /** Reject unless the exit code is 0 (default true). */
  readonly expectSuccess?: boolean;
}

export interface CommandResult {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly durationMs: number;
}

export interface DeploymentResult extends CommandResult, Deployment {}

export interface StackResource {
  readonly urn: string;
  readonly type: string;
  readonly id?: string;
  readonly inputs?: Record<string, unknown>;
  readonly outputs?: Record<string, unknown>;
  readonly initErrors?: string[];
  readonly [field: string]: unknown;
}

export interface StackExport {
  readonly version: number;
  readonly deployment: {
    readonly resources?: StackResource[];
    readonly pending_operations?: { readonly resource: StackResource; readonly type: string }[];
    readonly [field: string]: unknown;
  };
}

/** The CLI ended in another way than was expected; `result` has its output. */
export class PulumiCommandError extends Error {
  readonly result: CommandResult;
  constructor(args: readonly string[], result: CommandResult, note: string) {
    super(`pulumi ${args.join(" ")}: ${note}\n${readable(result)}`);
    this.name = "PulumiCommandError";
    this.result = result;
  }
}

/** What a person would read of it: diagnostics where the output is JSON, else the output's end. */
function readable(result: CommandResult): string {
  const { diagnostics } = parseDeployment(result.stdout);
  const text =
    diagnostics.length > 0
      ? diagnostics.map(({ severity, message }) => `${severity}: ${message.trim()}`).join("\n")
      : result.stdout;
  return `${text}\n${result.stderr}`.trim().slice(-8_000);
}

/** A command under way. */
export interface RunningPulumi {
  readonly pid: number;
  /** Settles when the CLI has ended, however; rejects only on the timeout. */
  readonly done: Promise<CommandResult>;
  /** What it has printed until now, both streams. */
  output(): string;
  /** Waits until the output matches; rejects when the CLI ends or the time is over before. */
  waitForOutput(pattern: RegExp | string, options?: { timeoutMs?: number }): Promise<void>;
  /** Signals the CLI alone. Its provider and program live on, as after a real kill. */
  kill(signal: NodeJS.Signals): void;
}

/** What makes a folder of a program a project. */
export async function projectFilesOf(folder: string): Promise<Record<string, string>> {
  const names = ["Pulumi.yaml", "tsconfig.json"];
  const texts = names.map(async (name) => [name, await readFile(join(folder, name), "utf8")] as const);
  return Object.fromEntries(await Promise.all(texts));
}

export class PulumiProject implements AsyncDisposable {
  readonly folder: string;
  readonly name: string;
  readonly stack: string;
  /** The environment of every command: state in the folder, a passphrase, nothing asked of the network. */
  readonly env: NodeJS.ProcessEnv;
  readonly #mark: string;

  private constructor(folder: string, options: PulumiProjectOptions, cliFolder: string, mark: string) {
    this.folder = folder;
    this.name = options.name ?? "test";
    this.stack = options.stack ?? "dev";
    this.#mark = mark;
    const inherited = Object.entries(process.env).filter(
      ([key]) => !/^(PULUMI_|NODE_OPTIONS$|VITEST)/.test(key),
    );
    this.env = {
      ...Object.fromEntries(inherited),
      // First on PATH the node that runs the tests: the CLI's folder may hold another one.
      PATH: [join(folder, ".node"), cliFolder, process.env.PATH ?? ""].join(":"),
      PULUMI_BACKEND_URL: `file://${join(folder, ".state")}`,
      PULUMI_HOME: join(folder, ".pulumi-home"),
      PULUMI_CONFIG_PASSPHRASE: "passphrase of the tests",
      PULUMI_SKIP_UPDATE_CHECK: "1",
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "1",
      PULUMI_DISABLE_REGISTRY_RESOLVE: "true",
      PULUMI_ENABLE_STREAMING_JSON_PREVIEW: "true",
      PULUMI_NODEJS_TRANSPILE_ONLY: String(!(options.typeCheck ?? false)),
      [markVariable]: mark,
      ...options.env,
    };
  }

  /** Makes the folder with the package installed, and the stack. Dispose of it (`await using`) in every case. */
  static async create(options: PulumiProjectOptions): Promise<PulumiProject> {
    const cliFolder = await findPulumi();
    if (cliFolder === undefined) throw new Error("no Pulumi CLI on this machine: npm run setup prepares one");
    const folder = await installedProject(
      options.sdkVersion === undefined ? {} : { sdkVersion: options.sdkVersion },
    );
    const project = new PulumiProject(folder, options, cliFolder, randomUUID());
    try {
      await mkdir(join(folder, ".node"));
      await symlink(process.execPath, join(folder, ".node", "node"));
      await mkdir(join(folder, ".state"));
      await project.write("Pulumi.yaml", `name: ${project.name}\nruntime: nodejs\n`);
      await project.write("tsconfig.json", JSON.stringify(templateTsconfig));
      await project.setProgram(options.program);
      for (const [path, text] of Object.entries(options.files ?? {})) await project.write(path, text);
      await project.expect(["stack", "init", project.stack]);
      const config = Object.entries(options.config ?? {}).flatMap(([key, value]) => [
        "--plaintext",
        `${key}=${value}`,
      ]);
      if (config.length > 0) await project.expect(["config", "set-all", ...config]);
      return project;
    } catch (error) {
      await project[Symbol.asyncDispose]();
      throw error;
    }
  }

  async write(path: string, text: string): Promise<void> {
    await mkdir(dirname(join(this.folder, path)), { recursive: true });
    await writeFile(join(this.folder, path), text);
  }

  /** Replaces index.ts. */
  async setProgram(text: string): Promise<void> {
    await this.write("index.ts", text);
  }

  async setConfig(
    key: string,
    value: string,
    options: { readonly secret?: boolean; readonly path?: boolean } = {},
  ): Promise<void> {
    const flags = [...(options.secret ? ["--secret"] : ["--plaintext"]), ...(options.path ? ["--path"] : [])];
    await this.expect(["config", "set", ...flags, "--", key, value]);
  }

  async removeConfig(key: string): Promise<void> {
    await this.expect(["config", "rm", "--", key]);
  }

  preview(options: DeploymentOptions = {}): Promise<DeploymentResult> {
    return this.#deploy(["preview"], options);
  }

  /** `pulumi preview --json` as users get it: one document, steps without the unchanged resources. */
  async previewDocument(options: DeploymentOptions = {}): Promise<{
    steps?: Record<string, unknown>[];
    diagnostics?: Record<string, unknown>[];
    changeSummary?: Record<string, number>;
  }> {
    const env = { PULUMI_ENABLE_STREAMING_JSON_PREVIEW: undefined, ...options.env };
    const { stdout } = await this.expect(["preview", "--json", ...(options.args ?? [])], { ...options, env });
    return JSON.parse(stdout);
  }

  up(options: DeploymentOptions = {}): Promise<DeploymentResult> {
    return this.#deploy(
      ["up", "--yes", ...(options.args?.includes("--plan") ? [] : ["--skip-preview"])],
      options,
    );
  }

  refresh(options: DeploymentOptions = {}): Promise<DeploymentResult> {
    const approval = options.args?.includes("--preview-only") ? [] : ["--yes", "--skip-preview"];
    return this.#deploy(["refresh", ...approval], options);
  }

  destroy(options: DeploymentOptions = {}): Promise<DeploymentResult> {
    return this.#deploy(["destroy", "--yes", "--skip-preview"], options);
  }

  async #deploy(command: readonly string[], options: DeploymentOptions): Promise<DeploymentResult> {
    const args = [...command, "--json", ...(options.args ?? [])];
    const result = await this.run(args, options);
    if ((options.expectSuccess ?? true) && result.exitCode !== 0) {
      throw new PulumiCommandError(args, result, `exit code ${result.exitCode}`);
    }
    return { ...result, ...parseDeployment(result.stdout) };
  }

  /** The stack's outputs, secrets in plain. */
  async outputs(): Promise<Record<string, unknown>> {
    const { stdout } = await this.expect(["stack", "output", "--json", "--show-secrets"]);
    return JSON.parse(stdout);
  }

  async export(options: { readonly showSecrets?: boolean } = {}): Promise<StackExport> {
    const { stdout } = await this.expect([
      "stack",
      "export",
      ...(options.showSecrets ? ["--show-secrets"] : []),
    ]);
    return JSON.parse(stdout);
  }

  /** The resources in the state, without the stack itself and its providers. */
  async resources(options: { readonly showSecrets?: boolean } = {}): Promise<StackResource[]> {
    const { deployment } = await this.export(options);
    return (deployment.resources ?? []).filter(({ type }) => !/^pulumi:(pulumi:Stack|providers:)/.test(type));
  }

  async import(state: StackExport): Promise<void> {
    await this.expect(["stack", "import"], { stdin: JSON.stringify(state) });
  }

  /** The state file's own text, to search it for what must not be there. */
  stateText(): Promise<string> {
    return readFile(
      join(this.folder, ".state", ".pulumi", "stacks", this.name, `${this.stack}.json`),
      "utf8",
    );
  }

  /** Runs any command to its end, whatever its exit code. The stack is added where it isn't named. */
  run(args: readonly string[], options: RunOptions = {}): Promise<CommandResult> {
    return this.start(args, options).done;
  }

  /** Runs any command and rejects unless its exit code is 0. */
  async expect(args: readonly string[], options: RunOptions = {}): Promise<CommandResult> {
    const result = await this.run(args, options);
    if (result.exitCode !== 0) throw new PulumiCommandError(args, result, `exit code ${result.exitCode}`);
    return result;
  }

  /** Starts a command to be watched, signalled or killed. */
  start(args: readonly string[], options: RunOptions = {}): RunningPulumi {
    const started = performance.now();
    const child = spawn("pulumi", ["--non-interactive", "--color", "never", ...args], {
      cwd: this.folder,
      env: { ...this.env, ...options.env },
      stdio: ["pipe", "pipe", "pipe"],
      detached: true, // a signal to the tests' own group isn't one to it
    });
    child.stdin.on("error", () => {});
    child.stdin.end(options.stdin ?? "");
    const printed = collectOutput(child);
    const timeoutMs = options.timeoutMs ?? 300_000;
    const done = new Promise<CommandResult>((resolve, reject) => {
      const late = setTimeout(() => void this.#endLate(args, timeoutMs, result, reject), timeoutMs);
      const result = (exitCode: number | null, signal: NodeJS.Signals | null): CommandResult => ({
        exitCode,
        signal,
        stdout: printed.stdout,
        stderr: printed.stderr,
        durationMs: performance.now() - started,
      });
      child.on("error", (error) => {
        clearTimeout(late);
        reject(error);
      });
      // "close" comes after the last output; not at all while a provider that outlived a killed CLI holds the pipes.
      child.on("exit", (exitCode, signal) => {
        clearTimeout(late);
        const settle = () => resolve(result(exitCode, signal));
        const settleAnyway = setTimeout(settle, 2_000);
        child.on("close", () => {
          clearTimeout(settleAnyway);
          settle();
        });
      });
    });
    done.catch(() => {}); // who awaits it learns of it; who doesn't has killed it
    return {
      pid: child.pid ?? 0,
      done,
      output: () => printed.stdout + printed.stderr,
      waitForOutput: (pattern, wait = {}) => waitForOutput(child, printed, pattern, wait.timeoutMs ?? 60_000),
      kill: (signal) => void child.kill(signal),
    };
  }

  async #endLate(
    args: readonly string[],
    timeoutMs: number,
    result: (exitCode: number | null, signal: NodeJS.Signals | null) => CommandResult,
    reject: (error: Error) => void,
  ): Promise<void> {
    reject(new PulumiCommandError(args, result(null, null), `not ended after ${timeoutMs} ms`));
    await this.killAll();
  }

  /** What runs of this project: CLI, language host, program, providers, also after their parents are gone. */
  processes(): Promise<MarkedProcess[]> {
    return markedProcesses(this.#mark);
  }

  /** The processes of the dynamic provider. */
  async providers(): Promise<MarkedProcess[]> {
    return (await this.processes()).filter(({ command }) => /^\S*node\b.*dynamic-provider/.test(command));
  }

  /** Kills everything of this project, by process id, and waits until it is gone. */
  async killAll(): Promise<void> {
    for (let attempt = 0; attempt < 100; attempt++) {
      const running = await this.processes();
      if (running.length === 0) return;
      for (const { pid } of running) signalProcess(pid, "SIGKILL");
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error(`processes of ${this.folder} don't end: ${JSON.stringify(await this.processes())}`);
  }

  /** Ends what runs and removes the folder (kept with TEST_KEEP=1). It does not destroy the stack. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.killAll();
    if (process.env.TEST_KEEP !== "1") await rm(this.folder, { recursive: true, force: true });
  }
}

interface Printed {
  stdout: string;
  stderr: string;
}

function collectOutput(child: ChildProcess): Printed {
  const printed = { stdout: "", stderr: "" };
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    printed.stdout += text;
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    printed.stderr += text;
  });
  return printed;
}

function waitForOutput(
  child: ChildProcess,
  printed: Printed,
  pattern: RegExp | string,
  timeoutMs: number,
): Promise<void> {
  const matches = () => {
    const text = printed.stdout + printed.stderr;
    return typeof pattern === "string" ? text.includes(pattern) : pattern.test(text);
  };
  return new Promise((resolve, reject) => {
    const settle = (error?: Error) => {
      clearTimeout(late);
      child.stdout?.off("data", look);
      child.stderr?.off("data", look);
      child.off("exit", ended);
      if (error) reject(error);
      else resolve();
    };
    const look = () => {
      if (matches()) settle();
    };
    const ended = () => setImmediate(() => settle(matches() ? undefined : failure("the command ended")));
    const failure = (what: string) =>
      new Error(`${what} without output matching ${pattern}:\n${printed.stdout}${printed.stderr}`);
    const late = setTimeout(() => settle(failure(`${timeoutMs} ms passed`)), timeoutMs);
    child.stdout?.on("data", look);
    child.stderr?.on("data", look);
    child.on("exit", ended);
    look();
  });
}
