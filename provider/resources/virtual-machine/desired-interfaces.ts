import { createHash } from "node:crypto";
import {
  type Bandwidth,
  type DomainInterface,
  type FlowLimit,
  type InterfaceFilter,
  type InterfaceSource,
  sameValue,
  sortedParameters,
} from "../../libvirt/xml/index.js";
import { vlanOf } from "../network/desired.js";
import { orKept } from "./features/set-or-keep.js";
import type { InterfaceInputs } from "./interface-schema.js";
import type { Inputs } from "./schema.js";

const MOST_INTERFACES = 32;
const BYTES_IN_KILOBYTE = 1_000;
const BYTES_IN_KIBIBYTE = 1_024;

/**
 * Interfaces are told apart by MAC. One without a declared MAC is the existing one on the same network that no other claims, else a new one
 * with an address made of the VM's UUID, so that it is the same in every plan. `before`: where interfaces were when `previous` was deployed.
 */
export function desiredInterfaces(
  inputs: Inputs,
  previous: Inputs | undefined,
  existing: readonly DomainInterface[],
  uuid: string,
  before: readonly Attached[] = existing,
): DomainInterface[] {
  const declared = inputs.interfaces ?? [];
  const entriesBefore = entriesByMac(previous?.interfaces ?? [], before, uuid);
  const macs = macsOf(declared, existing, uuid);
  const claimed = new Set(macs);
  const made = declared.map((entry, i): DomainInterface => {
    const mac = macs[i] as string;
    const there = existing.find((other) => other.mac === mac);
    return interfaceOf(entry, entriesBefore.get(mac), there, mac);
  });
  const unclaimed = existing.filter((other) => !claimed.has(other.mac));
  if (unclaimed.length === 0) return made;
  const formerly = formerMacs(previous, uuid);
  return [...made, ...unclaimed.filter((other) => !formerly.has(other.mac))];
}

/** Those that the VM's interfaces are given, and those that were declared. */
function formerMacs(previous: Inputs | undefined, uuid: string): Set<string> {
  return new Set([
    ...Array.from({ length: MOST_INTERFACES }, (_, i) => madeMac(uuid, i)),
    ...(previous?.interfaces ?? []).flatMap((entry) => entry.mac ?? []),
  ]);
}

/** Addresses of the interfaces that are declared, or were. */
export function ownMacs(
  inputs: Inputs,
  previous: Inputs | undefined,
  existing: readonly DomainInterface[],
  uuid: string,
): ReadonlySet<string> {
  return new Set([...macsOf(inputs.interfaces ?? [], existing, uuid), ...formerMacs(previous, uuid)]);
}

/** What was declared last time of the interfaces that were there, found in the same way. */
function entriesByMac(
  entries: readonly InterfaceInputs[],
  existing: readonly Attached[],
  uuid: string,
): Map<string, InterfaceInputs> {
  const macs = macsOf(entries, existing, uuid);
  return new Map(entries.map((entry, i) => [macs[i] as string, entry]));
}

/**
 * Each entry's interface. Asked again once that is done, the answer must be the same: of several on one network those that come to it stand
 * among those that are there, so the answer is what would be given afterwards.
 */
function macsOf(entries: readonly InterfaceInputs[], existing: readonly Attached[], uuid: string): string[] {
  const macs = matchOnce(entries, existing, uuid);
  const sourceBy = new Map(entries.map((entry, i) => [macs[i], sourceOf(entry, undefined, undefined)]));
  const isThere = new Set(existing.map(({ mac }) => mac));
  const afterwards = [
    ...existing.map(({ mac, source }) => {
      const entry = entries[macs.indexOf(mac)];
      return { mac, source: entry === undefined ? source : sourceOf(entry, undefined, source) };
    }),
    ...[...sourceBy].flatMap(([mac, source]) =>
      mac === undefined || isThere.has(mac) ? [] : [{ mac, source }],
    ),
  ];
  return matchOnce(entries, afterwards, uuid);
}

/** Which interface is plugged into what. */
export type Attached = Pick<DomainInterface, "mac" | "source">;

function matchOnce(
  entries: readonly InterfaceInputs[],
  existing: readonly Attached[],
  uuid: string,
): string[] {
  const claimed = new Set(entries.flatMap((entry) => entry.mac ?? []));
  // Those that stay where they are first: a new one before them in the list takes none of their cards.
  const stays = entries.map((entry) => {
    const mac = entry.mac ?? existingFor(entry, existing, claimed)?.mac;
    if (mac !== undefined) claimed.add(mac);
    return mac;
  });
  return stays.map((there) => {
    const mac = there ?? freeMac(uuid, claimed);
    claimed.add(mac);
    return mac;
  });
}

function interfaceOf(
  entry: InterfaceInputs,
  before: InterfaceInputs | undefined,
  there: DomainInterface | undefined,
  mac: string,
): DomainInterface {
  const made: DomainInterface = {
    ...there,
    source: sourceOf(entry, before, there?.source),
    mac,
    model: orKept(entry.model, before?.model, there?.model) ?? "virtio",
    link: entry.link ?? "up",
  };
  const set = <Key extends Exclude<keyof DomainInterface, "source" | "mac" | "model" | "link">>(
    key: Key,
    declared: DomainInterface[Key] | undefined,
    isDeclared: boolean,
    wasDeclared: unknown,
  ) => {
    const wanted = isDeclared ? declared : orKept(undefined, wasDeclared, there?.[key]);
    if (wanted === undefined) delete made[key];
    else made[key] = wanted;
  };
  const has = (key: keyof InterfaceInputs) => entry[key] !== undefined;
  set("vlan", vlanOf(entry.vlan), has("vlan"), before?.vlan);
  set("virtualPort", virtualPortOf(entry), has("virtualPort"), before?.virtualPort);
  set("bandwidth", bandwidthOf(entry), has("bandwidth"), before?.bandwidth);
  set("filter", filterOf(entry), has("filter"), before?.filter);
  set("mtu", entry.mtu, has("mtu"), before?.mtu);
  set("queues", entry.queues, has("queues"), before?.queues);
  set("bootOrder", entry.bootOrder, has("bootOrder"), before?.bootOrder);
  set(
    "trustGuestRxFilters",
    entry.trustGuestRxFilters === true ? true : undefined,
    has("trustGuestRxFilters"),
    before?.trustGuestRxFilters,
  );
  return made;
}

function virtualPortOf({ virtualPort }: InterfaceInputs): DomainInterface["virtualPort"] {
  if (virtualPort === undefined) return undefined;
  const { type, profile } = virtualPort;
  return { type, ...(profile === undefined ? {} : { profile }) };
}

/** libvirt counts rates in kilobytes and bursts in kibibytes; what is declared has been rounded to these. */
function bandwidthOf({ bandwidth }: InterfaceInputs): Bandwidth | undefined {
  const flow = (
    declared:
      | {
          average?: number | undefined;
          peak?: number | undefined;
          burst?: number | undefined;
          floor?: number | undefined;
        }
      | undefined,
  ): FlowLimit | undefined => {
    if (declared === undefined) return undefined;
    const amounts = {
      averageKilobytesPerSecond: declared.average && declared.average / BYTES_IN_KILOBYTE,
      peakKilobytesPerSecond: declared.peak && declared.peak / BYTES_IN_KILOBYTE,
      burstKibibytes: declared.burst && declared.burst / BYTES_IN_KIBIBYTE,
      floorKilobytesPerSecond: declared.floor && declared.floor / BYTES_IN_KILOBYTE,
    };
    return Object.fromEntries(Object.entries(amounts).filter(([, amount]) => amount !== undefined));
  };
  const ways = { inbound: flow(bandwidth?.inbound), outbound: flow(bandwidth?.outbound) };
  const found = Object.entries(ways).filter(([, limit]) => Object.keys(limit ?? {}).length > 0);
  return found.length === 0 ? undefined : Object.fromEntries(found);
}

function filterOf({ filter }: InterfaceInputs): InterfaceFilter | undefined {
  if (filter === undefined) return undefined;
  const parameters = Object.entries(filter.parameters ?? {}).flatMap(([name, values]) =>
    [values].flat().map((value) => ({ name, value })),
  );
  return { name: filter.name, parameters: sortedParameters(parameters) };
}

function existingFor(
  entry: InterfaceInputs,
  existing: readonly Attached[],
  claimed: ReadonlySet<string>,
): Attached | undefined {
  return existing.find((other) => {
    if (claimed.has(other.mac)) return false;
    const { source } = other;
    return sameValue(source, sourceOf(entry, undefined, source));
  });
}

/** What isn't said of a network or device, and never was, stays as it is found. */
function sourceOf(
  { network, portgroup, bridge, direct }: InterfaceInputs,
  before: InterfaceInputs | undefined,
  there: InterfaceSource | undefined,
): InterfaceSource {
  if (network !== undefined) {
    const found = there !== undefined && "network" in there && there.network === network ? there : undefined;
    const group = orKept(portgroup, before?.portgroup, found?.portgroup);
    return group === undefined ? { network } : { network, portgroup: group };
  }
  if (direct !== undefined) {
    const found = there !== undefined && "device" in there && there.device === direct.dev ? there : undefined;
    return { device: direct.dev, mode: orKept(direct.mode, before?.direct?.mode, found?.mode) ?? "bridge" };
  }
  return { bridge: bridge ?? "" };
}

function freeMac(uuid: string, claimed: ReadonlySet<string>): string {
  for (let i = 0; ; i++) {
    const mac = madeMac(uuid, i);
    if (!claimed.has(mac)) return mac;
  }
}

/** In QEMU's range, 52:54:00. */
export function madeMac(uuid: string, index: number): string {
  const hash = createHash("sha256").update(`${uuid}/${index}`).digest();
  return ["52", "54", "00", ...[0, 1, 2].map((i) => (hash[i] as number).toString(16).padStart(2, "0"))].join(
    ":",
  );
}
