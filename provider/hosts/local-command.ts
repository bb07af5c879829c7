import { spawn } from "node:child_process";
import { Duplex } from "node:stream";
import type { CommandResult } from "./libvirt-route.js";

const TIMEOUT_MS = 30_000;

/** Runs a command on this machine, for hosts whose address is `"local"`. */
export function run(command: readonly string[], options: { stdin?: string } = {}): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(command[0] as string, command.slice(1), {
      stdio: ["pipe", "pipe", "pipe"],
      timeout: TIMEOUT_MS,
    });
    // A command that doesn't read its input may have ended before it is written.
    child.stdin.on("error", () => undefined).end(options.stdin);
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
    child.once("error", reject);
    child.once("close", (code) =>
      resolve({
        exitCode: code ?? -1,
        stdout: Buffer.concat(stdout).toString(),
        stderr: Buffer.concat(stderr).toString(),
      }),
    );
  });
}

/** Standard input and output of a command on this machine. The stream fails when the command ends with another exit status than 0. */
export async function openCommand(command: readonly string[]): Promise<Duplex> {
  const child = spawn(command[0] as string, command.slice(1), { stdio: ["pipe", "pipe", "ignore"] });
  const stream = Duplex.from({ writable: child.stdin, readable: child.stdout });
  child.once("error", (error) => stream.destroy(error));
  child.once("exit", (code, signal) => {
    const how = signal === null ? `ended with exit status ${code}` : `was ended by ${signal}`;
    if (code !== 0) stream.destroy(new Error(`${command[0]} ${how}`));
  });
  return stream;
}
