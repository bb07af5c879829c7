import { SshError } from "./errors.js";

/** Bounds one piece of work: by a time, and by the caller's signal. */
export class Deadline implements Disposable {
  readonly #controller = new AbortController();
  readonly #onTimeUp: () => void;
  readonly #release: () => void;
  #remainingMs: number;
  #countedSinceMs = 0;
  #timer: NodeJS.Timeout | undefined;

  /** `what` completes "timed out ..." and "aborted ...", e.g. "connecting to alpha". */
  constructor(timeoutMs: number, what: string, signal: AbortSignal | undefined) {
    // A signal of one's own that follows the caller's: fifty listeners on one signal are warned of as a leak.
    const caller = signal === undefined ? undefined : AbortSignal.any([signal]);
    const onAbort = () => {
      this.#controller.abort(new SshError("aborted", `aborted while ${what}`, { cause: caller?.reason }));
    };
    this.#remainingMs = timeoutMs;
    this.#onTimeUp = () => {
      const seconds = Number((timeoutMs / 1000).toFixed(1));
      this.#controller.abort(new SshError("timeout", `timed out after ${seconds} s while ${what}`));
    };
    this.#count();
    if (caller?.aborted === true) onAbort();
    else caller?.addEventListener("abort", onAbort, { once: true });
    this.#release = () => caller?.removeEventListener("abort", onAbort);
  }

  /** Aborted, with an {@link SshError} as its reason, when the time is up or the caller gave up. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** What `wait` takes isn't counted: it is this process that isn't ready. The caller's signal ends it nevertheless. */
  async uncounted<T>(wait: Promise<T>): Promise<T> {
    clearTimeout(this.#timer);
    this.#remainingMs -= performance.now() - this.#countedSinceMs;
    try {
      return await wait;
    } finally {
      if (!this.signal.aborted) this.#count();
    }
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#release();
  }

  #count(): void {
    this.#countedSinceMs = performance.now();
    this.#timer = setTimeout(this.#onTimeUp, this.#remainingMs);
  }
}

/** A promise that also ends, with the signal's reason, when the signal is aborted. */
export function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
