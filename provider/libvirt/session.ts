import type { Duplex } from "node:stream";
import { toLibvirtError } from "./errors.js";
import { openConnection } from "./handshake.js";
import { LongConnections, type LongPurpose } from "./long-connections.js";
import type {
  KeepaliveSettings,
  ProcedureArgs,
  ProcedureName,
  ProcedureResult,
  RpcConnection,
} from "./rpc/index.js";

/** Bounds of one operation. */
export interface OperationOptions {
  /** Deadline; each operation says its default. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Opens a byte stream to the host's libvirt socket. */
export type Dial = (options: { signal?: AbortSignal | undefined }) => Promise<Duplex>;

type Connect = (uri: string, signal: AbortSignal | undefined) => Promise<RpcConnection>;

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
  readonly control: RpcConnection;
  readonly #long: LongConnections;
  readonly #connect: Connect;

  private constructor(hostName: string, control: RpcConnection, connect: Connect, uri: string) {
    this.hostName = hostName;
    this.control = control;
    this.#connect = connect;
    this.#long = new LongConnections((signal) => connect(uri, signal));
  }

  static async open(options: SessionOptions, signal: AbortSignal | undefined): Promise<Session> {
    const { hostName, uri, keepalive } = options;
    const connect: Connect = async (to, each) =>
      openConnection(await options.dial({ signal: each }), { uri: to, keepalive, signal: each });
    try {
      return new Session(hostName, await connect(uri, signal), connect, uri);
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
    return this.run(operation, () =>
      this.control.call(procedure, args, {
        timeoutMs: options.timeoutMs ?? DEADLINES.read,
        signal: options.signal,
      }),
    );
  }

  /** A call that changes something. Default deadline 120 s. */
  change<Name extends ProcedureName>(
    operation: string,
    procedure: Name,
    args: ProcedureArgs<Name>,
    options: OperationOptions = {},
  ): Promise<ProcedureResult<Name>> {
    return this.read(operation, procedure, args, {
      timeoutMs: options.timeoutMs ?? DEADLINES.change,
      signal: options.signal,
    });
  }

  /** A call that may take very long, over a connection of its own. Default deadline one hour. */
  long<Name extends ProcedureName>(
    operation: string,
    procedure: Name,
    args: ProcedureArgs<Name>,
    options: OperationOptions & { purpose?: LongPurpose } = {},
  ): Promise<ProcedureResult<Name>> {
    const call = { timeoutMs: options.timeoutMs ?? DEADLINES.long, signal: options.signal };
    return this.withLong(operation, options, (connection) => connection.call(procedure, args, call));
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
      } finally {
        this.#long.give(purpose, connection);
      }
    });
  }

  /** Lends a connection to another driver of the same daemon, which ends with it. */
  async withDriver<T>(
    operation: string,
    uri: string,
    signal: AbortSignal | undefined,
    use: (connection: RpcConnection) => Promise<T>,
  ): Promise<T> {
    return this.run(operation, async () => {
      const connection = await this.#connect(uri, signal);
      try {
        return await use(connection);
      } finally {
        await connection.close();
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
    await Promise.all([this.control.close(), this.#long.close()]);
  }
}
