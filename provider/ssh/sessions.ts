import { setTimeout } from "node:timers/promises";
import type { ClientChannel } from "ssh2";
import { orAborted } from "./deadline.js";
import { SshError } from "./errors.js";

/** OpenSSH's MaxSessions where nobody has set another. */
const USUAL_LIMIT = 10;
/** Kept for short commands, so that those which take long don't hold them up. */
const KEPT_FOR_SHORT = 2;
/** sshd counts a session for a moment longer than we do: what it refuses though there should be room is asked for again. */
const ASKED_AGAIN_AFTER_MS = [50, 200, 500];

interface Waiting {
  isLong: boolean;
  admit(): void;
}

/**
 * The commands that run over one connection. A server allows a few at a time and refuses more, so they queue; that it allows fewer than usual
 * shows when it refuses one.
 */
export class Sessions {
  #limit = USUAL_LIMIT;
  /** Places that are taken: of sessions that are open, and of those that are being opened. */
  #taken = 0;
  #takenLong = 0;
  #open = 0;
  #mostOpen = 0;
  readonly #waiting = new Set<Waiting>();

  /**
   * Opens a session when there is room for it; `isLong` is one that may take longer than others should wait.
   *
   * @throws what `open` throws, and the signal's reason when it is aborted before there is room.
   */
  async start(
    open: () => Promise<ClientChannel>,
    { isLong, signal }: { isLong: boolean; signal: AbortSignal },
  ): Promise<ClientChannel> {
    const again = ASKED_AGAIN_AFTER_MS.values();
    for (;;) {
      await this.#room(isLong, signal);
      try {
        return this.#opened(await open(), isLong);
      } catch (error) {
        this.#leave(isLong);
        if (!(error instanceof SshError) || error.refusal !== "sessionLimit") throw error;
        this.#limit = Math.max(1, this.#mostOpen);
        if (!this.#hasRoom(isLong)) continue;
        const { value: delayMs } = again.next();
        if (delayMs === undefined) throw error;
        await setTimeout(delayMs);
      }
    }
  }

  #opened(channel: ClientChannel, isLong: boolean): ClientChannel {
    this.#open += 1;
    this.#mostOpen = Math.max(this.#mostOpen, this.#open);
    channel.once("close", () => {
      this.#open -= 1;
      this.#leave(isLong);
    });
    return channel;
  }

  async #room(isLong: boolean, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#hasRoom(isLong)) return this.#enter(isLong);
    let waiting: Waiting | undefined;
    const admitted = new Promise<void>((resolve) => {
      waiting = { isLong, admit: resolve };
      this.#waiting.add(waiting);
    });
    try {
      await orAborted(admitted, signal);
    } catch (error) {
      // It may have been admitted at the very moment in which it gave up.
      if (waiting !== undefined && !this.#waiting.delete(waiting)) this.#leave(isLong);
      throw error;
    }
  }

  #hasRoom(isLong: boolean): boolean {
    const forLong = Math.max(1, this.#limit - KEPT_FOR_SHORT);
    return this.#taken < this.#limit && !(isLong && this.#takenLong >= forLong);
  }

  #enter(isLong: boolean): void {
    this.#taken += 1;
    if (isLong) this.#takenLong += 1;
  }

  #leave(isLong: boolean): void {
    this.#taken -= 1;
    if (isLong) this.#takenLong -= 1;
    for (const waiting of this.#waiting) {
      if (!this.#hasRoom(waiting.isLong)) continue;
      this.#waiting.delete(waiting);
      this.#enter(waiting.isLong);
      waiting.admit();
    }
  }
}
