import { DomainApi } from "./domains.js";
import { EventApi } from "./events.js";
import { HostApi } from "./host.js";
import { NetworkApi } from "./networks.js";
import { PoolApi } from "./pools.js";
import type { KeepaliveSettings } from "./rpc/index.js";
import { type Dial, Session } from "./session.js";
import { VolumeApi } from "./volumes.js";

/** How a host's libvirt is reached. */
export interface LibvirtOptions {
  /** Opens a byte stream to the libvirt socket; called once for control, and again for each long call. */
  readonly dial: Dial;
  /** Default "qemu:///system". */
  readonly uri?: string;
  /** What messages call the host. */
  readonly hostName: string;
  /** Ends the opening; afterwards each operation has its own. */
  readonly signal?: AbortSignal | undefined;
  readonly keepalive?: KeepaliveSettings;
}

/**
 * One host's libvirt. It doesn't reconnect: when `closed` settles, open another one.
 *
 * @example
 * const libvirt = await Libvirt.open({ dial: () => dialLocal("/run/libvirt/libvirt-sock"), hostName: "alpha" });
 * for (const { name, state } of await libvirt.domains.observeAll()) console.log(name, state);
 * await libvirt.close();
 */
export class Libvirt {
  readonly hostName: string;
  readonly host: HostApi;
  readonly domains: DomainApi;
  readonly pools: PoolApi;
  readonly volumes: VolumeApi;
  readonly networks: NetworkApi;
  readonly events: EventApi;
  readonly #session: Session;

  private constructor(session: Session) {
    this.#session = session;
    this.hostName = session.hostName;
    this.host = new HostApi(session);
    this.domains = new DomainApi(session);
    this.pools = new PoolApi(session);
    this.volumes = new VolumeApi(session);
    this.networks = new NetworkApi(session);
    this.events = new EventApi(session);
  }

  /** Connects, authenticates and opens the driver. Rejects with LibvirtError, or with what `dial` rejected with. */
  static async open(options: LibvirtOptions): Promise<Libvirt> {
    const { dial, hostName, keepalive, uri = "qemu:///system" } = options;
    return new Libvirt(await Session.open({ dial, hostName, keepalive, uri }, options.signal));
  }

  /** Settles when the control connection has ended: with the reason, or undefined after `close`. Never rejects. */
  get closed(): Promise<Error | undefined> {
    return this.#session.control.closed;
  }

  /** Closes all connections; what is in flight is rejected. */
  close(): Promise<void> {
    return this.#session.close();
  }
}
