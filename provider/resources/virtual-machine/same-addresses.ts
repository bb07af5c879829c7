import type { DomainRecord } from "../../libvirt/index.js";
import { interfacePlugs } from "../../libvirt/xml/interface-network.js";
import { readOnce } from "../../planning/read-once.js";
import type { InterfaceInputs } from "./interface-schema.js";
import { ownerOf } from "./record-owner.js";
import type { MachineRequest } from "./request.js";

/** What an interface is plugged into; for messages too. */
export function plugPlace({
  network,
  bridge,
  direct,
}: Pick<InterfaceInputs, "network" | "bridge" | "direct">): string {
  if (network !== undefined) return `network ${network}`;
  return bridge === undefined ? `device ${direct?.dev}` : `bridge ${bridge}`;
}

/** What becomes of two guests with one address. */
export function sameAddress(at: { index: number; mac: string; place: string; host: string }, other: string) {
  return `interfaces[${at.index}].mac: ${at.mac} is the address of ${other} in ${at.place} on ${at.host} as well: while both run, packets for one go to the other; give each another, or none`;
}

/** Of domains that aren't this stack's: what of those is declared by now tell their own inputs. */
export function sameAddresses(
  { inputs, identity }: MachineRequest,
  domains: readonly DomainRecord[],
  mine: DomainRecord | undefined,
): string[] {
  if (inputs.powerState === "stopped") return [];
  return (inputs.interfaces ?? []).flatMap((entry, index) => {
    const { mac } = entry;
    if (mac === undefined) return [];
    const place = plugPlace(entry);
    const other = domains.find(
      (domain) =>
        domain !== mine &&
        macsIn(domain).has(mac) &&
        isIn(domain, mac, place) &&
        !isOfStack(domain, identity),
    );
    const at = { index, mac, place, host: inputs.host };
    return other === undefined ? [] : [sameAddress(at, `domain ${other.name}`)];
  });
}

/** Without reading whole documents: hardly any has the address. */
const macsIn = readOnce(
  (domain: DomainRecord) =>
    new Set(
      [...documentOf(domain).matchAll(/<mac address=['"]([0-9a-fA-F:]{17})['"]/g)].map(([, mac = ""]) =>
        mac.toLowerCase(),
      ),
    ),
);

function isIn(domain: DomainRecord, mac: string, place: string): boolean {
  return interfacePlugs(documentOf(domain)).some(
    ({ mac: theirs, network, bridge, device }) =>
      theirs === mac &&
      place === plugPlace({ network, bridge, direct: device === undefined ? undefined : { dev: device } }),
  );
}

function documentOf({ liveXml, persistentXml }: DomainRecord): string {
  return liveXml ?? persistentXml ?? "";
}

function isOfStack(domain: DomainRecord, { project, stack }: MachineRequest["identity"]): boolean {
  const owner = ownerOf(domain);
  return owner?.project === project && owner.stack === stack;
}
