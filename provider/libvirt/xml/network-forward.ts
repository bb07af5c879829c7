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
  sketch,
} from "./element.js";
import { parseCount, withoutUndefined } from "./value.js";

/** How addresses are translated on their way out. */
export interface NatModel {
  /** Undefined: libvirt's default. */
  ports?: { start: number; end: number };
  /** The addresses that guests' packets get. Undefined: that of the device on which they leave. */
  addresses?: { start: string; end: string };
  /** IPv6 is translated too, instead of routed. */
  ipv6?: true;
}

/** What libvirt writes into the document of a running network that says nothing of ports. */
export const defaultNatPorts = { start: 1024, end: 65_535 };

/** The forward mode; no `<forward>` means none, one without a mode NAT. */
export function readMode(forward: Element | undefined): string {
  return forward === undefined ? "isolated" : (attributeOf(forward, "mode") ?? "nat");
}

/** The devices of the host through which packets leave, the first of which may stand as an attribute alone. */
export function readDevices(forward: Element | undefined): string[] | undefined {
  const listed = childElements(forward, "interface").flatMap((each) => attributeOf(each, "dev") ?? []);
  const alone = attributeOf(forward, "dev");
  const devices = listed.length > 0 || alone === undefined ? listed : [alone];
  return devices.length === 0 ? undefined : devices;
}

/** Reads the `<nat>` of a `<forward>`. */
export function readNat(forward: Element | undefined): NatModel | undefined {
  const nat = childElement(forward, "nat");
  const port = childElement(nat, "port");
  const address = childElement(nat, "address");
  const [start, end] = [parseCount(attributeOf(port, "start")), parseCount(attributeOf(port, "end"))];
  const saysNothing =
    start === undefined ||
    end === undefined ||
    (start === defaultNatPorts.start && end === defaultNatPorts.end);
  const [first, last] = [attributeOf(address, "start"), attributeOf(address, "end")];
  const model = withoutUndefined({
    ports: saysNothing ? undefined : { start, end },
    addresses: first === undefined || last === undefined ? undefined : { start: first, end: last },
    ipv6: attributeOf(nat, "ipv6") === "yes" ? (true as const) : undefined,
  });
  return Object.keys(model).length === 0 ? undefined : model;
}

/** The `<forward>` element of a new network; none when it is isolated. */
export function sketchForward(
  mode: string,
  devices: readonly string[] | undefined,
  nat: NatModel | undefined,
): Sketch | undefined {
  if (mode === "isolated") return undefined;
  return sketch("forward", { dev: devices?.[0], mode }, [
    nat === undefined ? undefined : sketchNat(nat),
    ...(devices ?? []).map(sketchDevice),
  ]);
}

/** An `<interface>` of a `<forward>`, which is also what net-update takes for one. */
export function sketchDevice(dev: string): Sketch {
  return sketch("interface", { dev });
}

const beforeForward = ["name", "uuid", "metadata"];

/** Sets the mode and what goes with it. */
export function patchMode(root: Element, mode: string): void {
  if (mode === "isolated") {
    removeChildren(root, "forward");
    return;
  }
  const forward = ensureChild(root, "forward", beforeForward);
  setAttribute(forward, "mode", mode);
  // Ports and addresses of the translation, which libvirt refuses beside another mode.
  if (mode !== "nat") removeChildren(forward, "nat");
}

/** Sets the translation. A network that isn't NAT any more has lost it with its mode. */
export function patchNat(root: Element, nat: NatModel | undefined): void {
  const forward = childElement(root, "forward");
  if (forward === undefined) return;
  removeChildren(forward, "nat");
  if (nat !== undefined) insertChild(forward, sketchNat(nat), []);
}

/** Adds or takes away one device. libvirt wants the attribute to name the first of them. */
export function patchDevice(root: Element, device: string, isWanted: boolean): void {
  const forward = childElement(root, "forward");
  if (forward === undefined) return;
  const alone = attributeOf(forward, "dev");
  if (alone !== undefined && childElement(forward, "interface") === undefined)
    insertChild(forward, sketchDevice(alone), ["nat"]);
  const present = childElements(forward, "interface").filter((each) => attributeOf(each, "dev") === device);
  if (isWanted && present.length === 0) insertChild(forward, sketchDevice(device), ["nat", "interface"]);
  if (!isWanted) for (const each of present) removeElement(each);
  setAttribute(forward, "dev", attributeOf(childElement(forward, "interface"), "dev"));
}

function sketchNat({ ports, addresses, ipv6 }: NatModel): Sketch {
  return sketch("nat", { ipv6: ipv6 ? "yes" : undefined }, [
    addresses && sketch("address", addresses),
    ports && sketch("port", { start: String(ports.start), end: String(ports.end) }),
  ]);
}
