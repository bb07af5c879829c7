import type { ProcedureName } from "./procedure.js";

/** Calls that may be in flight at once; the others wait their turn in order. */
export class InFlight {
  readonly #limit: number;
  #taken = 0;
  readonly #queue = new Set<() => void>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Whether a call would start at once. */
  get hasRoom(): boolean {
    return this.#taken < this.#limit;
  }

  /** Runs `start` now or when a place is free. Returns how to leave the queue; harmless once started. */
  enter(start: () => void): () => void {
    if (this.#taken < this.#limit) {
      this.#taken++;
      start();
      return () => {};
    }
    const turn = () => start();
    this.#queue.add(turn);
    return () => this.#queue.delete(turn);
  }

  /** Gives a place back. */
  leave(): void {
    const [next] = this.#queue;
    if (next === undefined) {
      this.#taken--;
      return;
    }
    this.#queue.delete(next);
    next();
  }
}

/**
 * Calls that never wait for a guest, QEMU or a disk: the daemon answers them at once, also while a QEMU hangs, so
 * they can queue in the socket. Everything else counts against max_client_requests: when five of those are in
 * flight the daemon stops reading, pings too. Storage isn't among them: one hung NFS server holds its pool's lock.
 */
export const NON_BLOCKING: ReadonlySet<ProcedureName> = new Set<ProcedureName>([
  "AuthList",
  "ConnectClose",
  "ConnectSupportsFeature",
  "ConnectGetHostname",
  "ConnectGetLibVersion",
  "ConnectGetType",
  "ConnectGetUri",
  "ConnectGetVersion",
  "ConnectListAllDomains",
  "ConnectListAllNetworks",
  "ConnectListAllStoragePools",
  "DomainGetAutostart",
  "DomainGetState",
  "DomainGetXMLDesc",
  "DomainHasManagedSaveImage",
  "DomainIsActive",
  "DomainIsPersistent",
  "DomainIsUpdated",
  "DomainLookupByID",
  "DomainLookupByName",
  "DomainLookupByUUID",
  "DomainSnapshotNum",
  "NetworkGetAutostart",
  "NetworkGetBridgeName",
  "NetworkGetDhcpLeases",
  "NetworkGetXMLDesc",
  "NetworkIsActive",
  "NetworkIsPersistent",
  "NetworkLookupByName",
  "NetworkLookupByUUID",
  "NodeGetFreeMemory",
]);

/** What ends the work of others. A place is kept for it, so that calls which hang can't keep it out. */
export const URGENT: ReadonlySet<ProcedureName> = new Set<ProcedureName>([
  "DomainAbortJob",
  "DomainAbortJobFlags",
  "DomainDestroy",
  "DomainDestroyFlags",
]);
