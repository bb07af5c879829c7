import { constants } from "node:os";
import type { ClientChannel } from "ssh2";
import { exitOf } from "./channels.js";
import { SshError } from "./errors.js";
import { quoteCommand } from "./quote.js";

/** How a remote command ended. */
export interface CommandResult {
  /** Its exit status; 128 plus the signal's number when a signal ended it, as in a shell. */
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

const OUTPUT_LIMIT_BYTES = 16 * 1024 * 1024;
const MARK = "pulumi-kvm process";

/**
 * The command line that runs a command and first says its process id, by which {@link terminationLine} can end it:
 * closing the channel leaves a command running, and sshd doesn't pass signals on in root's sessions. What a login
 * script prints before the mark is no output of the command.
 */
export function announcedLine(command: readonly string[]): string {
  // A shell's builtins aren't programs, so they cannot take the shell's place.
  const script = `echo "${MARK} $$"; case $(command -v "$1") in /*) exec "$@";; *) "$@";; esac`;
  return quoteCommand(["sh", "-c", script, "sh", ...command]);
}

/** The command line that ends a command with all that it has started. */
export function terminationLine(processId: number): string {
  const script = 'kill -s TERM -- "-$1" 2>/dev/null || kill -s TERM "$1"';
  return quoteCommand(["sh", "-c", script, "sh", String(processId)]);
}

/** One run of a command: feeds it and collects its output. */
export class Execution {
  readonly #channel: ClientChannel;
  readonly #label: string;
  readonly #stdout: Buffer[] = [];
  readonly #stderr: Buffer[] = [];
  #sizeBytes = 0;

  constructor(channel: ClientChannel, label: string) {
    this.#channel = channel;
    this.#label = label;
  }

  /** The command's process on the host, once it has said so and while its end isn't known. */
  get processId(): number | undefined {
    return exitOf(this.#channel) === undefined ? this.#output().processId : undefined;
  }

  /** Resolves when the command has ended. `signal` is aborted when the time is up; then the channel is closed. */
  collect(stdin: string | Uint8Array | undefined, signal: AbortSignal): Promise<CommandResult> {
    const channel = this.#channel;
    return new Promise((resolve, reject) => {
      const stop = (error: unknown) => {
        signal.removeEventListener("abort", onAbort);
        channel.close();
        reject(error);
      };
      const onAbort = () => stop(signal.reason);
      const keep = (chunks: Buffer[]) => (chunk: Buffer) => {
        const wasWithin = this.#sizeBytes <= OUTPUT_LIMIT_BYTES;
        this.#sizeBytes += chunk.length;
        if (this.#sizeBytes <= OUTPUT_LIMIT_BYTES) chunks.push(chunk);
        else if (wasWithin) stop(this.#tooLarge());
      };
      channel.on("error", stop);
      if (signal.aborted) return onAbort();
      signal.addEventListener("abort", onAbort, { once: true });
      channel.on("data", keep(this.#stdout));
      channel.stderr.on("data", keep(this.#stderr));
      channel.on("close", () => {
        signal.removeEventListener("abort", onAbort);
        const exit = exitOf(channel);
        if (exit === undefined) {
          reject(new SshError("closed", `${this.#label}: ended without an exit status`));
          return;
        }
        const stdout = this.#output().text;
        const exitCode = exit.code ?? 128 + signalNumber(exit.signal);
        resolve({ exitCode, stdout, stderr: Buffer.concat(this.#stderr).toString() });
      });
      channel.end(stdin);
    });
  }

  #output(): { processId: number | undefined; text: string } {
    const bytes = Buffer.concat(this.#stdout);
    const markAt = bytes.indexOf(`${MARK} `);
    const lineEnd = markAt < 0 ? -1 : bytes.indexOf("\n", markAt);
    if (lineEnd < 0) return { processId: undefined, text: bytes.toString() };
    const processId = Number(bytes.toString("latin1", markAt + MARK.length + 1, lineEnd));
    return { processId: processId > 1 ? processId : undefined, text: bytes.toString("utf8", lineEnd + 1) };
  }

  #tooLarge(): SshError {
    const limit = OUTPUT_LIMIT_BYTES / 1024 / 1024;
    return new SshError("outputTooLarge", `${this.#label}: more than ${limit} MiB of output`);
  }
}

function signalNumber(name: string | undefined): number {
  return Object.entries(constants.signals).find(([each]) => each === name)?.[1] ?? 0;
}
