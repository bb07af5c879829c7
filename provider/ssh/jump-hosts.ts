import type { Duplex } from "node:stream";
import { orAborted } from "./deadline.js";
import type { SshSettings } from "./settings.js";

/** What a connection must be able to do for another to go through it. */
export interface JumpHost {
  readonly closed: Promise<unknown>;
  openTcpStream(host: string, port: number, options: { signal: AbortSignal }): Promise<Duplex>;
  close(): Promise<void>;
}

interface Shared {
  connecting: Promise<JumpHost>;
  users: number;
  /** Ends the attempt to connect when nobody waits for it any more. */
  readonly attempt: AbortController;
}

/**
 * The connections to jump hosts: all hosts behind one go through the same. sshd refuses logins at random when more than ten are under way
 * (MaxStartups), which hundreds of hosts would be at once.
 */
class JumpHosts {
  readonly #shared = new Map<string, Shared>();

  /** The connection with these settings, by `connect` if there is none; closing what this returns leaves it to its other users. */
  async enter(
    settings: SshSettings,
    connect: (signal: AbortSignal) => Promise<JumpHost>,
    signal: AbortSignal,
  ): Promise<JumpHost> {
    const key = JSON.stringify(settings);
    const shared = this.#shared.get(key) ?? this.#begin(key, connect);
    shared.users += 1;
    try {
      const host = await orAborted(shared.connecting, signal);
      let isLeft = false;
      const close = async () => {
        if (isLeft) return;
        isLeft = true;
        await this.#leave(key, shared);
      };
      return {
        closed: host.closed,
        openTcpStream: (to, port, options) => host.openTcpStream(to, port, options),
        close,
      };
    } catch (error) {
      void this.#leave(key, shared);
      throw error;
    }
  }

  #begin(key: string, connect: (signal: AbortSignal) => Promise<JumpHost>): Shared {
    const attempt = new AbortController();
    const shared: Shared = { connecting: connect(attempt.signal), users: 0, attempt };
    this.#shared.set(key, shared);
    const forget = () => this.#forget(key, shared);
    shared.connecting.then((host) => host.closed.then(forget), forget);
    return shared;
  }

  async #leave(key: string, shared: Shared): Promise<void> {
    shared.users -= 1;
    if (shared.users > 0) return;
    this.#forget(key, shared);
    shared.attempt.abort();
    await shared.connecting.then(
      (host) => host.close(),
      () => undefined,
    );
  }

  #forget(key: string, shared: Shared): void {
    if (this.#shared.get(key) === shared) this.#shared.delete(key);
  }
}

/** Those of this process. */
export const jumpHosts = new JumpHosts();
