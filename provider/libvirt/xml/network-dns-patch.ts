import type { Element } from "@xmldom/xmldom";
import {
  attributeOf,
  childElements,
  ensureChild,
  insertChild,
  removeChildren,
  removeElement,
  type Sketch,
  setAttribute,
} from "./element.js";
import { type NetworkDifference, serviceKey } from "./network-differences.js";
import {
  readDnsService,
  readDnsText,
  sketchDnsForwarder,
  sketchDnsHost,
  sketchDnsService,
  sketchDnsText,
} from "./network-dns.js";
import { beforeDns } from "./network-order.js";
import { sameValue } from "./value.js";

type DnsDifference = Extract<
  NetworkDifference,
  { kind: "dnsEnabled" | "dnsHost" | "dnsText" | "dnsService" | "dnsForwarders" }
>;

/** Makes one difference of what the network's DNS server answers. */
export function patchDns(root: Element, difference: DnsDifference): void {
  const dns = ensureChild(root, "dns", beforeDns);
  switch (difference.kind) {
    case "dnsEnabled":
      setAttribute(dns, "enable", difference.to ? undefined : "no");
      return;
    case "dnsHost": {
      const address = (difference.to ?? difference.from)?.address;
      patchHost(
        dns,
        childElements(dns, "host").find((host) => attributeOf(host, "ip") === address),
        difference.to && sketchDnsHost(difference.to),
      );
      return;
    }
    case "dnsText": {
      const { from, to } = difference;
      // A text is known by all of itself: it comes or goes.
      if (from !== undefined) removeOne(dns, "txt", (txt) => sameValue(readDnsText(txt), from));
      if (to !== undefined) insertChild(dns, sketchDnsText(to), ["forwarder", "txt"]);
      return;
    }
    case "dnsService": {
      const { from, to } = difference;
      if (from !== undefined)
        removeOne(dns, "srv", (srv) => serviceKey(readDnsService(srv)) === serviceKey(from));
      if (to !== undefined) insertChild(dns, sketchDnsService(to), ["forwarder", "txt", "srv"]);
      return;
    }
    case "dnsForwarders":
      removeChildren(dns, "forwarder");
      for (const forwarder of [...(difference.to ?? [])].reverse())
        insertChild(dns, sketchDnsForwarder(forwarder), []);
      return;
    default:
      difference satisfies never;
  }
}

function patchHost(dns: Element, present: Element | undefined, made: Sketch | undefined): void {
  if (made === undefined) {
    if (present !== undefined) removeElement(present);
    return;
  }
  if (present === undefined) {
    insertChild(dns, made, ["forwarder", "txt", "srv", "host"]);
    return;
  }
  removeChildren(present, "hostname");
  for (const child of typeof made.content === "string" ? [] : made.content)
    if (child !== undefined) insertChild(present, child);
}

function removeOne(parent: Element, name: string, isIt: (element: Element) => boolean): void {
  const found = childElements(parent, name).find(isIt);
  if (found !== undefined) removeElement(found);
}
