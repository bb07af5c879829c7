import { decodeType } from "./codec.js";
import { decoding } from "./errors.js";
import type { Frame } from "./frame.js";
import { events } from "./generated/procedures.js";
import type { EventName, EventPayload } from "./procedure.js";

const NAMES: ReadonlyMap<string, EventName> = new Map(
  (Object.keys(events) as EventName[]).map((name) => [
    `${events[name].program} ${events[name].number}`,
    name,
  ]),
);

/** Who listens to which event. */
export class EventListeners {
  readonly #listeners = new Map<EventName, Set<(payload: never) => void>>();

  /** Returns how to stop. */
  add<Name extends EventName>(event: Name, listener: (payload: EventPayload<Name>) => void): () => void {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners);
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  /** Hands an event to its listeners. Events that nobody listens to, or that are new to us, are passed over. */
  deliver(frame: Frame): void {
    const name = NAMES.get(`${frame.program} ${frame.procedure}`);
    const listeners = name === undefined ? undefined : this.#listeners.get(name);
    if (name === undefined || listeners === undefined || listeners.size === 0) return;
    const payload = decoding(`the event ${name}`, () => decodeType(events[name].payload, frame.payload));
    for (const listener of [...listeners]) {
      try {
        listener(payload as never);
      } catch (error) {
        // A listener's bug is not the peer's: the connection, and a migration on it, go on.
        process.emitWarning(error instanceof Error ? error : String(error));
      }
    }
  }
}
