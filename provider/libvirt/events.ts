import type { EventName, EventPayload, TypedParam } from "./rpc/index.js";
import type { OperationOptions, Session } from "./session.js";
import { type ParamValues, paramValues } from "./typed-params.js";

/** What happened to a domain as a whole. */
export type DomainLifecycle =
  | "defined"
  | "undefined"
  | "started"
  | "suspended"
  | "resumed"
  | "stopped"
  | "shutdown"
  | "pmSuspended"
  | "crashed";

interface DomainSubject {
  readonly uuid: string;
  readonly name: string;
}

/** Payloads by event. */
export interface LibvirtEvents {
  /** `detail` is libvirt's number for the reason. */
  domainLifecycle: DomainSubject & { readonly event: DomainLifecycle | "unknown"; readonly detail: number };
  /** Whether the guest's agent has opened its channel. */
  agentLifecycle: DomainSubject & { readonly connected: boolean };
  deviceAdded: DomainSubject & { readonly alias: string };
  deviceRemoved: DomainSubject & { readonly alias: string };
  deviceRemovalFailed: DomainSubject & { readonly alias: string };
  balloonChange: DomainSubject & { readonly actualBytes: number };
  /** The guest has taken or given back memory of a virtio-mem device. */
  memoryDeviceSizeChange: DomainSubject & { readonly alias: string; readonly sizeBytes: number };
  /** `disk` is the target name. */
  blockJob: DomainSubject & {
    readonly disk: string;
    readonly type: number;
    readonly status: "completed" | "failed" | "canceled" | "ready" | "unknown";
  };
  jobCompleted: DomainSubject & { readonly values: ParamValues };
  migrationIteration: DomainSubject & { readonly iteration: number };
}

/** Ends a subscription. */
export interface EventSubscription {
  close(): Promise<void>;
}

interface Source<Name extends keyof LibvirtEvents, Wire extends EventName> {
  /** virDomainEventID. */
  readonly id: number;
  readonly wire: Wire;
  readonly translate: (payload: EventPayload<Wire>) => LibvirtEvents[Name];
}

const LIFECYCLE = [
  "defined",
  "undefined",
  "started",
  "suspended",
  "resumed",
  "stopped",
  "shutdown",
  "pmSuspended",
  "crashed",
] as const;
const BLOCK_JOB = ["completed", "failed", "canceled", "ready"] as const;

function source<Name extends keyof LibvirtEvents, Wire extends EventName>(
  id: number,
  wire: Wire,
  translate: (payload: EventPayload<Wire>) => LibvirtEvents[Name],
): Source<Name, Wire> {
  return { id, wire, translate };
}

function subject(dom: { readonly name: string; readonly uuid: string }): DomainSubject {
  return { uuid: dom.uuid, name: dom.name };
}

const SOURCES = {
  domainLifecycle: source<"domainLifecycle", "DomainEventCallbackLifecycle">(
    0,
    "DomainEventCallbackLifecycle",
    ({ msg }) => ({
      ...subject(msg.dom),
      event: LIFECYCLE[msg.event] ?? "unknown",
      detail: msg.detail,
    }),
  ),
  agentLifecycle: source<"agentLifecycle", "DomainEventCallbackAgentLifecycle">(
    18,
    "DomainEventCallbackAgentLifecycle",
    (msg) => ({ ...subject(msg.dom), connected: msg.state === 1 }),
  ),
  deviceAdded: source<"deviceAdded", "DomainEventCallbackDeviceAdded">(
    19,
    "DomainEventCallbackDeviceAdded",
    (msg) => ({
      ...subject(msg.dom),
      alias: msg.devAlias,
    }),
  ),
  deviceRemoved: source<"deviceRemoved", "DomainEventCallbackDeviceRemoved">(
    15,
    "DomainEventCallbackDeviceRemoved",
    ({ msg }) => ({ ...subject(msg.dom), alias: msg.devAlias }),
  ),
  deviceRemovalFailed: source<"deviceRemovalFailed", "DomainEventCallbackDeviceRemovalFailed">(
    22,
    "DomainEventCallbackDeviceRemovalFailed",
    (msg) => ({ ...subject(msg.dom), alias: msg.devAlias }),
  ),
  balloonChange: source<"balloonChange", "DomainEventCallbackBalloonChange">(
    13,
    "DomainEventCallbackBalloonChange",
    ({ msg }) => ({ ...subject(msg.dom), actualBytes: Number(msg.actual) * 1_024 }),
  ),
  memoryDeviceSizeChange: source<"memoryDeviceSizeChange", "DomainEventMemoryDeviceSizeChange">(
    26,
    "DomainEventMemoryDeviceSizeChange",
    (msg) => ({ ...subject(msg.dom), alias: msg.alias, sizeBytes: Number(msg.size) }),
  ),
  blockJob: source<"blockJob", "DomainEventBlockJob2">(16, "DomainEventBlockJob2", (msg) => ({
    ...subject(msg.dom),
    disk: msg.dst,
    type: msg.type,
    status: BLOCK_JOB[msg.status] ?? "unknown",
  })),
  jobCompleted: source<"jobCompleted", "DomainEventCallbackJobCompleted">(
    21,
    "DomainEventCallbackJobCompleted",
    (msg: { dom: DomainSubject; params: readonly TypedParam[] }) => ({
      ...subject(msg.dom),
      values: paramValues(msg.params),
    }),
  ),
  migrationIteration: source<"migrationIteration", "DomainEventCallbackMigrationIteration">(
    20,
    "DomainEventCallbackMigrationIteration",
    (msg) => ({ ...subject(msg.dom), iteration: msg.iteration }),
  ),
} as const;

interface Registration {
  listeners: number;
  readonly callbackId: Promise<number>;
}

/** Events of one host's domains. Each kind is asked for with its first listener, and no more after its last. */
export class EventApi {
  readonly #session: Session;
  readonly #registrations = new Map<keyof LibvirtEvents, Registration>();

  constructor(session: Session) {
    this.#session = session;
  }

  /** Listens to an event. Nothing that happens after the returned promise settled is missed. */
  async on<Name extends keyof LibvirtEvents>(
    name: Name,
    listener: (event: LibvirtEvents[Name]) => void,
    options: Pick<OperationOptions, "timeoutMs"> = {},
  ): Promise<EventSubscription> {
    // One cast instead of a switch: the table pairs each name with its wire event and translation.
    const { id, wire, translate } = SOURCES[name] as unknown as Source<Name, EventName>;
    const stop = this.#session.control.on(wire, (payload) => listener(translate(payload)));
    try {
      await this.#register(name, id, options);
    } catch (error) {
      stop();
      throw error;
    }
    let closed = false;
    return {
      close: async () => {
        if (closed) return;
        closed = true;
        stop();
        await this.#deregister(name);
      },
    };
  }

  async #register(
    name: keyof LibvirtEvents,
    eventID: number,
    options: Pick<OperationOptions, "timeoutMs">,
  ): Promise<void> {
    let registration = this.#registrations.get(name);
    if (registration === undefined) {
      const args = { eventID };
      const operation = `listen to ${name}`;
      // Shared by all who ask at the same time, so not bound to the signal of the first.
      const callbackId = this.#session
        .ofControl(operation, "ConnectDomainEventCallbackRegisterAny", args, { timeoutMs: options.timeoutMs })
        .then((result) => result.callbackID);
      registration = { listeners: 0, callbackId };
      this.#registrations.set(name, registration);
    }
    registration.listeners++;
    try {
      await registration.callbackId;
    } catch (error) {
      registration.listeners--;
      if (this.#registrations.get(name) === registration) this.#registrations.delete(name);
      throw error;
    }
  }

  async #deregister(name: keyof LibvirtEvents): Promise<void> {
    const registration = this.#registrations.get(name);
    if (registration === undefined) return;
    registration.listeners--;
    if (registration.listeners > 0) return;
    this.#registrations.delete(name);
    const callbackID = await registration.callbackId;
    if (!this.#session.control.open) return;
    await this.#session.ofControl(`stop listening to ${name}`, "ConnectDomainEventCallbackDeregisterAny", {
      callbackID,
    });
  }
}
