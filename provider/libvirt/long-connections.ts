import { RpcClosedError, type RpcConnection } from "./rpc/index.js";

/**
 * What a connection is used for. libvirt ties a migration to the connections it was made over (it destroys the
 * target's guest when the connection of Prepare ends), so these stay open as long as the host is in use.
 */
export type LongPurpose = "general" | "migration";

const IDLE_CLOSE_MS = 10_000;

interface IdleConnection {
  readonly connection: RpcConnection;
  readonly timer: NodeJS.Timeout | undefined;
}

/** Connections for calls that take long: one each, opened when needed, used again, closed when idle. */
export class LongConnections {
  readonly #openConnection: (signal: AbortSignal | undefined) => Promise<RpcConnection>;
  readonly #idle: Record<LongPurpose, IdleConnection[]> = { general: [], migration: [] };
  readonly #busy = new Set<RpcConnection>();
  #over = false;

  constructor(openConnection: (signal: AbortSignal | undefined) => Promise<RpcConnection>) {
    this.#openConnection = openConnection;
  }

  /** A connection that nobody else uses until it is given back. */
  async take(purpose: LongPurpose, signal: AbortSignal | undefined): Promise<RpcConnection> {
    for (let idle = this.#idle[purpose].pop(); idle !== undefined; idle = this.#idle[purpose].pop()) {
      clearTimeout(idle.timer);
      if (!idle.connection.open) continue;
      this.#busy.add(idle.connection);
      return idle.connection;
    }
    const connection = await this.#openConnection(signal);
    if (this.#over) {
      await connection.close();
      throw new RpcClosedError("the host's connections were closed", { sent: false });
    }
    this.#busy.add(connection);
    return connection;
  }

  give(purpose: LongPurpose, connection: RpcConnection): void {
    this.#busy.delete(connection);
    if (!connection.open) return;
    // A call that was given up is still at work there: whoever came next would wait behind it.
    if (this.#over || (purpose === "general" && connection.callsInFlight > 0)) {
      void connection.close();
      return;
    }
    const timer =
      purpose === "general" ? setTimeout(() => this.#expire(connection), IDLE_CLOSE_MS) : undefined;
    timer?.unref();
    this.#idle[purpose].push({ connection, timer });
  }

  /** Nor those that are as old: behind them a driver has gone. With a migration's its guest would go. */
  useNoMore(purpose: LongPurpose, connection: RpcConnection): void {
    if (purpose === "migration") return;
    void connection.close();
    for (const { connection: idle } of this.#idle.general) this.#expire(idle);
  }

  async close(): Promise<void> {
    this.#over = true;
    const idle = [...this.#idle.general, ...this.#idle.migration];
    for (const { timer } of idle) clearTimeout(timer);
    this.#idle.general = [];
    this.#idle.migration = [];
    await Promise.all(
      [...this.#busy, ...idle.map(({ connection }) => connection)].map((each) => each.close()),
    );
  }

  #expire(connection: RpcConnection): void {
    this.#idle.general = this.#idle.general.filter((each) => each.connection !== connection);
    void connection.close();
  }
}
