import type { NetworkAddress, NetworkModel } from "../../libvirt/xml/index.js";
import { type Cidr, defaultDhcpRanges, formatIpv4, parseCidr } from "./ipv4.js";
import { boundsOf, type Inputs } from "./schema.js";

type Dhcp = NonNullable<NetworkAddress["dhcp"]>;

/**
 * What the network should be: the declared inputs over what is there. What isn't declared and never was stays as it is found; what was
 * declared last time and isn't any more goes back to libvirt's default.
 */
export function desiredModel(
  inputs: Inputs,
  previous: Inputs | undefined,
  existing: NetworkModel | undefined,
): NetworkModel {
  const { name, mode } = inputs;
  const uuid = existing?.uuid === undefined ? {} : { uuid: existing.uuid };
  if (mode === "bridge") return { name, ...uuid, mode, ...defined("bridge", inputs.bridge) };
  const { ipv4: _, bridge: __, ...rest } = existing ?? {};
  // A bridge of the host's own is none that libvirt may make.
  const keptBridge = existing?.mode === "bridge" ? undefined : existing?.bridge;
  const model: NetworkModel = {
    ...rest,
    name,
    mode,
    ...defined("bridge", inputs.bridge ?? keptBridge),
    ...defined("ipv4", desiredAddress(inputs, previous, existing?.ipv4)),
  };
  if (inputs.domain !== undefined) model.domainName = inputs.domain;
  else if (previous?.domain !== undefined) delete model.domainName;
  if (inputs.mtu !== undefined) model.mtuBytes = inputs.mtu;
  else if (previous?.mtu !== undefined) delete model.mtuBytes;
  return model;
}

function desiredAddress(
  inputs: Inputs,
  previous: Inputs | undefined,
  existing: NetworkAddress | undefined,
): NetworkAddress | undefined {
  const declared = inputs.cidr === undefined ? undefined : parseCidr(inputs.cidr);
  if (declared === undefined) {
    if (previous?.cidr !== undefined || existing === undefined) return undefined;
    if (inputs.dhcp !== false) return existing;
    return { address: existing.address, prefix: existing.prefix };
  }
  return {
    address: formatIpv4(declared.address),
    prefix: declared.prefix,
    ...defined("dhcp", desiredDhcp(inputs, previous, declared, existing?.dhcp)),
  };
}

function desiredDhcp(
  inputs: Inputs,
  previous: Inputs | undefined,
  cidr: Cidr,
  existing: Dhcp | undefined,
): Dhcp | undefined {
  const declared = inputs.dhcp;
  const wasDeclared = previous?.dhcp !== undefined && previous.dhcp !== false;
  if (declared === false || (declared === undefined && wasDeclared)) return undefined;
  if (declared === undefined) return existing;
  const bounds = declared === true ? {} : boundsOf(declared);
  return {
    ranges: defaultDhcpRanges(cidr, bounds).map(({ start, end }) => ({
      start: formatIpv4(start),
      end: formatIpv4(end),
    })),
    hosts: desiredHosts(inputs, previous, existing),
  };
}

function desiredHosts(
  inputs: Inputs,
  previous: Inputs | undefined,
  existing: Dhcp | undefined,
): Dhcp["hosts"] {
  const declared = fixedAddresses(inputs);
  if (declared !== undefined)
    return declared.map(({ mac, address, name }) => ({ mac, address, ...defined("name", name) }));
  return fixedAddresses(previous) === undefined ? (existing?.hosts ?? []) : [];
}

function fixedAddresses(inputs: Inputs | undefined) {
  return typeof inputs?.dhcp === "object" ? inputs.dhcp.hosts : undefined;
}

function defined<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return (value === undefined ? {} : { [key]: value }) as { [P in K]?: V };
}
