import type { Element } from "@xmldom/xmldom";
import type { DomainInterface, InterfaceSource, VirtualPort } from "./domain-model.js";
import { attributeOf, childElement, type Sketch, sketch } from "./element.js";
import { XmlError } from "./error.js";
import { readBandwidth, readFilter, sketchBandwidth, sketchFilter } from "./interface-traffic.js";
import { readVlan, sketchVlan } from "./network-vlan.js";
import { parseCount, withoutUndefined } from "./value.js";

/** Reads an `<interface>`. */
export function parseInterface(element: Element): DomainInterface {
  return withoutUndefined({
    source: parseInterfaceSource(element),
    mac: interfaceMac(element),
    model: attributeOf(childElement(element, "model"), "type"),
    // The state is written only where it was set once.
    link:
      attributeOf(childElement(element, "link"), "state") === "down" ? ("down" as const) : ("up" as const),
    vlan: readVlan(element),
    virtualPort: readVirtualPort(element),
    bandwidth: readBandwidth(element),
    filter: readFilter(element),
    mtu: parseCount(attributeOf(childElement(element, "mtu"), "size")),
    queues: parseCount(attributeOf(childElement(element, "driver"), "queues")),
    trustGuestRxFilters: attributeOf(element, "trustGuestRxFilters") === "yes" ? (true as const) : undefined,
    bootOrder: parseCount(attributeOf(childElement(element, "boot"), "order")),
  });
}

/** The MAC address in lower case; empty in a document that libvirt hasn't completed. */
export function interfaceMac(element: Element): string {
  return (attributeOf(childElement(element, "mac"), "address") ?? "").toLowerCase();
}

/** The whole `<interface>` for one that isn't there yet. */
export function sketchInterface(made: DomainInterface): Sketch {
  const { source, mac, model, vlan, virtualPort, bandwidth, filter, mtu, queues, bootOrder } = made;
  const trust = made.trustGuestRxFilters ? "yes" : undefined;
  return sketch("interface", { type: interfaceType(source), trustGuestRxFilters: trust }, [
    mac === "" ? undefined : sketch("mac", { address: mac }),
    sketchInterfaceSource(source),
    vlan && sketchVlan(vlan),
    virtualPort && sketchVirtualPort(virtualPort),
    bandwidth && sketchBandwidth(bandwidth),
    model === undefined ? undefined : sketch("model", { type: model }),
    queues === undefined ? undefined : sketch("driver", { queues: String(queues) }),
    filter && sketchFilter(filter),
    made.link === "down" ? sketch("link", { state: "down" }) : undefined,
    mtu === undefined ? undefined : sketch("mtu", { size: String(mtu) }),
    bootOrder === undefined ? undefined : sketch("boot", { order: String(bootOrder) }),
  ]);
}

/** The `type` of an `<interface>`. */
export function interfaceType(source: InterfaceSource): string {
  if ("network" in source) return "network";
  if ("device" in source) return "direct";
  return "bridge" in source ? "bridge" : source.other;
}

/**
 * The `<source>` of an interface.
 * @throws XmlError "notModelled" for a source of which the model knows the type alone.
 */
export function sketchInterfaceSource(source: InterfaceSource): Sketch {
  if ("network" in source) return sketch("source", { network: source.network, portgroup: source.portgroup });
  if ("bridge" in source) return sketch("source", { bridge: source.bridge });
  if ("device" in source) return sketch("source", { dev: source.device, mode: source.mode });
  throw new XmlError("notModelled", `an interface of type ${source.other} can be kept but not made`);
}

export function sketchVirtualPort({ type, profile }: VirtualPort): Sketch {
  return sketch("virtualport", { type }, [
    profile === undefined ? undefined : sketch("parameters", { profileid: profile }),
  ]);
}

// libvirt makes up the identity of a port; only what people choose counts.
function readVirtualPort(element: Element): VirtualPort | undefined {
  const port = childElement(element, "virtualport");
  const type = attributeOf(port, "type");
  if (type === undefined) return undefined;
  return withoutUndefined({ type, profile: attributeOf(childElement(port, "parameters"), "profileid") });
}

// The live document tells what an interface became: one of a network that only stands for a bridge has type
// 'bridge' there, and still names its network.
function parseInterfaceSource(element: Element): InterfaceSource {
  const type = attributeOf(element, "type") ?? "";
  const source = childElement(element, "source");
  const network = attributeOf(source, "network");
  if (network !== undefined && (type === "network" || type === "bridge" || type === "direct"))
    return withoutUndefined({ network, portgroup: attributeOf(source, "portgroup") });
  const bridge = attributeOf(source, "bridge");
  if (type === "bridge" && bridge !== undefined) return { bridge };
  const device = attributeOf(source, "dev");
  return type === "direct" && device !== undefined
    ? { device, mode: attributeOf(source, "mode") ?? "vepa" }
    : { other: type };
}
