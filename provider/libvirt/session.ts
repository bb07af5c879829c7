import type { Duplex } from "node:stream";
import { lostDaemon } from "./driver-daemons.js";
import { LibvirtError, toLibvirtError } from "./errors.js";
import { openConnection } from "./handshake.js";
import { LongConnections, type LongPurpose } from "./long-connections.js";
import {
  type CallOptions,
  type KeepaliveSettings,
  type ProcedureArgs,
  type ProcedureName,
  type ProcedureResult,
  RpcClosedError,
  type RpcConnection,
} from "./rpc/index.js";

/** Bounds of one operation. */
export interface OperationOptions {
  /** Deadline; each operation says its default. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Opens a byte stream to the host's libvirt socket. */
export type Dial = (options: { signal?: AbortSignal | undefined }) => Promise<Duplex>;

type Connect = (signal: AbortSignal | undefined) => Promise<RpcConnection>;

/** How a host is reached. */
export interface SessionOptions {
  readonly dial: Dial;
  readonly uri: string;
  readonly hostName: string;
  readonly keepalive?: KeepaliveSettings | undefined;
}

/** Default deadlines in milliseconds: of what only reads, of what changes something, of what copies or waits. */
export const DEADLINES = { read: 30_000, change: 120_000, long: 3_600_000 } as const;

/** One host's connections: control, and one more for each long call. Errors come out as LibvirtError. */
export class Session {
  readonly hostName: string;
  /** The one of events, and of calls as long as all drivers answer over it. */
  readonly control: RpcConnection;
  readonly #connect: Connect;
  readonly #long: LongConnections;
  /** Those after it, of which the last is used. */
  readonly #later: RpcConnection[] = [];
  #renewing: Promise<RpcConnection> | undefined;

  private constructor(hostName: string, control: RpcConnection, connect: Connect) {
    this.hostName = hostName;
    this.control = control;
    this.#connect = connect;
    this.#long = new LongConnections(connect);
  }

  static async open(options: SessionOptions, signal: AbortSignal | undefined): Promise<Session> {
    const { hostName, uri, keepalive } = options;
    const connect: Connect = async (each) =>
      openConnection(await options.dial({ signal: each }), { uri, keepalive, signal: each });
    try {
      return new Session(hostName, await connect(signal), connect);
    } catch (error) {
      throw toLibvirtError(error, { hostName, operation: `connect to ${uri}` });
    }
  }

  /** A call that only reads. Default deadline 30 s. */
  read<Name extends ProcedureName>(
    operation: string,
    procedure: Name,
    args: ProcedureArgs<Name>,
    options: OperationOptions = {},
  ): Promise<ProcedureResult<Name>> {
    const call = bounded(options, DEADLINES.read);
    return this.run(operation, () => this.#call(procedure, args, call, { isRepeatable: true }));
  }

  /** A call that changes something. Default deadline 120 s. */
  change<Name extends ProcedureName>(
    operation: string,
    procedure: Name,
    args: ProcedureArgs<Name>,
    options: OperationOptions = {},
  ): Promise<ProcedureResult<Name>> {
    const call = bounded(options, DEADLINES.change);
    return this.run(operation, () => this.#call(procedure, args, call, { isRepeatable: false }));
  }

  /** A call about the control connection itself: which events come over it. Default deadline 30 s. */
  ofControl<Name extends ProcedureName>(
    operation: string,
    procedure: Name,
    args: ProcedureArgs<Name>,
    options: OperationOptions = {},
  ): Promise<ProcedureResult<Name>> {
    const call = bounded(options, DEADLINES.read);
    return this.run(operation, () => this.control.call(procedure, args, call));
  }

  /** A call that may take very long, over a connection of its own. Default deadline one hour. */
  async long<Name extends ProcedureName>(
    operation: string,
    procedure: Name,
    args: ProcedureArgs<Name>,
    options: OperationOptions & { purpose?: LongPurpose } = {},
  ): Promise<ProcedureResult<Name>> {
    const call = bounded(options, DEADLINES.long);
    const attempt = () =>
      this.withLong(operation, options, (connection) => connection.call(procedure, args, call));
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof LibvirtError) || lostDaemon(error.cause) !== "before") throw error;
      return await attempt();
    }
  }

  /** Lends a connection of its own to `use`. */
  async withLong<T>(
    operation: string,
    options: { readonly signal?: AbortSignal | undefined; readonly purpose?: LongPurpose },
    use: (connection: RpcConnection) => Promise<T>,
  ): Promise<T> {
    const purpose = options.purpose ?? "general";
    return this.run(operation, async () => {
      const connection = await this.#long.take(purpose, options.signal);
      try {
        return await use(connection);
      } catch (error) {
        if (lostDaemon(error) !== undefined) this.#long.useNoMore(purpose, connection);
        throw error;
      } finally {
        this.#long.give(purpose, connection);
      }
    });
  }

  /** Lends a connection for as long as the caller likes; the caller gives it back. */
  async borrowLong(
    operation: string,
    signal: AbortSignal | undefined,
  ): Promise<{ readonly connection: RpcConnection; giveBack(): void }> {
    const connection = await this.run(operation, () => this.#long.take("general", signal));
    return { connection, giveBack: () => this.#long.give("general", connection) };
  }

  /** Translates the errors of `use`. */
  async run<T>(operation: string, use: () => Promise<T>): Promise<T> {
    try {
      return await use();
    } catch (error) {
      throw toLibvirtError(error, { hostName: this.hostName, operation });
    }
  }

  async close(): Promise<void> {
    const connections = [this.control, ...this.#later, this.#long];
    await Promise.all(connections.map((each) => each.close()));
  }

  /** Over another connection where a driver's daemon, behind the one that we speak to, has been restarted. */
  async #call<Name extends ProcedureName>(
    procedure: Name,
    args: ProcedureArgs<Name>,
    options: CallOptions,
    { isRepeatable }: { isRepeatable: boolean },
  ): Promise<ProcedureResult<Name>> {
    const connection = this.#current();
    try {
      return await connection.call(procedure, args, options);
    } catch (error) {
      const lost = lostDaemon(error);
      if (lost === undefined || (lost !== "before" && !isRepeatable)) throw error;
      return await (await this.#after(connection)).call(procedure, args, options);
    }
  }

  #current(): RpcConnection {
    const last = this.#later.at(-1);
    return last?.open === true ? last : this.control;
  }

  /** What is asked over the earlier one meanwhile, of other drivers, and its events, go on. */
  async #after(connection: RpcConnection): Promise<RpcConnection> {
    if (this.#current() !== connection) return this.#current();
    this.#renewing ??= this.#connect(undefined).finally(() => {
      this.#renewing = undefined;
    });
    const next = await this.#renewing;
    if (!this.#later.includes(next)) this.#later.push(next);
    if (this.control.open) return next;
    await next.close();
    throw new RpcClosedError("the host's connections were closed", { sent: false });
  }
}

function bounded({ timeoutMs, signal }: OperationOptions, defaultMs: number): CallOptions {
  return { timeoutMs: timeoutMs ?? defaultMs, signal };
}
