import { orAborted } from "./deadline.js";

interface Waiting<Kind> {
  kind: Kind;
  admit(): void;
}

/** A few places, each taken for some kind of use. Who finds no room waits; a place that is given back goes to the first for whom it is room. */
export class Places<Kind> {
  readonly #isRoom: (kind: Kind, taken: (of: Kind) => number) => boolean;
  readonly #taken = new Map<Kind, number>();
  readonly #waiting = new Set<Waiting<Kind>>();

  constructor(isRoom: (kind: Kind, taken: (of: Kind) => number) => boolean) {
    this.#isRoom = isRoom;
  }

  /**
   * Waits for a place, which is given back by disposing of what this returns.
   *
   * @throws the signal's reason when it is aborted before.
   */
  async take(kind: Kind, signal: AbortSignal): Promise<Disposable> {
    signal.throwIfAborted();
    if (this.isRoomFor(kind)) this.#enter(kind);
    else await this.#admission(kind, signal);
    return { [Symbol.dispose]: () => this.#leave(kind) };
  }

  isRoomFor(kind: Kind): boolean {
    return this.#isRoom(kind, (of) => this.#taken.get(of) ?? 0);
  }

  async #admission(kind: Kind, signal: AbortSignal): Promise<void> {
    const waiting: Waiting<Kind> = { kind, admit: () => undefined };
    const admitted = new Promise<void>((resolve) => {
      waiting.admit = resolve;
    });
    this.#waiting.add(waiting);
    try {
      await orAborted(admitted, signal);
    } catch (error) {
      // It may have been admitted at the very moment in which it gave up.
      if (!this.#waiting.delete(waiting)) this.#leave(kind);
      throw error;
    }
  }

  #enter(kind: Kind): void {
    this.#taken.set(kind, (this.#taken.get(kind) ?? 0) + 1);
  }

  #leave(kind: Kind): void {
    this.#taken.set(kind, (this.#taken.get(kind) ?? 0) - 1);
    for (const waiting of this.#waiting) {
      if (!this.isRoomFor(waiting.kind)) continue;
      this.#waiting.delete(waiting);
      this.#enter(waiting.kind);
      waiting.admit();
    }
  }
}
