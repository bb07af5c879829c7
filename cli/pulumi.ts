import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { passingOn, ToldToEnd } from "./told-to-end.js";
import { UsageError } from "./usage-error.js";

const MOST_MINUTES = 10;

/**
 * Runs the Pulumi CLI and gives what it prints. It has this process's environment, so that backend, access token and passphrase are those
 * that it has anywhere.
 */
export async function pulumi(
  args: readonly string[],
  { cwd, env = {} }: { cwd: string | undefined; env?: NodeJS.ProcessEnv },
): Promise<{ exitCode: number | null; stdout: string; stderr: string }> {
  const child = spawn("pulumi", ["--non-interactive", "--color", "never", ...args], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
    // A terminal interrupts its whole group, and a second interrupt is one too many: after that Pulumi leaves its lock behind.
    detached: true,
    // The option "timeout" would keep this process alive for as long, where nothing could be started.
    signal: AbortSignal.timeout(MOST_MINUTES * 60_000),
  });
  const chunks: Buffer[] = [];
  const errors: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => errors.push(chunk));
  const signals = passingOn(child);
  let told: NodeJS.Signals | undefined;
  let exitCode: number | null;
  try {
    exitCode = await new Promise<number | null>((resolve, reject) => {
      child.on("error", (error: NodeJS.ErrnoException) => reject(new UsageError(whyNot(error, cwd))));
      child.on("close", resolve);
    });
  } finally {
    told = signals.stop();
  }
  if (told !== undefined) throw new ToldToEnd(told);
  const text = (parts: Buffer[]) => Buffer.concat(parts).toString("utf8");
  return { exitCode, stdout: text(chunks), stderr: text(errors) };
}

function whyNot({ code, message }: NodeJS.ErrnoException, cwd: string | undefined): string {
  if (code === "ABORT_ERR") return `pulumi: not through after ${MOST_MINUTES} minutes`;
  if (code !== "ENOENT") return `pulumi: ${message}`;
  if (cwd !== undefined && !existsSync(cwd))
    return `there is no folder ${cwd}; --cwd is the Pulumi project's`;
  return `the Pulumi CLI can't be started; put "pulumi" on the PATH, or give a state with --state`;
}

/** A stack's state with its secrets in plain; they are kept in memory only. */
export async function exportStack(options: {
  stack: string | undefined;
  cwd: string | undefined;
}): Promise<string> {
  // Pulumi would take the selected one for it.
  if (options.stack === "")
    throw new UsageError(
      "--stack: the name is empty; give one, or leave the option out for the selected stack",
    );
  const which = options.stack === undefined ? [] : ["--stack", options.stack];
  const { exitCode, stdout, stderr } = await pulumi(["stack", "export", "--show-secrets", ...which], options);
  if (exitCode !== 0)
    throw new UsageError(
      `pulumi stack export failed (${exitCode ?? "it was ended"}): ${firstLines(stderr)}; choose a stack with --stack and its project's folder with --cwd, or give a state with --state`,
    );
  return stdout;
}

export function firstLines(text: string): string {
  return text.trim().split("\n").slice(0, 5).join(" | ");
}
