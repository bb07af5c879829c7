import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** A port of this machine whose connections reach another port late, for kernels without sch_netem. */
export class SlowWire implements AsyncDisposable {
  readonly address = "127.0.0.1";
  readonly port: number;
  readonly #server: Server;
  readonly #sockets: Set<Socket>;

  private constructor(server: Server, sockets: Set<Socket>) {
    this.#server = server;
    this.#sockets = sockets;
    this.port = (server.address() as AddressInfo).port;
  }

  /** Opens it. Every byte arrives `delayMs` later, in each direction; order is kept. */
  static async open(to: { address: string; port: number; delayMs: number }): Promise<SlowWire> {
    const sockets = new Set<Socket>();
    const server = createServer((near) => {
      const far = connect({ host: to.address, port: to.port });
      for (const [from, into] of [
        [near, far],
        [far, near],
      ] as const) {
        sockets.add(from);
        from.setNoDelay(true);
        // Timers of one length fire in the order they were set.
        from.on("data", (chunk) => setTimeout(() => into.write(chunk), to.delayMs));
        from.on("end", () => setTimeout(() => into.end(), to.delayMs));
        from.on("error", () => into.destroy());
        from.on("close", () => sockets.delete(from));
      }
    });
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(0, "127.0.0.1", resolve);
    });
    return new SlowWire(server, sockets);
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
