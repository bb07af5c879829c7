import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { build } from "../../scripts/build.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));
/** A build somewhere else can be tried with TEST_DIST_FOLDER; it is taken as it stands. */
const builtElsewhere = process.env.TEST_DIST_FOLDER;
const provider = join(builtElsewhere ?? join(root, "dist"), "provider");

/** How it ended. */
export type Outcome =
  | { result: unknown; ms?: number; error?: undefined }
  | { result?: undefined; error: { kind?: string; message: string } };

/** A process that works with the built package, as a provider process would, and that a test can stop at a call. */
export class ProviderProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #ended: Promise<string>;

  private constructor(child: ChildProcess, folder: string) {
    this.#child = child;
    this.#folder = folder;
    let output = "";
    child.stdout?.on("data", (chunk) => {
      output += chunk;
    });
    child.stderr?.on("data", (chunk) => {
      output += chunk;
    });
    this.#ended = new Promise((resolve) => child.on("close", () => resolve(output)));
  }

  /**
   * @param script - in this folder; it gets the path of the built provider and that of the task
   * @param stopAt - `<Procedure>:<before|sent|after>[:<n-th>]`, see stop-at-call.mjs
   */
  static async run(script: string, task: unknown, stopAt?: string): Promise<ProviderProcess> {
    if (builtElsewhere === undefined) await build({ ifNeeded: true });
    const folder = await mkdtemp(join(tmpdir(), "pulumi-kvm-process-"));
    await writeFile(join(folder, "task.json"), JSON.stringify(task));
    const preload = join(root, "test/support/stop-at-call.mjs");
    const child = spawn(
      process.execPath,
      ["--import", preload, join(root, "test/lab", script), provider, join(folder, "task.json")],
      {
        stdio: ["ignore", "pipe", "pipe"],
        env: {
          ...process.env,
          PULUMI_KVM_TEST_STOP_AT: stopAt ?? "",
          PULUMI_KVM_TEST_STOP_FILE: join(folder, "stopped"),
          PULUMI_KVM_TEST_STOP_MODULE: join(provider, "libvirt/rpc/index.js"),
        },
      },
    );
    return new ProviderProcess(child, folder);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Waits until the process has come to where it was to stop. */
  async stopped(timeoutMs = 60_000): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    while ((await readFile(join(this.#folder, "stopped"), "utf8").catch(() => undefined)) === undefined) {
      if (this.#child.exitCode !== null) throw new Error(`it ended before it stopped: ${await this.#ended}`);
      if (performance.now() > deadline) throw new Error("it did not come to where it was to stop");
      await sleep(10);
    }
  }

  /** Kills it where it was to stop; false when it has ended without having come there. */
  async killedAtStop(): Promise<boolean> {
    try {
      await this.stopped();
    } catch (error) {
      if (error instanceof Error && /it ended before it stopped/.test(error.message)) return false;
      throw error;
    }
    await this.kill();
    return true;
  }

  /** SIGKILL, and waits until it is gone. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#ended;
  }

  /** SIGSTOP: its connections stay open, and it answers no keepalive. */
  freeze(): void {
    this.#child.kill("SIGSTOP");
  }

  thaw(): void {
    this.#child.kill("SIGCONT");
  }

  /** Waits until it has ended by itself. */
  async outcome(): Promise<Outcome> {
    const output = await this.#ended;
    const last = output.trim().split("\n").at(-1) ?? "";
    try {
      return JSON.parse(last) as Outcome;
    } catch {
      throw new Error(`it said nothing at its end:\n${output}`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
