import { setMaxListeners } from "node:events";
import type { Duplex } from "node:stream";
import type { Client } from "ssh2";
import { ChannelStream } from "./channel-stream.js";
import { type ChannelRequest, openChannel } from "./channels.js";
import { CommandStream } from "./command-stream.js";
import { Deadline } from "./deadline.js";
import { type DialledSession, dial } from "./dial.js";
import { reasonOf, SshError, type StreamRefusal } from "./errors.js";
import { announcedLine, type CommandResult, Execution, terminationLine } from "./execution.js";
import type { HostKey } from "./host-key.js";
import type { JumpHost } from "./jump-hosts.js";
import { quoteCommand } from "./quote.js";
import { Sessions } from "./sessions.js";
import { resolveSettings } from "./settings.js";
import { surroundingsOf } from "./surroundings.js";
import type { SshTarget } from "./target.js";

/** Options of {@link SshConnection.open}. */
export interface OpenOptions {
  readonly signal?: AbortSignal;
  /** Default: this process's. SSH_AUTH_SOCK, SHELL and ${NAME} of the configuration come from it. */
  readonly environment?: NodeJS.ProcessEnv;
  /** Default: the user's own. Holds .ssh/config, .ssh/known_hosts and the default keys. */
  readonly homeDirectory?: string;
  /** Hears, in one line each, of host keys that were accepted and lines that were left out. */
  readonly warn?: (message: string) => void;
}

/** Options of a stream. */
export interface StreamOptions {
  readonly signal?: AbortSignal;
}

/** Options of {@link SshConnection.exec}. */
export interface ExecOptions {
  readonly stdin?: string | Uint8Array;
  /** Default 60 s; the command is ended when it takes longer. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

const DEFAULT_EXEC_TIMEOUT_MS = 60_000;
const CLOSE_TIMEOUT_MS = 2_000;
const PROBE_TIMEOUT_MS = 5_000;
const TERMINATE_TIMEOUT_MS = 3_000;

/**
 * An SSH connection to one host, through its jump hosts if it has any. Streams and commands share it; when it ends,
 * all of them fail with an {@link SshError} of the kind "closed".
 */
export class SshConnection implements AsyncDisposable {
  readonly user: string;
  readonly hostName: string;
  readonly port: number;
  /** The key that the host has shown. */
  readonly hostKey: HostKey | undefined;
  /** Settles when the connection has ended: with the reason, or with undefined after {@link close}. */
  readonly closed: Promise<Error | undefined>;
  readonly #client: Client;
  readonly #label: string;
  readonly #via: JumpHost | undefined;
  readonly #streams = new Set<Duplex>();
  readonly #sessions = new Sessions();
  /** Aborted, with the reason, when the connection has ended. */
  readonly #ended = new AbortController();
  #isClosing = false;

  private constructor(session: DialledSession) {
    this.user = session.user;
    this.hostName = session.hostName;
    this.port = session.port;
    this.hostKey = session.hostKey;
    this.#client = session.client;
    this.#label = session.label;
    this.#via = session.via;
    // As many as there are channels being opened.
    setMaxListeners(0, this.#ended.signal);
    this.closed = new Promise((resolve) => {
      this.#ended.signal.addEventListener("abort", () => {
        resolve(this.#isClosing ? undefined : this.#ended.signal.reason);
      });
    });
    this.#client.on("error", (error) => this.#end(error));
    this.#client.on("end", () => this.#end(undefined));
    this.#client.on("close", () => this.#end(undefined));
  }

  /**
   * Connects, verifies the host's key and logs in.
   *
   * @throws SshError of any kind but streamRefused and closed.
   */
  static async open(target: SshTarget, options: OpenOptions = {}): Promise<SshConnection> {
    const surroundings = surroundingsOf(options);
    const settings = await resolveSettings(target, surroundings);
    using deadline = new Deadline(
      settings.connectTimeoutMs,
      `connecting to ${target.address}`,
      options.signal,
    );
    return await dial(settings, surroundings, deadline, (session) => new SshConnection(session));
  }

  /**
   * A stream to a UNIX socket on the host.
   *
   * @throws SshError streamRefused; its `refusal` says why, as far as a look at the host can tell.
   */
  async openUnixStream(path: string, options: StreamOptions = {}): Promise<Duplex> {
    if (!path.startsWith("/") || path.includes("\0")) throw new RangeError(`not an absolute path: ${path}`);
    const label = `${this.#label}: stream to ${path}`;
    try {
      return this.#keep(
        new ChannelStream(await this.#open({ kind: "unix", path }, label, options.signal), label),
      );
    } catch (error) {
      if (!(error instanceof SshError) || error.kind !== "streamRefused") throw error;
      throw await this.#explain(error, path, label, options.signal);
    }
  }

  /**
   * A stream to a TCP address as the host sees it.
   *
   * @throws SshError streamRefused.
   */
  async openTcpStream(host: string, port: number, options: StreamOptions = {}): Promise<Duplex> {
    const label = `${this.#label}: stream to ${host}:${port}`;
    return this.#keep(
      new ChannelStream(await this.#open({ kind: "tcp", host, port }, label, options.signal), label),
    );
  }

  /**
   * Standard input and output of a command on the host. The stream fails when the command ends with another exit
   * status than 0. Where the server allows no more sessions at the moment it waits.
   *
   * @throws SshError streamRefused.
   */
  async openCommandStream(command: readonly string[], options: StreamOptions = {}): Promise<Duplex> {
    const label = `${this.#label}: ${command[0]}`;
    const commandLine = quoteCommand(command);
    const channel = await this.#start(commandLine, label, { isLong: true, signal: options.signal });
    return this.#keep(new CommandStream(channel, label));
  }

  /**
   * Runs a command on the host and collects its output, at most 16 MiB. Any exit status is a result, not an error.
   * A command that is given up (its time, the signal, too much output) is ended on the host, with its children. It
   * may wait as long as it may run for the server to allow another session.
   *
   * @throws SshError streamRefused, timeout, outputTooLarge, closed, aborted.
   */
  async exec(command: readonly string[], options: ExecOptions = {}): Promise<CommandResult> {
    const label = `${this.#label}: ${command[0]}`;
    if (command.length === 0) throw new RangeError("a remote command needs at least one word");
    const timeoutMs = options.timeoutMs ?? DEFAULT_EXEC_TIMEOUT_MS;
    const channel = await this.#startSoon(announcedLine(command), label, timeoutMs, options.signal);
    using deadline = new Deadline(timeoutMs, `running ${label}`, options.signal);
    const execution = new Execution(channel, label);
    try {
      const signal = AbortSignal.any([deadline.signal, this.#ended.signal]);
      return await execution.collect(options.stdin, signal);
    } catch (error) {
      if (execution.processId !== undefined) await this.#terminate(execution.processId);
      throw error;
    }
  }

  /** Ends the connection and all its streams. Resolves when it is gone; never rejects. */
  async close(): Promise<void> {
    if (!this.#ended.signal.aborted) {
      this.#isClosing = true;
      const gone = new Promise<void>((resolve) => this.#client.once("close", resolve));
      this.#client.end();
      this.#end(undefined);
      const timer = new Deadline(CLOSE_TIMEOUT_MS, "closing", undefined);
      await Promise.race([gone, new Promise((resolve) => timer.signal.addEventListener("abort", resolve))]);
      timer[Symbol.dispose]();
      this.#client.destroy();
    }
    await this.#via?.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #open(request: ChannelRequest, label: string, signal: AbortSignal | undefined) {
    this.#ended.signal.throwIfAborted();
    const either = signal === undefined ? this.#ended.signal : AbortSignal.any([signal, this.#ended.signal]);
    return openChannel(this.#client, request, label, either);
  }

  #start(
    commandLine: string,
    label: string,
    { isLong, signal }: { isLong: boolean; signal: AbortSignal | undefined },
  ) {
    this.#ended.signal.throwIfAborted();
    const either = signal === undefined ? this.#ended.signal : AbortSignal.any([signal, this.#ended.signal]);
    const open = () => this.#open({ kind: "command", commandLine }, label, signal);
    return this.#sessions.start(open, { isLong, signal: either });
  }

  async #startSoon(commandLine: string, label: string, timeoutMs: number, signal: AbortSignal | undefined) {
    using deadline = new Deadline(timeoutMs, `waiting for a session (MaxSessions) for ${label}`, signal);
    return await this.#start(commandLine, label, { isLong: false, signal: deadline.signal });
  }

  /** Ends a command that was given up. It is a courtesy to the host: that it fails changes nothing for the caller. */
  async #terminate(processId: number): Promise<void> {
    const label = `${this.#label}: kill ${processId}`;
    using deadline = new Deadline(TERMINATE_TIMEOUT_MS, label, undefined);
    try {
      const commandLine = terminationLine(processId);
      const channel = await this.#start(commandLine, label, { isLong: false, signal: deadline.signal });
      const signal = AbortSignal.any([deadline.signal, this.#ended.signal]);
      await new Execution(channel, label).collect(undefined, signal);
    } catch (error) {
      if (!(error instanceof SshError)) throw error;
    }
  }

  #keep<T extends Duplex>(stream: T): T {
    // A stream that nobody listens to at the moment must not end the process when the connection is lost or closed;
    // `closed` tells of it, and whoever reads, writes or listens gets the error as well.
    stream.on("error", () => undefined);
    // Between the channel's opening and here the connection may have ended.
    if (this.#ended.signal.aborted) stream.destroy(this.#ended.signal.reason);
    this.#streams.add(stream);
    stream.once("close", () => this.#streams.delete(stream));
    return stream;
  }

  #end(cause: Error | undefined): void {
    if (this.#ended.signal.aborted) return;
    const why = this.#isClosing
      ? "it was closed"
      : cause === undefined
        ? "the server ended it"
        : reasonOf(cause);
    const reason = new SshError("closed", `${this.#label}: the connection is gone: ${why}`, { cause });
    this.#ended.abort(reason);
    for (const stream of this.#streams) stream.destroy(reason);
    this.#streams.clear();
    if (!this.#isClosing) {
      this.#client.destroy();
      void this.#via?.close();
    }
  }

  /** sshd refuses a missing socket and forbidden forwarding with the same words; a look at the host tells which. */
  async #explain(error: SshError, path: string, label: string, signal?: AbortSignal): Promise<SshError> {
    const script = '[ -S "$1" ] || exit 3; [ -r "$1" ] && [ -w "$1" ] || exit 4; exit 0';
    const probe = await this.exec(["sh", "-c", script, "sh", path], {
      timeoutMs: PROBE_TIMEOUT_MS,
      ...(signal !== undefined && { signal }),
    }).catch(() => undefined);
    const [refusal, why] = explanation(probe?.exitCode, error);
    return new SshError("streamRefused", `${label}: refused: ${why}`, { cause: error.cause, refusal });
  }
}

function explanation(exitCode: number | undefined, error: SshError): [StreamRefusal, string] {
  switch (exitCode) {
    case 3:
      return ["noSuchSocket", "there is no such socket, or the user may not see it"];
    case 4:
      return ["socketDenied", "the user may not use the socket; is a group missing?"];
    case 0:
      return ["notForwarded", "the socket is there: sshd forbids forwarding, or nothing listens on it"];
    default:
      return [error.refusal ?? "unknown", reasonOf(error.cause)];
  }
}
