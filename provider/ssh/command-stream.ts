import type { ClientChannel } from "ssh2";
import { ChannelStream } from "./channel-stream.js";
import { exitOf } from "./channels.js";
import { printable, SshError } from "./errors.js";

const STDERR_KEPT_BYTES = 4096;

/**
 * Standard input and output of a remote command as a stream. It ends when the command has ended well, and fails,
 * with what the command said on standard error, when it has not: a command that dies half-way isn't a short answer.
 */
export class CommandStream extends ChannelStream {
  #stderr = Buffer.alloc(0);
  readonly #channel: ClientChannel;

  constructor(channel: ClientChannel, label: string) {
    super(channel, label);
    channel.stderr.on("data", (chunk: Buffer) => {
      this.#stderr = Buffer.concat([this.#stderr, chunk]).subarray(-STDERR_KEPT_BYTES);
    });
    this.#channel = channel;
  }

  get #exitCode(): number | undefined {
    return exitOf(this.#channel)?.code ?? undefined;
  }

  get #exitSignal(): string | undefined {
    return exitOf(this.#channel)?.signal;
  }

  /** The end of what the command has written to standard error so far. */
  get stderrText(): string {
    return this.#stderr.toString("utf8");
  }

  // How the command ended is known only when the channel closes.
  protected override peerEnded(): void {}

  protected override peerClosed(): void {
    if (this.#exitCode !== 0) {
      this.destroy(this.#failure());
      return;
    }
    this.push(null);
    super.peerClosed();
  }

  protected override broken(cause?: Error): SshError {
    return this.#exitCode === undefined && this.#exitSignal === undefined
      ? super.broken(cause)
      : this.#failure();
  }

  #failure(): SshError {
    const how =
      this.#exitSignal !== undefined
        ? `was ended by ${this.#exitSignal}`
        : this.#exitCode === undefined
          ? "ended without an exit status"
          : `ended with exit status ${this.#exitCode}`;
    const said = printable(this.stderrText);
    return new SshError(
      "streamRefused",
      `${this.label}: the command ${how}${said === "" ? "" : `: ${said}`}`,
      {
        refusal: "commandFailed",
        ...(this.#exitCode !== undefined && { exitCode: this.#exitCode }),
      },
    );
  }
}
