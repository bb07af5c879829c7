import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PlanRecord } from "../../provider/engine/witness.js";

/** Listens for the plans that a provider makes. The folder of its socket is this user's alone. */
export class PlanListener implements AsyncDisposable {
  readonly path: string;
  readonly records: PlanRecord[] = [];
  readonly #folder: string;
  readonly #server = createServer((socket) => this.#read(socket));
  readonly #open = new Set<Socket>();
  readonly #onRecord: (record: PlanRecord) => void;

  private constructor(folder: string, onRecord: (record: PlanRecord) => void) {
    this.#folder = folder;
    this.path = join(folder, "plans");
    this.#onRecord = onRecord;
  }

  static async listen(onRecord: (record: PlanRecord) => void = () => undefined): Promise<PlanListener> {
    const listener = new PlanListener(await mkdtemp(join(tmpdir(), "kvm-review-")), onRecord);
    await new Promise<void>((resolve, reject) => {
      listener.#server.once("error", reject);
      listener.#server.listen(listener.path, resolve);
    });
    return listener;
  }

  /** All that was written has arrived once its writers are gone. */
  async settled(): Promise<void> {
    await Promise.all(
      [...this.#open].map(
        (socket) =>
          new Promise<void>((resolve) => {
            const late = setTimeout(resolve, 2_000);
            socket.once("close", () => {
              clearTimeout(late);
              resolve();
            });
          }),
      ),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#open) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
    await rm(this.#folder, { recursive: true, force: true });
  }

  #read(socket: Socket): void {
    this.#open.add(socket);
    socket.on("close", () => this.#open.delete(socket));
    socket.on("error", () => socket.destroy());
    let rest = "";
    socket.setEncoding("utf8").on("data", (chunk: string) => {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        const record = JSON.parse(line) as PlanRecord;
        this.records.push(record);
        this.#onRecord(record);
      }
    });
  }
}
