import type { Element } from "@xmldom/xmldom";
import {
  attributeOf,
  childElement,
  childElements,
  childText,
  ensureChild,
  insertChild,
  removeChildren,
  type Sketch,
  setAttribute,
  sketch,
} from "./element.js";
import { parseCount, sameValue, withoutUndefined } from "./value.js";

/** A server of a pool. */
export interface PoolHost {
  name: string;
  port?: number;
}

/** How to log in to a pool's servers; libvirt keeps the secret itself. */
export interface PoolAuth {
  type: "chap" | "ceph";
  username: string;
  secret: { uuid: string } | { usage: string };
}

/** What a pool stands on, as far as its type has it. */
export interface PoolSource {
  hosts?: PoolHost[];
  /** A folder of the server. */
  dir?: string;
  /** Devices of the host; of iSCSI the target's name. */
  devices?: string[];
  /** A volume group, or a pool of the storage's own. */
  name?: string;
  format?: string;
  /** Of NFS. */
  protocolVersion?: string;
  /** Name by which the host logs in to iSCSI. */
  initiator?: string;
  auth?: PoolAuth;
}

/** Reads the `<source>` of a pool. */
export function readPoolSource(source: Element | undefined): PoolSource | undefined {
  const hosts = childElements(source, "host").map((host) =>
    withoutUndefined({
      name: attributeOf(host, "name") ?? "",
      port: parseCount(attributeOf(host, "port")),
    }),
  );
  const devices = childElements(source, "device").map((device) => attributeOf(device, "path") ?? "");
  const made = withoutUndefined({
    hosts: hosts.length === 0 ? undefined : hosts,
    dir: attributeOf(childElement(source, "dir"), "path"),
    devices: devices.length === 0 ? undefined : devices,
    name: childText(source, "name"),
    format: attributeOf(childElement(source, "format"), "type"),
    protocolVersion: attributeOf(childElement(source, "protocol"), "ver"),
    initiator: attributeOf(childElement(childElement(source, "initiator"), "iqn"), "name"),
    auth: readAuth(childElement(source, "auth")),
  });
  return Object.keys(made).length === 0 ? undefined : made;
}

/** The `<source>` of a new pool. */
export function sketchPoolSource(made: PoolSource): Sketch {
  const { hosts = [], dir, devices = [], name, format, protocolVersion, initiator, auth } = made;
  return sketch("source", {}, [
    ...hosts.map(sketchHost),
    dir === undefined ? undefined : sketch("dir", { path: dir }),
    ...devices.map((path) => sketch("device", { path })),
    initiator === undefined ? undefined : sketchInitiator(initiator),
    auth && sketchAuth(auth),
    name === undefined ? undefined : sketch("name", {}, name),
    format === undefined ? undefined : sketch("format", { type: format }),
    protocolVersion === undefined ? undefined : sketch("protocol", { ver: protocolVersion }),
  ]);
}

/** The parts that a pool keeps its volumes over: how what it stands on is reached. */
export const reachingParts = ["hosts", "format", "protocolVersion", "initiator", "auth"] as const;
export type ReachingPart = (typeof reachingParts)[number];

/** Sets those parts of a `<source>` in which it differs; the rest stays. */
export function patchPoolSource(root: Element, to: PoolSource | undefined): void {
  const from = readPoolSource(childElement(root, "source"));
  const differing = reachingParts.filter((part) => !sameValue(from?.[part], to?.[part]));
  if (differing.length === 0) return;
  const source = ensureChild(root, "source", ["name", "uuid", "capacity", "allocation", "available"]);
  for (const part of differing) patchPart(source, part, to ?? {});
}

function patchPart(source: Element, part: ReachingPart, to: PoolSource): void {
  switch (part) {
    case "hosts":
      removeChildren(source, "host");
      for (const host of to.hosts ?? []) insertChild(source, sketchHost(host), ["host"]);
      return;
    case "format":
    case "protocolVersion": {
      const [name, attribute] = part === "format" ? ["format", "type"] : ["protocol", "ver"];
      const value = to[part];
      if (value === undefined) removeChildren(source, name);
      else setAttribute(ensureChild(source, name), attribute, value);
      return;
    }
    case "initiator":
      removeChildren(source, "initiator");
      if (to.initiator !== undefined) insertChild(source, sketchInitiator(to.initiator));
      return;
    case "auth":
      removeChildren(source, "auth");
      if (to.auth !== undefined) insertChild(source, sketchAuth(to.auth));
      return;
    default:
      part satisfies never;
  }
}

function sketchHost({ name, port }: PoolHost): Sketch {
  return sketch("host", { name, port: port?.toString() });
}

function sketchInitiator(name: string): Sketch {
  return sketch("initiator", {}, [sketch("iqn", { name })]);
}

function sketchAuth({ type, username, secret }: PoolAuth): Sketch {
  return sketch("auth", { type, username }, [sketch("secret", secret)]);
}

function readAuth(auth: Element | undefined): PoolAuth | undefined {
  const type = attributeOf(auth, "type");
  const secret = childElement(auth, "secret");
  const [uuid, usage] = [attributeOf(secret, "uuid"), attributeOf(secret, "usage")];
  if (type !== "chap" && type !== "ceph") return undefined;
  const username = attributeOf(auth, "username") ?? "";
  return { type, username, secret: uuid === undefined ? { usage: usage ?? "" } : { uuid } };
}
