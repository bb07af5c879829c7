import type { Element } from "@xmldom/xmldom";
import { parseXml, rootOf } from "./document.js";
import {
  attributeOf,
  childElement,
  childElements,
  ensureChild,
  insertChild,
  removeChildren,
  removeElement,
  type Sketch,
  setAttribute,
  setChildText,
  sketch,
} from "./element.js";
import {
  type AddressFamily,
  findAddress,
  isGeneralForwarder,
  type NetworkModel,
  parseNetwork,
} from "./network.js";
import { sketchAddress, sketchDhcpHost, sketchDhcpRange, sketchDnsHost } from "./network-build.js";
import {
  describeNetworkDifferences,
  type NetworkDifference,
  type NetworkProperty,
  rangeKey,
} from "./network-differences.js";
import { serialize } from "./serialize.js";

/**
 * Edits a network's XML so that it becomes `to`, touching nothing but what differs; without a difference the text
 * comes back as it was. DHCP and DNS entries keep what the model doesn't describe of them (lease times, DUIDs).
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

const beforeDns = ["name", "uuid", "metadata", "forward", "bridge", "mtu", "mac", "domain"];
const beforeAddresses = [...beforeDns, "dns", "ip"];

function patchDifference(root: Element, difference: NetworkDifference, to: NetworkModel): void {
  switch (difference.kind) {
    case "property":
      patchProperty(root, difference.property, to);
      return;
    case "address": {
      const present = findAddress(root, difference.family);
      if (present !== undefined) removeElement(present);
      if (difference.to !== undefined) {
        insertChild(root, sketchAddress(difference.to, difference.family), beforeAddresses);
      }
      return;
    }
    case "addressProperty":
      patchAddress(root, difference.family, to);
      return;
    case "dhcpRange":
      patchEntry(
        dhcpOf(root, difference.family),
        "range",
        (range) =>
          rangeKey({ start: attributeOf(range, "start") ?? "", end: attributeOf(range, "end") ?? "" }),
        rangeKey(difference.to ?? difference.from ?? { start: "", end: "" }),
        difference.to === undefined ? undefined : sketchDhcpRange(difference.to),
      );
      dropEmptyDhcp(root, difference.family);
      return;
    case "dhcpHost":
      patchEntry(
        dhcpOf(root, difference.family),
        "host",
        (host) => attributeOf(host, "ip") ?? "",
        difference.to?.address ?? difference.from?.address ?? "",
        difference.to === undefined ? undefined : sketchDhcpHost(difference.to),
      );
      dropEmptyDhcp(root, difference.family);
      return;
    case "dnsHost":
      patchEntry(
        ensureChild(root, "dns", beforeDns),
        "host",
        (host) => attributeOf(host, "ip") ?? "",
        difference.to?.address ?? difference.from?.address ?? "",
        difference.to === undefined ? undefined : sketchDnsHost(difference.to),
      );
      return;
    case "dnsEnabled":
      setAttribute(ensureChild(root, "dns", beforeDns), "enable", difference.to ? undefined : "no");
      return;
    case "dnsForwarders": {
      const dns = ensureChild(root, "dns", beforeDns);
      for (const forwarder of childElements(dns, "forwarder").filter(isGeneralForwarder))
        removeElement(forwarder);
      for (const addr of difference.to) insertChild(dns, sketch("forwarder", { addr }), ["forwarder"]);
      return;
    }
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
    case "mode": {
      if (to.mode === "isolated") {
        removeChildren(root, "forward");
        return;
      }
      const forward = ensureChild(root, "forward", ["name", "uuid", "metadata"]);
      setAttribute(forward, "mode", to.mode);
      // Ports and addresses of the translation, which libvirt refuses beside another mode.
      if (to.mode !== "nat") removeChildren(forward, "nat");
      return;
    }
    case "bridge":
      patchNamed(root, "bridge", "name", to.bridge, ["name", "uuid", "metadata", "forward"]);
      return;
    case "mtuBytes":
      patchNamed(root, "mtu", "size", to.mtuBytes?.toString(), [
        "name",
        "uuid",
        "metadata",
        "forward",
        "bridge",
      ]);
      return;
    case "domainName":
      patchNamed(root, "domain", "name", to.domainName, beforeDns);
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

function patchAddress(root: Element, family: AddressFamily, to: NetworkModel): void {
  const ip = findAddress(root, family);
  const wanted = to[family];
  if (ip === undefined || wanted === undefined) return;
  setAttribute(ip, "address", wanted.address);
  setAttribute(ip, "netmask", undefined);
  setAttribute(ip, "prefix", String(wanted.prefix));
}

function dhcpOf(root: Element, family: AddressFamily): Element | undefined {
  const ip = findAddress(root, family);
  return ip === undefined ? undefined : ensureChild(ip, "dhcp");
}

function dropEmptyDhcp(root: Element, family: AddressFamily): void {
  const dhcp = childElement(findAddress(root, family), "dhcp");
  if (dhcp !== undefined && dhcp.firstChild === null) removeElement(dhcp);
}

/** Makes one entry of a list what the sketch says: edited in place, added, or without a sketch removed. */
function patchEntry(
  list: Element | undefined,
  name: string,
  keyOf: (entry: Element) => string,
  key: string,
  made: Sketch | undefined,
): void {
  if (list === undefined) return;
  const entry = childElements(list, name).find((candidate) => keyOf(candidate) === key);
  if (made === undefined) {
    if (entry !== undefined) removeElement(entry);
    return;
  }
  if (entry === undefined) {
    insertChild(list, made, [name, "range"]);
    return;
  }
  for (const [attribute, value] of Object.entries(made.attributes)) setAttribute(entry, attribute, value);
  if (typeof made.content === "string" || made.content.length === 0) return;
  removeChildren(entry, "hostname");
  for (const child of made.content) if (child !== undefined) insertChild(entry, child);
}
