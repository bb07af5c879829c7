import { orAborted } from "./deadline.js";

/** Enough that a few servers which take their time don't hold up the others. */
const AT_ONCE = 16;

/**
 * Reading keys and shaking hands is computing, and one thread does it for all hosts: hundreds at once would all be late, and none in time. So
 * they queue for it, and only for it: who waits for a silent host is in nobody's way.
 */
class LoginQueue {
  #underWay = 0;
  readonly #waiting = new Set<() => void>();

  /**
   * Waits for a place, which is given back by disposing of what this returns.
   *
   * @throws the signal's reason when it is aborted before.
   */
  async enter(signal: AbortSignal): Promise<Disposable> {
    if (this.#underWay < AT_ONCE) this.#underWay += 1;
    else await this.#placeOfAnother(signal);
    return { [Symbol.dispose]: () => this.#leave() };
  }

  async #placeOfAnother(signal: AbortSignal): Promise<void> {
    let admit = () => {};
    const admitted = new Promise<void>((resolve) => {
      admit = resolve;
    });
    this.#waiting.add(admit);
    try {
      await orAborted(admitted, signal);
    } catch (error) {
      // It may have been given the place at the very moment in which it gave up.
      if (!this.#waiting.delete(admit)) this.#leave();
      throw error;
    }
  }

  #leave(): void {
    const [next] = this.#waiting;
    if (next === undefined) this.#underWay -= 1;
    else {
      this.#waiting.delete(next);
      next();
    }
  }
}

/** That of this process. */
export const loginQueue = new LoginQueue();
