import { unlessAbsent } from "./absent.js";
import { isLibvirtError } from "./errors.js";
import type { Network } from "./rpc/index.js";
import type { OperationOptions, Session } from "./session.js";

/** A virtual network as it is on its host. */
export interface NetworkRecord {
  readonly name: string;
  readonly uuid: string;
  /** The persistent document; the live one of a transient network. */
  readonly xml: string;
  /** Only while it is active. */
  readonly liveXml?: string | undefined;
  readonly active: boolean;
  readonly autostart: boolean;
  readonly persistent: boolean;
  readonly bridgeName?: string | undefined;
}

/** How a network is named. */
export type NetworkKey = { readonly uuid: string } | { readonly name: string };

/** A change of one section of a network, live, persistent or both. */
export interface NetworkChange {
  readonly command: keyof typeof COMMANDS;
  readonly section: keyof typeof SECTIONS;
  /** The element to add, change or delete. */
  readonly xml: string;
  /** Which <ip> element it belongs to; -1 (default) lets libvirt find it. */
  readonly parentIndex?: number;
  readonly live?: boolean;
  readonly persistent?: boolean;
}

/** A lease of the network's DHCP server. */
export interface DhcpLease {
  readonly interface: string;
  readonly mac?: string | undefined;
  readonly address: string;
  readonly family: "ipv4" | "ipv6";
  readonly prefix: number;
  readonly hostname?: string | undefined;
  readonly clientId?: string | undefined;
  /** Seconds since 1970. */
  readonly expiresAt: number;
}

const LIST = { active: 2, persistent: 4, autostart: 16 } as const;
const XML_INACTIVE = 1;
const COMMANDS = { modify: 1, delete: 2, addLast: 3, addFirst: 4 } as const;
const SECTIONS = {
  ipDhcpHost: 4,
  ipDhcpRange: 5,
  forwardInterface: 7,
  portgroup: 9,
  dnsHost: 10,
  dnsTxt: 11,
  dnsSrv: 12,
} as const;
const FEATURE_UPDATE_HAS_CORRECT_ORDER = 16;

/** Virtual networks of one host. Deadlines: 30 s to read, 120 s to change. */
export class NetworkApi {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  /** Every network. One that vanishes meanwhile is left out. */
  async observeAll(options: OperationOptions = {}): Promise<NetworkRecord[]> {
    const list = async (flags: number) => {
      const args = { needResults: 1, flags };
      return (await this.#session.read("list the networks", "ConnectListAllNetworks", args, options)).nets;
    };
    const uuids = async (flags: number) => new Set((await list(flags)).map(({ uuid }) => uuid));
    const [networks, active, persistent, autostart] = await Promise.all([
      list(0),
      uuids(LIST.active),
      uuids(LIST.persistent),
      uuids(LIST.autostart),
    ]);
    const records = await Promise.all(
      networks.map((net) =>
        unlessAbsent("networkNotFound", () =>
          this.#read(
            net,
            {
              active: active.has(net.uuid),
              persistent: persistent.has(net.uuid),
              autostart: autostart.has(net.uuid),
            },
            options,
          ),
        ),
      ),
    );
    return records.filter((record) => record !== undefined);
  }

  /** One network; undefined when there is none. */
  observe(key: NetworkKey, options: OperationOptions = {}): Promise<NetworkRecord | undefined> {
    return unlessAbsent("networkNotFound", async () => {
      const { net } =
        "uuid" in key
          ? await this.#session.read(
              `find network ${key.uuid}`,
              "NetworkLookupByUUID",
              { uuid: key.uuid },
              options,
            )
          : await this.#session.read(
              `find network ${key.name}`,
              "NetworkLookupByName",
              { name: key.name },
              options,
            );
      const operation = `read network ${net.name}`;
      const [active, persistent, autostart] = await Promise.all([
        this.#session.read(operation, "NetworkIsActive", { net }, options),
        this.#session.read(operation, "NetworkIsPersistent", { net }, options),
        this.#session.read(operation, "NetworkGetAutostart", { net }, options),
      ]);
      const traits = {
        active: active.active === 1,
        persistent: persistent.persistent === 1,
        autostart: autostart.autostart === 1,
      };
      return this.#read(net, traits, options);
    });
  }

  async define(xml: string, options: OperationOptions = {}): Promise<{ name: string; uuid: string }> {
    return (await this.#session.change("define a network", "NetworkDefineXML", { xml }, options)).net;
  }

  async start(uuid: string, options: OperationOptions = {}): Promise<void> {
    await this.#session.change(`start network ${uuid}`, "NetworkCreate", { net: networkOf(uuid) }, options);
  }

  async stop(uuid: string, options: OperationOptions = {}): Promise<void> {
    await this.#session.change(`stop network ${uuid}`, "NetworkDestroy", { net: networkOf(uuid) }, options);
  }

  async undefine(uuid: string, options: OperationOptions = {}): Promise<void> {
    await this.#session.change(
      `undefine network ${uuid}`,
      "NetworkUndefine",
      { net: networkOf(uuid) },
      options,
    );
  }

  async setAutostart(uuid: string, autostart: boolean, options: OperationOptions = {}): Promise<void> {
    const args = { net: networkOf(uuid), autostart: autostart ? 1 : 0 };
    await this.#session.change(`set autostart of network ${uuid}`, "NetworkSetAutostart", args, options);
  }

  /** Changes a section without restarting the network. libvirt reports success for some that do nothing: look after. */
  async update(uuid: string, change: NetworkChange, options: OperationOptions = {}): Promise<void> {
    const operation = `change ${change.section} of network ${uuid}`;
    const feature = { feature: FEATURE_UPDATE_HAS_CORRECT_ORDER };
    const { supported } = await this.#session.read(operation, "ConnectSupportsFeature", feature, options);
    const command = COMMANDS[change.command];
    const section = SECTIONS[change.section];
    // Before 7.2 the daemon took these two the wrong way round, and says so by lacking the feature.
    const order = supported === 1 ? { command, section } : { command: section, section: command };
    const args = {
      net: networkOf(uuid),
      ...order,
      parentIndex: change.parentIndex ?? -1,
      xml: change.xml,
      flags: (change.live ? 1 : 0) | (change.persistent ? 2 : 0),
    };
    await this.#session.change(operation, "NetworkUpdate", args, options);
  }

  async dhcpLeases(
    uuid: string,
    options: OperationOptions & { readonly mac?: string } = {},
  ): Promise<DhcpLease[]> {
    const args = { net: networkOf(uuid), mac: options.mac, needResults: 1, flags: 0 };
    const operation = `read the leases of network ${uuid}`;
    const { leases } = await this.#session.read(operation, "NetworkGetDhcpLeases", args, options);
    return leases.map((lease) => ({
      interface: lease.iface,
      mac: lease.mac,
      address: lease.ipaddr,
      family: lease.type === 0 ? "ipv4" : "ipv6",
      prefix: lease.prefix,
      hostname: lease.hostname,
      clientId: lease.clientid,
      expiresAt: Number(lease.expirytime),
    }));
  }

  /** The UUIDs of what is plugged in: the running domains' interfaces by their `portid`. Undefined before libvirt 5.5, which can't tell. */
  async portUuids(uuid: string, options: OperationOptions = {}): Promise<string[] | undefined> {
    const args = { optNetwork: networkOf(uuid), needResults: 1, flags: 0 };
    try {
      const operation = `list the ports of network ${uuid}`;
      const { ports } = await this.#session.read(operation, "NetworkListAllPorts", args, options);
      return ports.map((port) => port.uuid);
    } catch (error) {
      if (isLibvirtError(error, "operationUnsupported")) return undefined;
      throw error;
    }
  }

  async #read(
    net: Network,
    traits: { readonly active: boolean; readonly persistent: boolean; readonly autostart: boolean },
    options: OperationOptions,
  ): Promise<NetworkRecord> {
    const operation = `read network ${net.name}`;
    const xml = async (flags: number) =>
      (await this.#session.read(operation, "NetworkGetXMLDesc", { net, flags }, options)).xml;
    const [live, persistent, bridgeName] = await Promise.all([
      xml(0),
      traits.persistent ? xml(XML_INACTIVE) : undefined,
      this.#bridgeName(net, options),
    ]);
    const { name, uuid } = net;
    return {
      name,
      uuid,
      ...traits,
      xml: persistent ?? live,
      liveXml: traits.active ? live : undefined,
      bridgeName,
    };
  }

  async #bridgeName(net: Network, options: OperationOptions): Promise<string | undefined> {
    try {
      const operation = `read the bridge of network ${net.name}`;
      return (await this.#session.read(operation, "NetworkGetBridgeName", { net }, options)).name;
    } catch (error) {
      // A network without a bridge (macvtap, passthrough) answers with an internal error.
      if (isLibvirtError(error, "internal")) return undefined;
      throw error;
    }
  }
}

/** The daemon finds a network by its UUID alone; the name only appears in its messages. */
function networkOf(uuid: string): Network {
  return { name: uuid, uuid };
}
