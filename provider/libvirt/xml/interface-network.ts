import { parseXml, rootOf } from "./document.js";
import { attributeOf, childElement, childElements, setAttribute } from "./element.js";
import { serializeElement } from "./serialize.js";

/** An interface of a running domain, and the same one in another network, each as DomainUpdateDeviceFlags takes it. */
export interface InterfaceHop {
  /** The network's port that it is plugged into, as far as the document knows. */
  portUuid?: string | undefined;
  /** As it is, in `home`. */
  back: string;
  away: string;
}

/** Where an interface is: a libvirt network, and the bridge behind it. */
export interface InterfacePlace {
  network: string;
  bridge: string;
}

/**
 * The interfaces of a live document that are in the network `home`, in its bridge, or still `away`. Everything else about them stays as the
 * document says it: an update that leaves out bandwidth or link state would change them.
 */
export function interfaceHops(liveXml: string, home: InterfacePlace, away: InterfacePlace): InterfaceHop[] {
  const devices = childElement(rootOf(parseXml(liveXml, "domain")), "devices");
  return childElements(devices, "interface").flatMap((element) => {
    const source = childElement(element, "source");
    if (source === undefined) return [];
    const network = attributeOf(source, "network");
    const bridge = network === undefined ? attributeOf(source, "bridge") : undefined;
    const is = (place: InterfacePlace) => network === place.network || bridge === place.bridge;
    if (!is(home) && !is(away)) return [];
    const portUuid = attributeOf(source, "portid");
    const to = (place: InterfacePlace) => {
      // libvirt writes here what the interface became, and takes it back only as what it was declared.
      if (network !== undefined) setAttribute(element, "type", "network");
      setAttribute(source, "portid", undefined);
      setAttribute(source, "network", network === undefined ? undefined : place.network);
      setAttribute(source, "bridge", network === undefined ? place.bridge : undefined);
      return serializeElement(element);
    };
    return [{ portUuid, back: to(home), away: to(away) }];
  });
}

/** The ports that a live document's interfaces in these networks are plugged into; undefined for one without, which libvirt before 5.5 has. */
export function interfacePorts(liveXml: string, networks: readonly string[]): (string | undefined)[] {
  const devices = childElement(rootOf(parseXml(liveXml, "domain")), "devices");
  return childElements(devices, "interface")
    .map((element) => childElement(element, "source"))
    .filter((source) => networks.includes(attributeOf(source, "network") ?? ""))
    .map((source) => attributeOf(source, "portid"));
}
