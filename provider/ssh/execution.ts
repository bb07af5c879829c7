import { constants } from "node:os";
import type { ClientChannel } from "ssh2";
import { SshError } from "./errors.js";

/** How a remote command ended. */
export interface CommandResult {
  /** Its exit status; 128 plus the signal's number when a signal ended it, as in a shell. */
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

const OUTPUT_LIMIT_BYTES = 16 * 1024 * 1024;

/** Feeds a command and collects its output, until it has ended. `signal` is aborted when the time is up. */
export function collectOutput(
  channel: ClientChannel,
  label: string,
  stdin: string | Uint8Array | undefined,
  signal: AbortSignal,
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    let size = 0;
    let exitCode: number | undefined;

    const onAbort = () => stop(signal.reason);
    const stop = (error: unknown) => {
      signal.removeEventListener("abort", onAbort);
      // sshd passes the signal on since OpenSSH 7.9; closing alone would leave the command running.
      if (channel.writable) channel.signal("TERM");
      channel.close();
      reject(error);
    };
    const keep = (chunks: Buffer[]) => (chunk: Buffer) => {
      size += chunk.length;
      if (size <= OUTPUT_LIMIT_BYTES) {
        chunks.push(chunk);
      } else if (size - chunk.length <= OUTPUT_LIMIT_BYTES) {
        stop(
          new SshError(
            "outputTooLarge",
            `${label}: more than ${OUTPUT_LIMIT_BYTES / 1024 / 1024} MiB of output`,
          ),
        );
      }
    };
    if (signal.aborted) return onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    channel.on("data", keep(stdout));
    channel.stderr.on("data", keep(stderr));
    channel.on("error", stop);
    channel.on("exit", (code: number | null, name?: string) => {
      exitCode = code ?? 128 + signalNumber(name);
    });
    channel.on("close", () => {
      signal.removeEventListener("abort", onAbort);
      if (exitCode === undefined) {
        reject(new SshError("closed", `${label}: ended without an exit status`));
      } else {
        resolve({
          exitCode,
          stdout: Buffer.concat(stdout).toString(),
          stderr: Buffer.concat(stderr).toString(),
        });
      }
    });
    channel.end(stdin);
  });
}

function signalNumber(name: string | undefined): number {
  return Object.entries(constants.signals).find(([each]) => each === name)?.[1] ?? 0;
}
