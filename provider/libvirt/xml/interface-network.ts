import type { Element } from "@xmldom/xmldom";
import { parseXml, rootOf } from "./document.js";
import {
  attributeOf,
  childElement,
  childElements,
  insertChild,
  removeChildren,
  setAttribute,
} from "./element.js";
import { interfaceMac } from "./interface.js";
import { readVlan, sketchVlan, type Vlan } from "./network-vlan.js";
import { serializeElement } from "./serialize.js";

/** Into what an interface of a running domain is plugged. */
export interface InterfacePlug {
  /** Lower case. */
  mac: string;
  network?: string | undefined;
  /** Of an interface that names a bridge and no network. */
  bridge?: string | undefined;
  /** The device of the host on which an interface of macvtap is. */
  device?: string | undefined;
  portgroup?: string | undefined;
  /** The VLANs that it has, whoever says so. */
  vlan?: Vlan | undefined;
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

/** Into what the interfaces of a document are plugged. */
export function interfacePlugs(xml: string): InterfacePlug[] {
  return sourcesIn(xml).map(({ element, source }) => readPlug(element, source));
}

/**
 * The interfaces of a live document that are in the network `home`, in its bridge, or still `away`. Everything else about them stays as the
 * document says it: an update that leaves out bandwidth or link state would change them.
 */
export function interfaceHops(liveXml: string, home: PlugPlace, away: PlugPlace): InterfaceHop[] {
  return sourcesIn(liveXml).flatMap(({ element, source }) => {
    const plug = readPlug(element, source);
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

/**
 * An interface of a live document with other VLANs, as DomainUpdateDeviceFlags takes it. They must stand in the interface itself: of one that
 * gets them from its network libvirt 9.0 takes the tag off the port, and says that all went well.
 */
export function withVlan(liveXml: string, mac: string, vlan: Vlan | undefined): string | undefined {
  const found = sourcesIn(liveXml).find(({ element }) => interfaceMac(element) === mac);
  if (found === undefined) return undefined;
  const { element, source } = found;
  setAttribute(element, "type", "network");
  setAttribute(source, "portid", undefined);
  setAttribute(source, "bridge", undefined);
  removeChildren(element, "vlan");
  if (vlan !== undefined) insertChild(element, sketchVlan(vlan), ["mac", "source"]);
  return serializeElement(element);
}

function sourcesIn(xml: string): { element: Element; source: Element }[] {
  const devices = childElement(rootOf(parseXml(xml, "domain")), "devices");
  return childElements(devices, "interface").flatMap((element) => {
    const source = childElement(element, "source");
    return source === undefined ? [] : [{ element, source }];
  });
}

function readPlug(element: Element, source: Element): InterfacePlug {
  const network = attributeOf(source, "network");
  return {
    mac: interfaceMac(element),
    network,
    bridge: network === undefined ? attributeOf(source, "bridge") : undefined,
    device: attributeOf(source, "dev"),
    portgroup: attributeOf(source, "portgroup"),
    vlan: readVlan(element),
    portUuid: attributeOf(source, "portid"),
  };
}
