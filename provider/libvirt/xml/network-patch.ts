import type { Element } from "@xmldom/xmldom";
import { parseXml, rootOf } from "./document.js";
import {
  attributeOf,
  childElements,
  ensureChild,
  insertChild,
  removeChildren,
  removeElement,
  setAttribute,
  setChildText,
} from "./element.js";
import { type NetworkModel, parseNetwork } from "./network.js";
import { patchAddresses } from "./network-address-patch.js";
import {
  describeNetworkDifferences,
  type NetworkDifference,
  type NetworkProperty,
} from "./network-differences.js";
import { patchDns } from "./network-dns-patch.js";
import { patchDevice, patchMode, patchNat } from "./network-forward.js";
import { beforeBridge, beforeDns, beforePortgroups, beforeRoutes, beforeVlan } from "./network-order.js";
import { readVlan, sketchPortgroup, sketchVlan, type Vlan } from "./network-vlan.js";
import { serialize } from "./serialize.js";
import { sameValue } from "./value.js";

/**
 * Edits a network's XML so that it becomes `to`, touching nothing but what differs; without a difference the text
 * comes back as it was. Entries keep what the model doesn't describe of them (a portgroup's bandwidth).
 *
 * @param from - What the XML said when `to` was made; by default what it says.
 * @throws XmlError "forbiddenCharacter" when XML can't carry a string.
 */
export function patchNetwork(xml: string, to: NetworkModel, from: NetworkModel = parseNetwork(xml)): string {
  const differences = describeNetworkDifferences(from, to);
  if (differences.length === 0) return xml;
  const document = parseXml(xml, "network");
  const root = rootOf(document);
  for (const difference of differences) patchDifference(root, difference, to);
  return serialize(document);
}

function patchDifference(root: Element, difference: NetworkDifference, to: NetworkModel): void {
  switch (difference.kind) {
    case "property":
      patchProperty(root, difference.property, to);
      return;
    case "device":
      if (difference.from !== undefined) patchDevice(root, difference.from, false);
      if (difference.to !== undefined) patchDevice(root, difference.to, true);
      return;
    case "nat":
      patchNat(root, difference.to);
      return;
    case "vlan":
      patchVlan(root, difference.to, beforeVlan);
      return;
    case "portgroup":
      patchPortgroup(root, difference);
      return;
    case "address":
    case "addressProperty":
    case "dhcpRange":
    case "dhcpHost":
    case "moreAddress":
    case "routes":
      patchAddresses(root, difference, to);
      return;
    case "dnsEnabled":
    case "dnsHost":
    case "dnsText":
    case "dnsService":
    case "dnsForwarders":
      patchDns(root, difference);
      return;
    default:
      difference satisfies never;
  }
}

function patchProperty(root: Element, property: NetworkProperty, to: NetworkModel): void {
  switch (property) {
    case "name":
      setChildText(root, "name", to.name, []);
      return;
    case "uuid":
      setChildText(root, "uuid", to.uuid, ["name"]);
      return;
    case "mode":
      patchMode(root, to.mode);
      return;
    case "bridge":
    case "stp":
    case "delaySeconds":
      patchBridge(root, to);
      return;
    case "mtuBytes":
      patchNamed(root, "mtu", "size", to.mtuBytes?.toString(), [...beforeBridge, "bridge"]);
      return;
    case "mac":
      patchNamed(root, "mac", "address", to.mac, [...beforeBridge, "bridge", "mtu"]);
      return;
    case "domainName":
    case "domainLocalOnly":
      patchNamed(root, "domain", "name", to.domainName, beforeDns);
      if (to.domainName !== undefined)
        setAttribute(ensureChild(root, "domain"), "localOnly", to.domainLocalOnly ? "yes" : undefined);
      return;
    case "virtualPort":
      patchNamed(root, "virtualport", "type", to.virtualPort, beforeRoutes);
      return;
    default:
      property satisfies never;
  }
}

function patchNamed(
  root: Element,
  name: string,
  attribute: string,
  value: string | undefined,
  after: readonly string[],
): void {
  if (value === undefined) removeChildren(root, name);
  else setAttribute(ensureChild(root, name, after), attribute, value);
}

function patchBridge(root: Element, { bridge, stp, delaySeconds }: NetworkModel): void {
  if (bridge === undefined && stp === undefined && delaySeconds === undefined) {
    removeChildren(root, "bridge");
    return;
  }
  const element = ensureChild(root, "bridge", beforeBridge);
  setAttribute(element, "name", bridge);
  setAttribute(element, "stp", stp === undefined ? undefined : stp ? "on" : "off");
  setAttribute(element, "delay", delaySeconds?.toString());
}

function patchVlan(parent: Element, vlan: Vlan | undefined, after: readonly string[]): void {
  removeChildren(parent, "vlan");
  if (vlan !== undefined) insertChild(parent, sketchVlan(vlan), after);
}

function patchPortgroup(
  root: Element,
  { from, to }: Extract<NetworkDifference, { kind: "portgroup" }>,
): void {
  const name = (to ?? from)?.name;
  const present = childElements(root, "portgroup").find((group) => attributeOf(group, "name") === name);
  if (to === undefined) {
    if (present !== undefined) removeElement(present);
  } else if (present === undefined) insertChild(root, sketchPortgroup(to), beforePortgroups);
  else {
    setAttribute(present, "default", to.isDefault ? "yes" : undefined);
    if (!sameValue(readVlan(present), to.vlan)) patchVlan(present, to.vlan, []);
  }
}
