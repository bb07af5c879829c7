import { HostUnreachable } from "../../../hosts/errors.js";
import type { Host } from "../../../hosts/host.js";
import type { DomainInterfaceAddresses } from "../../../libvirt/index.js";
import { parseNeighbours } from "./neighbours.js";

/** Where an address of a running guest can be read. */
type AddressSource = "lease" | "arp" | "agent";

/** How long one source may take: an agent that hangs would hold everything up. */
const ASK_FOR_MS = 5_000;

/** Whether a guest's agent has opened its channel, by the live document. */
export function isAgentConnected(liveXml: string | undefined): boolean {
  return /<target [^>]*name='org\.qemu\.guest_agent\.0' state='connected'/.test(liveXml ?? "");
}

export interface RunningGuest {
  uuid: string;
  liveXml: string | undefined;
  /** Of the domain's interfaces: an agent also tells of bridges and tunnels within the guest. */
  macs: readonly string[];
}

/**
 * The addresses of a running guest that others can reach: those of the host's DHCP leases, of its agent and of the host's ARP table, in this
 * order, IPv4 before IPv6. A source that doesn't answer has none.
 *
 * @param formerly - Is asked of the cards, by their MAC addresses, of which the host knows nothing.
 */
export async function readAddresses(
  host: Host,
  guest: RunningGuest,
  formerly: (macs: readonly string[]) => Promise<DomainInterfaceAddresses[]> = async () => [],
): Promise<string[]> {
  if (guest.macs.length === 0) return [];
  const macs = guest.macs.map((mac) => mac.toLowerCase());
  const others: AddressSource[] = isAgentConnected(guest.liveXml) ? ["agent", "arp"] : ["arp"];
  const [leases, ...rest] = await Promise.all([
    ask(host, guest.uuid, "lease"),
    ...others.map((source) => ask(host, guest.uuid, source)),
  ]);
  const found = [...leases, ...rest.flat()];
  const unheard = macs.filter((mac) => !found.some((card) => card.mac?.toLowerCase() === mac));
  const former = unheard.length === 0 ? [] : await formerly(unheard);
  const placeOf = ({ mac }: DomainInterfaceAddresses) => macs.indexOf(mac?.toLowerCase() ?? "");
  const first = former.length === 0 ? leases : [...leases, ...former].sort((a, b) => placeOf(a) - placeOf(b));
  const addresses = [...first, ...rest.flat()]
    .filter(({ mac }) => mac === undefined || macs.includes(mac.toLowerCase()))
    .flatMap((card) => card.addresses.map(({ address }) => address))
    .filter((address) => !isOfNoUseElsewhere(address));
  const isIpv6 = (address: string) => address.includes(":");
  return [
    ...new Set([
      ...addresses.filter((address) => !isIpv6(address)),
      ...addresses.filter((address) => isIpv6(address)),
    ]),
  ];
}

async function ask(host: Host, uuid: string, source: AddressSource): Promise<DomainInterfaceAddresses[]> {
  try {
    const options = { timeoutMs: ASK_FOR_MS };
    return await host.idempotent(({ domains }) => domains.interfaceAddresses(uuid, source, options));
  } catch (error) {
    if (error instanceof HostUnreachable) throw error;
    return source === "arp" ? await kernelNeighbours(host).catch(() => []) : [];
  }
}

/**
 * What a host that a guest has left while it ran still knows of its cards: the guest goes on with the addresses that it had, and the host where it
 * is hears of them only when the guest renews its leases, or says something.
 *
 * @param cards - The guest's interfaces as they are now, by MAC address, each with its network.
 */
export async function readFormerAddresses(
  host: Host,
  cards: readonly { mac: string; network: string | undefined }[],
): Promise<DomainInterfaceAddresses[]> {
  const networks = await host.observations.networks();
  const answers = cards.map(async ({ mac, network }) => {
    const uuid = networks.find(({ name, active }) => active && name === network)?.uuid;
    if (uuid === undefined) return [];
    const leases = await host.idempotent((libvirt) =>
      libvirt.networks.dhcpLeases(uuid, { mac, timeoutMs: ASK_FOR_MS }),
    );
    return leases.map(({ family, address, prefix }) => ({
      name: "",
      mac,
      addresses: [{ family, address, prefix }],
    }));
  });
  const leases = (await Promise.all(answers)).flat();
  const isLeased = (mac: string | undefined) => leases.some((lease) => lease.mac === mac?.toLowerCase());
  const heard = await kernelNeighbours(host);
  const macs = cards.map(({ mac }) => mac);
  return [
    ...leases,
    ...heard.filter(({ mac }) => mac !== undefined && macs.includes(mac.toLowerCase()) && !isLeased(mac)),
  ];
}

const asked = new WeakMap<Host, Promise<DomainInterfaceAddresses[]>>();

/** libvirt 9.0 can't read the ARP table of newer kernels ("wrong nlmsg len"). Whoever asks at the same moment gets the same answer. */
function kernelNeighbours(host: Host): Promise<DomainInterfaceAddresses[]> {
  const known = asked.get(host);
  if (known !== undefined) return known;
  const asking = host
    .exec(["cat", "/proc/net/arp"])
    .then(({ stdout }) => parseNeighbours(stdout))
    .finally(() => asked.delete(host));
  asked.set(host, asking);
  return asking;
}

/** Loopback, and link-local addresses, which mean nothing without the link's name. */
function isOfNoUseElsewhere(address: string): boolean {
  return /^127\.|^169\.254\.|^::1$|^fe[89ab][0-9a-f]:/i.test(address);
}
