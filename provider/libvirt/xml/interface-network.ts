import type { Element } from "@xmldom/xmldom";
import { parseXml, rootOf } from "./document.js";
import { attributeOf, childElement, childElements, setAttribute } from "./element.js";
import { serializeElement } from "./serialize.js";

/** Into what an interface of a running domain is plugged. */
export interface InterfacePlug {
  network?: string | undefined;
  /** Of an interface that names a bridge and no network. */
  bridge?: string | undefined;
  /** The network's port, under which libvirt lists what is plugged in; before libvirt 5.5 there is none. */
  portUuid?: string | undefined;
}

/** A libvirt network, and the bridge behind it. */
export interface PlugPlace {
  network: string;
  bridge: string;
}

/** An interface in one network, and the same one in another, each as DomainUpdateDeviceFlags takes it. */
export interface InterfaceHop {
  plug: InterfacePlug;
  away: string;
  back: string;
}

/** Into what the interfaces of a live document are plugged. */
export function interfacePlugs(liveXml: string): InterfacePlug[] {
  return sourcesIn(liveXml).map(({ source }) => readPlug(source));
}

/**
 * The interfaces of a live document that are in the network `home`, in its bridge, or still `away`. Everything else about them stays as the
 * document says it: an update that leaves out bandwidth or link state would change them.
 */
export function interfaceHops(liveXml: string, home: PlugPlace, away: PlugPlace): InterfaceHop[] {
  return sourcesIn(liveXml).flatMap(({ element, source }) => {
    const plug = readPlug(source);
    const isIn = (place: PlugPlace) => plug.network === place.network || plug.bridge === place.bridge;
    if (!isIn(home) && !isIn(away)) return [];
    const to = (place: PlugPlace) => {
      // libvirt writes here what the interface became, and takes it back only as what it was declared.
      if (plug.network !== undefined) setAttribute(element, "type", "network");
      setAttribute(source, "portid", undefined);
      setAttribute(source, "network", plug.network === undefined ? undefined : place.network);
      setAttribute(source, "bridge", plug.network === undefined ? place.bridge : undefined);
      return serializeElement(element);
    };
    return [{ plug, away: to(away), back: to(home) }];
  });
}

function sourcesIn(liveXml: string): { element: Element; source: Element }[] {
  const devices = childElement(rootOf(parseXml(liveXml, "domain")), "devices");
  return childElements(devices, "interface").flatMap((element) => {
    const source = childElement(element, "source");
    return source === undefined ? [] : [{ element, source }];
  });
}

function readPlug(source: Element): InterfacePlug {
  const network = attributeOf(source, "network");
  return {
    network,
    bridge: network === undefined ? attributeOf(source, "bridge") : undefined,
    portUuid: attributeOf(source, "portid"),
  };
}
