import { setTimeout } from "node:timers/promises";
import type { ClientChannel } from "ssh2";
import { SshError } from "./errors.js";
import { Places } from "./places.js";

/** OpenSSH's MaxSessions where nobody has set another. */
const USUAL_LIMIT = 10;
/** Kept for short commands, so that those which take long don't hold them up. */
const KEPT_FOR_SHORT = 2;
/** sshd counts a session for a moment longer than we do: what it refuses though there should be room is asked for again. */
const ASKED_AGAIN_AFTER_MS = [50, 200, 500];

/**
 * The commands that run over one connection. A server allows a few at a time and refuses more, so they queue; that it allows fewer than usual
 * shows when it refuses one.
 */
export class Sessions {
  #limit = USUAL_LIMIT;
  #open = 0;
  #mostOpen = 0;
  /** Of sessions that are open, and of those that are being opened. */
  readonly #places = new Places<"long" | "short">((kind, taken) => {
    const forLong = Math.max(1, this.#limit - KEPT_FOR_SHORT);
    return taken("long") + taken("short") < this.#limit && !(kind === "long" && taken("long") >= forLong);
  });

  /**
   * Opens a session when there is room for it; `isLong` is one that may take longer than others should wait.
   *
   * @throws what `open` throws, and the signal's reason when it is aborted before there is room.
   */
  async start(
    open: () => Promise<ClientChannel>,
    { isLong, signal }: { isLong: boolean; signal: AbortSignal },
  ): Promise<ClientChannel> {
    const kind = isLong ? "long" : "short";
    const again = ASKED_AGAIN_AFTER_MS.values();
    for (;;) {
      const place = await this.#places.take(kind, signal);
      try {
        return this.#opened(await open(), place);
      } catch (error) {
        place[Symbol.dispose]();
        if (!(error instanceof SshError) || error.refusal !== "sessionLimit") throw error;
        this.#limit = Math.max(1, this.#mostOpen);
        if (!this.#places.isRoomFor(kind)) continue;
        const { value: delayMs } = again.next();
        if (delayMs === undefined) throw error;
        await setTimeout(delayMs);
      }
    }
  }

  #opened(channel: ClientChannel, place: Disposable): ClientChannel {
    this.#open += 1;
    this.#mostOpen = Math.max(this.#mostOpen, this.#open);
    channel.once("close", () => {
      this.#open -= 1;
      place[Symbol.dispose]();
    });
    return channel;
  }
}
