import { setTimeout as sleep } from "node:timers/promises";
import { oneLine } from "../../provider/hosts/errors.js";
import { UsageError } from "../usage-error.js";
import { type Fate, fateOf, type Machine } from "./machine.js";
import { ConsoleRefused, HostLost } from "./refused.js";

const SETTLES_WITHIN_MS = 5_000;
const LOOKS_EVERY_MS = 200;

/** A running VM that is looked at, wherever it goes among the stack's hosts. What becomes of it is said. */
export class FollowedMachine {
  #current: Machine;
  #looking: Promise<Fate | undefined> | undefined;
  #end: Fate | undefined;
  #onLost!: (error: HostLost) => void;
  /** Rejects when the connection to the host that it is on is lost. */
  readonly lost = new Promise<never>((_, reject) => {
    this.#onLost = reject;
  });
  readonly #find: (() => Promise<Machine>) | undefined;
  readonly #say: (text: string) => void;

  /** `find` looks on all hosts; absent where there is but one. */
  constructor(found: Machine, find: (() => Promise<Machine>) | undefined, say: (text: string) => void) {
    this.#current = found;
    this.#find = find;
    this.#say = say;
    this.lost.catch(() => undefined);
    this.#watchHost();
  }

  /** Where it was last seen running. */
  get current(): Machine {
    return this.#current;
  }

  /** What ended it; undefined while it runs, be it on another host: that one is then the current. */
  async look(): Promise<Fate | undefined> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return await this.#looking;
  }

  /** Of a stream of `seen` that ended by itself: libvirt may know why a moment later. "there": it runs on where it did. */
  async whyEnded(seen: Machine): Promise<Fate | "elsewhere" | "there"> {
    const deadline = performance.now() + SETTLES_WITHIN_MS;
    do {
      const fate = this.#current === seen ? await this.look() : undefined;
      if (fate !== undefined) return fate;
      if (this.#current !== seen) return "elsewhere";
      await sleep(LOOKS_EVERY_MS);
    } while (performance.now() < deadline);
    return "there";
  }

  async #look(): Promise<Fate | undefined> {
    if (this.#end !== undefined) return this.#end;
    const fate = await fateOf(this.#current);
    if (fate === undefined) return undefined;
    this.#say(fate.text);
    if (fate.kind === "gone" && this.#find !== undefined)
      try {
        this.#current = await this.#find();
        this.#watchHost();
        this.#say(`${this.#current.label} is on ${this.#current.hostName} now.`);
        return undefined;
      } catch (error) {
        // It is off elsewhere, or on no host any more.
        if (!(error instanceof ConsoleRefused || error instanceof UsageError)) throw error;
      }
    this.#end = fate;
    return fate;
  }

  #watchHost(): void {
    const { host, hostName } = this.#current;
    void host.closed.then((error) => {
      if (this.#current.host !== host) return;
      const why = error === undefined ? "" : `: ${oneLine(error)}`;
      this.#onLost(new HostLost(`the connection to ${hostName} was lost${why}`));
    });
  }
}
