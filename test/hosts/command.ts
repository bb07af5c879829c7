import { spawn } from "node:child_process";

/** What a finished command left. A signal counts as 128 + its number, as in a shell. */
export interface CommandResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** How a command is run. */
export interface CommandOptions {
  stdin?: string | Uint8Array;
  /** Default 60 s; then it is killed and the promise rejects. */
  timeoutMs?: number;
  signal?: AbortSignal;
  environment?: NodeJS.ProcessEnv;
}

/** A command of the lab that must succeed and did not. */
export class CommandError extends Error {
  override readonly name = "CommandError";
  readonly command: readonly string[];
  readonly result: CommandResult;

  constructor(command: readonly string[], result: CommandResult) {
    super(`${command.join(" ")}: exit ${result.exitCode}: ${(result.stderr || result.stdout).trim()}`);
    this.command = command;
    this.result = result;
  }
}

/** Runs a program of this machine and resolves whatever its exit code is. */
export function run(command: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const timeoutMs = options.timeoutMs ?? 60_000;
  const timeout = AbortSignal.timeout(timeoutMs);
  const signal = options.signal ? AbortSignal.any([options.signal, timeout]) : timeout;
  return new Promise((resolve, reject) => {
    const [program = "", ...args] = command;
    const child = spawn(program, args, {
      stdio: ["pipe", "pipe", "pipe"],
      env: options.environment ?? process.env,
      signal,
      killSignal: "SIGKILL",
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
    child.stdin.on("error", () => {}); // The command may end before it has read all: its exit code tells.
    child.on("error", (error) => {
      reject(timeout.aborted ? new Error(`${command.join(" ")}: not done within ${timeoutMs} ms`) : error);
    });
    child.on("close", (code, killedBy) => {
      resolve({
        exitCode: code ?? 128 + (killedBy ? 9 : 0),
        stdout: Buffer.concat(stdout).toString(),
        stderr: Buffer.concat(stderr).toString(),
      });
    });
    child.stdin.end(options.stdin);
  });
}

/** As `run`, and rejects with a CommandError when the exit code is not 0. */
export async function mustRun(command: readonly string[], options: CommandOptions = {}): Promise<string> {
  const result = await run(command, options);
  if (result.exitCode !== 0) throw new CommandError(command, result);
  return result.stdout;
}
