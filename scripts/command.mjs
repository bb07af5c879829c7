// Running another program: its output kept, shown only when it fails.
import { spawn } from "node:child_process";

/** A program that could not be started, failed or took too long; `output` is all that it printed, the message has its end. */
export class CommandError extends Error {
  /**
   * @param {string} message
   * @param {{ output: string, exitCode: number | null }} result
   */
  constructor(message, result) {
    super(`${message}\n${result.output.trim().slice(-8_000)}`.trim());
    this.name = "CommandError";
    this.output = result.output;
    this.exitCode = result.exitCode;
  }
}

/**
 * Runs a program to its end and gives its standard output; standard error goes along in a failure's `output`.
 *
 * @param {readonly string[]} argv
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, timeoutMs?: number, inherit?: boolean }} [options] `inherit`
 *   shows the output as it comes instead of keeping it
 * @returns {Promise<string>}
 */
export function run(argv, options = {}) {
  const [program, ...args] = argv;
  if (program === undefined) throw new Error("no program to run");
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: options.inherit ? ["ignore", "inherit", "inherit"] : ["ignore", "pipe", "pipe"],
      timeout: options.timeoutMs,
      killSignal: "SIGKILL",
    });
    let stdout = "";
    let output = "";
    child.stdout?.setEncoding("utf8").on("data", (text) => {
      stdout += text;
      output += text;
    });
    child.stderr?.setEncoding("utf8").on("data", (text) => {
      output += text;
    });
    child.on("error", (cause) => {
      reject(new CommandError(`${program} could not be run: ${cause.message}`, { output, exitCode: null }));
    });
    child.on("close", (exitCode, signal) => {
      if (exitCode === 0) return resolve(stdout);
      const ending = signal ? `ended by ${signal}` : `exit code ${exitCode}`;
      reject(new CommandError(`${argv.join(" ")}: ${ending}`, { output, exitCode }));
    });
  });
}
