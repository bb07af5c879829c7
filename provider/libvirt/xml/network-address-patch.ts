import type { Element } from "@xmldom/xmldom";
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
} from "./element.js";
import type { NetworkModel } from "./network.js";
import {
  type AddressFamily,
  type DhcpHost,
  type DhcpRange,
  familyOf,
  findAddress,
  findMoreAddresses,
  readHostAddress,
  readLeaseSeconds,
  sketchAddress,
  sketchDhcpHost,
  sketchDhcpRange,
  sketchLease,
  sketchRoute,
} from "./network-address.js";
import { addressKey, type NetworkDifference, rangeKey } from "./network-differences.js";
import { beforeAddresses, beforeMoreAddresses, beforeRoutes } from "./network-order.js";

type AddressDifference = Extract<
  NetworkDifference,
  { kind: "address" | "addressProperty" | "dhcpRange" | "dhcpHost" | "moreAddress" | "routes" }
>;

/** Makes one difference of addresses, of what is handed out beside them, or of the ways behind them. */
export function patchAddresses(root: Element, difference: AddressDifference, to: NetworkModel): void {
  if ("family" in difference) putFirst(root, difference.family);
  switch (difference.kind) {
    case "address": {
      const present = findAddress(root, difference.family);
      if (present !== undefined) removeElement(present);
      if (difference.to !== undefined)
        insertChild(root, sketchAddress(difference.to, difference.family), beforeAddresses);
      return;
    }
    case "addressProperty":
      patchAddress(root, difference.family, to);
      return;
    case "dhcpRange":
      patchRange(root, difference.family, difference.from, difference.to);
      return;
    case "dhcpHost":
      patchHost(root, difference.family, difference.from, difference.to);
      return;
    case "moreAddress":
      if (difference.from !== undefined) {
        const gone = addressKey(difference.from);
        const family = familyOf(difference.from.address);
        for (const ip of findMoreAddresses(root)) {
          const address = readHostAddress(ip, family);
          if (address !== undefined && addressKey(address) === gone) removeElement(ip);
        }
      }
      if (difference.to !== undefined) insertChild(root, sketchAddress(difference.to), beforeMoreAddresses);
      return;
    case "routes":
      removeChildren(root, "route");
      for (const route of difference.to ?? []) insertChild(root, sketchRoute(route), beforeRoutes);
      return;
    default:
      difference satisfies never;
  }
}

/** The address that the model describes is the one with DHCP; it is still to be so without, when it is the first. */
function putFirst(root: Element, family: AddressFamily): void {
  const described = findAddress(root, family);
  const first = childElements(root, "ip").find(
    (ip) => attributeOf(ip, "family") === attributeOf(described, "family"),
  );
  if (described === undefined || first === undefined || first === described) return;
  const indentation = first.previousSibling?.cloneNode(false);
  removeElement(described);
  root.insertBefore(described, first);
  if (indentation !== undefined) root.insertBefore(indentation, first);
}

function patchAddress(root: Element, family: AddressFamily, to: NetworkModel): void {
  const ip = findAddress(root, family);
  const wanted = to[family];
  if (ip === undefined || wanted === undefined) return;
  setAttribute(ip, "address", wanted.address);
  setAttribute(ip, "netmask", undefined);
  setAttribute(ip, "prefix", String(wanted.prefix));
}

function patchRange(
  root: Element,
  family: AddressFamily,
  from: DhcpRange | undefined,
  to: DhcpRange | undefined,
): void {
  const [start, end] = [(to ?? from)?.start, (to ?? from)?.end];
  patchEntry(root, family, {
    name: "range",
    isIt: (range) =>
      rangeKey({ start: attributeOf(range, "start") ?? "", end: attributeOf(range, "end") ?? "" }) ===
      rangeKey({ start: start ?? "", end: end ?? "" }),
    made: to && sketchDhcpRange(to),
    leaseSeconds: to?.leaseSeconds,
  });
}

function patchHost(
  root: Element,
  family: AddressFamily,
  from: DhcpHost | undefined,
  to: DhcpHost | undefined,
): void {
  patchEntry(root, family, {
    name: "host",
    isIt: (host) => attributeOf(host, "ip") === (to ?? from)?.address,
    made: to && sketchDhcpHost(to),
    leaseSeconds: to?.leaseSeconds,
  });
}

/** Makes one entry of DHCP what the sketch says: edited in place, added, or without a sketch removed. */
function patchEntry(
  root: Element,
  family: AddressFamily,
  entry: {
    name: "range" | "host";
    isIt: (element: Element) => boolean;
    made: Sketch | undefined;
    leaseSeconds: number | undefined;
  },
): void {
  const ip = findAddress(root, family);
  if (ip === undefined) return;
  const dhcp = ensureChild(ip, "dhcp");
  const { name, isIt, made, leaseSeconds } = entry;
  const present = childElements(dhcp, name).find(isIt);
  if (made === undefined) {
    if (present !== undefined) removeElement(present);
  } else if (present === undefined) insertChild(dhcp, made, [name, "range"]);
  else {
    for (const [attribute, value] of Object.entries(made.attributes)) setAttribute(present, attribute, value);
    patchLease(present, leaseSeconds);
  }
  if (childElement(ip, "dhcp")?.firstChild === null) removeElement(dhcp);
}

/** The same time in another unit stays as it is written. */
function patchLease(entry: Element, seconds: number | undefined): void {
  if (readLeaseSeconds(entry) === seconds) return;
  removeChildren(entry, "lease");
  const made = sketchLease(seconds);
  if (made !== undefined) insertChild(entry, made, []);
}
