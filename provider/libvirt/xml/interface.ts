import type { Element } from "@xmldom/xmldom";
import type { DomainInterface, InterfaceSource } from "./domain-model.js";
import { attributeOf, childElement, type Sketch, sketch } from "./element.js";
import { XmlError } from "./error.js";

/** Reads an `<interface>`. */
export function parseInterface(element: Element): DomainInterface {
  const model = attributeOf(childElement(element, "model"), "type");
  return {
    source: parseInterfaceSource(element),
    mac: interfaceMac(element),
    ...(model === undefined ? {} : { model }),
    // The state is written only where it was set once.
    link: attributeOf(childElement(element, "link"), "state") === "down" ? "down" : "up",
  };
}

/** The MAC address in lower case; empty in a document that libvirt hasn't completed. */
export function interfaceMac(element: Element): string {
  return (attributeOf(childElement(element, "mac"), "address") ?? "").toLowerCase();
}

/** The whole `<interface>` for one that isn't there yet. */
export function sketchInterface(made: DomainInterface): Sketch {
  return sketch("interface", { type: interfaceType(made.source) }, [
    made.mac === "" ? undefined : sketch("mac", { address: made.mac }),
    sketchInterfaceSource(made.source),
    made.model === undefined ? undefined : sketch("model", { type: made.model }),
    made.link === "down" ? sketch("link", { state: "down" }) : undefined,
  ]);
}

/** The `type` of an `<interface>`. */
export function interfaceType(source: InterfaceSource): string {
  if ("network" in source) return "network";
  return "bridge" in source ? "bridge" : source.other;
}

/**
 * The `<source>` of an interface.
 * @throws XmlError "notModelled" for a source of which the model knows the type alone.
 */
export function sketchInterfaceSource(source: InterfaceSource): Sketch {
  if ("network" in source) return sketch("source", { network: source.network });
  if ("bridge" in source) return sketch("source", { bridge: source.bridge });
  throw new XmlError("notModelled", `an interface of type ${source.other} can be kept but not made`);
}

// The live document tells what an interface became: one of a network that only stands for a bridge has type
// 'bridge' there, and still names its network.
function parseInterfaceSource(element: Element): InterfaceSource {
  const type = attributeOf(element, "type") ?? "";
  const source = childElement(element, "source");
  const network = attributeOf(source, "network");
  if (network !== undefined && (type === "network" || type === "bridge" || type === "direct"))
    return { network };
  const bridge = attributeOf(source, "bridge");
  return type === "bridge" && bridge !== undefined ? { bridge } : { other: type };
}
