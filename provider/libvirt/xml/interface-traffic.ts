import type { Element } from "@xmldom/xmldom";
import {
  attributeOf,
  childElement,
  childElements,
  insertChild,
  removeChildren,
  type Sketch,
  sketch,
} from "./element.js";
import { parseCount, sameValue, withoutUndefined } from "./value.js";

/** How fast data may flow one way. Kilobytes are thousands, kibibytes 1024. */
export interface FlowLimit {
  averageKilobytesPerSecond?: number;
  peakKilobytesPerSecond?: number;
  /** What may flow at the peak before the average counts. */
  burstKibibytes?: number;
  /** What a network guarantees; inbound only. */
  floorKilobytesPerSecond?: number;
}

/** Limits as the guest sees them. */
export interface Bandwidth {
  inbound?: FlowLimit;
  outbound?: FlowLimit;
}

/** A network filter of the host, with the values of its variables; some have several. */
export interface InterfaceFilter {
  name: string;
  /** In order of name and value. */
  parameters: { name: string; value: string }[];
}

const flowAttributes = {
  averageKilobytesPerSecond: "average",
  peakKilobytesPerSecond: "peak",
  burstKibibytes: "burst",
  floorKilobytesPerSecond: "floor",
} as const;
type FlowKey = keyof typeof flowAttributes;
const flowKeys = Object.keys(flowAttributes) as FlowKey[];

/** The limits of an `<interface>`. */
export function readBandwidth(element: Element): Bandwidth | undefined {
  const bandwidth = childElement(element, "bandwidth");
  const [inbound, outbound] = [readFlow(bandwidth, "inbound"), readFlow(bandwidth, "outbound")];
  return inbound === undefined && outbound === undefined
    ? undefined
    : withoutUndefined({ inbound, outbound });
}

function readFlow(bandwidth: Element | undefined, way: "inbound" | "outbound"): FlowLimit | undefined {
  const flow = childElement(bandwidth, way);
  const found = flowKeys.flatMap((key) => {
    const value = parseCount(attributeOf(flow, flowAttributes[key]));
    return value === undefined ? [] : [[key, value]];
  });
  return found.length === 0 ? undefined : Object.fromEntries(found);
}

export function sketchBandwidth({ inbound, outbound }: Bandwidth): Sketch {
  const flow = (name: string, limit: FlowLimit | undefined) =>
    limit &&
    sketch(name, Object.fromEntries(flowKeys.map((key) => [flowAttributes[key], limit[key]?.toString()])));
  return sketch("bandwidth", {}, [flow("inbound", inbound), flow("outbound", outbound)]);
}

export function patchBandwidth(element: Element, wanted: Bandwidth | undefined): void {
  if (sameValue(readBandwidth(element), wanted)) return;
  removeChildren(element, "bandwidth");
  if (wanted !== undefined) insertChild(element, sketchBandwidth(wanted), ["mac", "source", "virtualport"]);
}

/** The filter of an `<interface>`. */
export function readFilter(element: Element): InterfaceFilter | undefined {
  const reference = childElement(element, "filterref");
  const name = attributeOf(reference, "filter");
  if (name === undefined) return undefined;
  const parameters = childElements(reference, "parameter").map((parameter) => ({
    name: attributeOf(parameter, "name") ?? "",
    value: attributeOf(parameter, "value") ?? "",
  }));
  return { name, parameters: sortedParameters(parameters) };
}

/** libvirt keeps them in no order. */
export function sortedParameters(parameters: InterfaceFilter["parameters"]): InterfaceFilter["parameters"] {
  const key = ({ name, value }: { name: string; value: string }) => `${name}\0${value}`;
  return [...parameters].sort((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0));
}

export function sketchFilter({ name, parameters }: InterfaceFilter): Sketch {
  return sketch(
    "filterref",
    { filter: name },
    parameters.map((parameter) => sketch("parameter", { ...parameter })),
  );
}

export function patchFilter(element: Element, wanted: InterfaceFilter | undefined): void {
  if (sameValue(readFilter(element), wanted)) return;
  removeChildren(element, "filterref");
  if (wanted !== undefined) insertChild(element, sketchFilter(wanted), ["mac", "source", "model"]);
}
