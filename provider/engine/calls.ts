import { HostUnreachable } from "../hosts/errors.js";

/** Between the calls for one resource, and for one that depends on it, the engine and the program take less than this. */
const CALM_MS = 2_000;

/**
 * The calls of a deployment that are under way. Pulumi begins nothing more once an operation has failed, so one that fails because its host
 * doesn't answer waits with its failure until the others are through: a dead host keeps nobody from changing the living ones.
 */
export class Calls {
  readonly #now: () => number;
  #underWay = 0;
  #lastChangeMs: number;
  #onChange = new Set<() => void>();

  constructor(now: () => number) {
    this.#now = now;
    this.#lastChangeMs = now();
  }

  /** How many are under way. */
  get underWay(): number {
    return this.#underWay;
  }

  /** Counts a call while it lasts. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    this.#count(1);
    try {
      return await work();
    } finally {
      this.#count(-1);
    }
  }

  /** Counts an operation; its failure to reach a host comes after all that the deployment can do besides. */
  async failingLast<T>(work: () => Promise<T>, gone?: AbortSignal): Promise<T> {
    try {
      return await this.during(work);
    } catch (error) {
      if (isUnreachable(error)) await this.#untilCalm(gone);
      throw error;
    }
  }

  #count(change: 1 | -1): void {
    this.#underWay += change;
    this.#lastChangeMs = this.#now();
    for (const wake of this.#onChange) wake();
  }

  async #untilCalm(gone: AbortSignal | undefined): Promise<void> {
    while (gone?.aborted !== true) {
      const leftMs = this.#lastChangeMs + CALM_MS - this.#now();
      if (this.#underWay === 0 && leftMs <= 0) return;
      await this.#change(this.#underWay === 0 ? leftMs : undefined, gone);
    }
  }

  /** Settles at the next change, when the time is over, or when nobody waits for the deployment any more. */
  #change(afterMs: number | undefined, gone: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.#onChange.delete(wake);
        gone?.removeEventListener("abort", wake);
        resolve();
      };
      const timer = afterMs === undefined ? undefined : setTimeout(wake, afterMs);
      this.#onChange.add(wake);
      gone?.addEventListener("abort", wake, { once: true });
    });
  }
}

function isUnreachable(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause)
    if (cause instanceof HostUnreachable) return true;
  return false;
}
