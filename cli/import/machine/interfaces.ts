import type { DomainInterface, FlowLimit, Vlan } from "../../../provider/libvirt/xml/index.js";
import { type Bag, filled } from "../bag.js";

const BYTES_IN_KILOBYTE = 1_000;
const BYTES_IN_KIBIBYTE = 1_024;

/** Network cards as inputs, and what isn't one that inputs describe. */
export function interfaceInputs(interfaces: readonly DomainInterface[]): { inputs: Bag[]; notes: string[] } {
  const inputs: Bag[] = [];
  const notes: string[] = [];
  for (const nic of interfaces)
    if ("other" in nic.source) notes.push(`network card ${nic.mac} (of type ${nic.source.other})`);
    else inputs.push(interfaceOf(nic));
  return { inputs, notes };
}

function interfaceOf(nic: DomainInterface): Bag {
  return {
    ...sourceOf(nic),
    mac: nic.mac,
    ...filled({
      model: nic.model === "virtio" ? undefined : nic.model,
      link: nic.link === "up" ? undefined : nic.link,
      vlan: vlanOf(nic.vlan),
      virtualPort: nic.virtualPort,
      bandwidth: filled({
        inbound: flowOf(nic.bandwidth?.inbound),
        outbound: flowOf(nic.bandwidth?.outbound),
      }),
      filter: nic.filter && {
        name: nic.filter.name,
        ...filled({ parameters: parametersOf(nic.filter.parameters) }),
      },
      mtu: nic.mtu,
      queues: nic.queues,
      trustGuestRxFilters: nic.trustGuestRxFilters,
      bootOrder: nic.bootOrder,
    }),
  };
}

function sourceOf({ source }: DomainInterface): Bag {
  if ("network" in source)
    return {
      network: source.network,
      ...(source.portgroup === undefined ? {} : { portgroup: source.portgroup }),
    };
  if ("bridge" in source) return { bridge: source.bridge };
  if ("device" in source)
    return {
      direct: { dev: source.device, ...(source.mode === "bridge" ? {} : { mode: source.mode }) },
    };
  return {};
}

/** As networks and interfaces have it. */
export function vlanOf(vlan: Vlan | undefined): number | Bag | undefined {
  if (vlan === undefined) return undefined;
  const { tags, trunk, native } = vlan;
  if (trunk !== true && native === undefined && tags.length === 1) return tags[0];
  return {
    trunk: tags,
    ...filled({
      native: native?.tag,
      nativeMode: native?.mode === "untagged" ? undefined : native?.mode,
    }),
  };
}

function flowOf(flow: FlowLimit | undefined): Bag | undefined {
  if (flow === undefined) return undefined;
  const bytes = (amount: number | undefined, unit: number) =>
    amount === undefined ? undefined : amount * unit;
  return filled({
    average: bytes(flow.averageKilobytesPerSecond, BYTES_IN_KILOBYTE),
    peak: bytes(flow.peakKilobytesPerSecond, BYTES_IN_KILOBYTE),
    burst: bytes(flow.burstKibibytes, BYTES_IN_KIBIBYTE),
    floor: bytes(flow.floorKilobytesPerSecond, BYTES_IN_KILOBYTE),
  });
}

/** A variable that has several values stands for each of them. */
function parametersOf(parameters: readonly { name: string; value: string }[]): Bag {
  const byName = new Map<string, string[]>();
  for (const { name, value } of parameters) byName.set(name, [...(byName.get(name) ?? []), value]);
  return Object.fromEntries(
    [...byName].map(([name, values]) => [name, values.length === 1 ? values[0] : values]),
  );
}
