import type { Element } from "@xmldom/xmldom";
import { diskChainsOf } from "./disk-chain.js";
import { newDocument, parseXml, rootOf } from "./document.js";
import {
  attributeOf,
  childElement,
  childElements,
  childText,
  fill,
  type Sketch,
  setChildText,
  sketch,
} from "./element.js";
import { serialize } from "./serialize.js";
import { parseCount, requireText, withoutUndefined } from "./value.js";

/** Where a snapshot keeps something: nowhere, in the disks' own images, or in files of its own. */
export type SnapshotPlace = "no" | "internal" | "external";

/** A disk in a snapshot. */
export interface SnapshotDisk {
  /** "vda" */
  target: string;
  place: SnapshotPlace;
  /** Of an external one: the file that the guest writes to from the snapshot on. */
  overlay?: string;
}

/** A snapshot of a domain. */
export interface SnapshotModel {
  name: string;
  description?: string;
  /** What the domain did when it was taken: "running", "paused", "shutoff", or "disk-snapshot" when its memory wasn't taken. */
  state?: string;
  createdAtSeconds?: number;
  parent?: string;
  memory: { place: SnapshotPlace; file?: string };
  disks: SnapshotDisk[];
  /** What the files of an external snapshot are layers over. */
  below?: { overlay: string; path: string; format: string | undefined }[];
  /** The files that an internal snapshot is kept in. */
  keptIn?: string[];
}

/** Reads a snapshot. */
export function parseSnapshot(xml: string): SnapshotModel {
  const root = rootOf(parseXml(xml, "domainsnapshot"));
  const memory = childElement(root, "memory");
  const disks = childElements(childElement(root, "disks"), "disk").map(readDisk);
  const domain = childElement(root, "domain");
  const before = domain === undefined ? [] : diskChainsOf(domain);
  const below = disks.flatMap(({ target, overlay }) => {
    const chain = before.find((other) => other.target === target);
    const path = chain?.paths[0];
    return overlay === undefined || path === undefined ? [] : [{ overlay, path, format: chain?.formats[0] }];
  });
  const keptIn = disks.flatMap(({ target, place }) => {
    const path = before.find((other) => other.target === target)?.paths[0];
    return place !== "internal" || path === undefined ? [] : [path];
  });
  return withoutUndefined({
    name: requireText(childText(root, "name"), "the snapshot's <name>"),
    description: childText(root, "description"),
    state: childText(root, "state"),
    createdAtSeconds: parseCount(childText(root, "creationTime")),
    parent: childText(childElement(root, "parent"), "name"),
    memory: withoutUndefined({ place: placeOf(memory), file: attributeOf(memory, "file") }),
    disks,
    below,
    keptIn,
  });
}

function readDisk(disk: Element): SnapshotDisk {
  return withoutUndefined({
    target: requireText(attributeOf(disk, "name"), "the name of the snapshot's <disk>"),
    place: placeOf(disk),
    overlay: attributeOf(childElement(disk, "source"), "file"),
  });
}

function placeOf(element: Element | undefined): SnapshotPlace {
  const place = attributeOf(element, "snapshot");
  return place === "internal" || place === "external" ? place : "no";
}

/** The definition of a new snapshot. What isn't said is left to libvirt: all that an internal one can have. */
export function buildSnapshot(
  snapshot: Pick<SnapshotModel, "name" | "description"> & Partial<Pick<SnapshotModel, "memory" | "disks">>,
): string {
  const { name, description, memory, disks } = snapshot;
  const document = newDocument("domainsnapshot");
  const made = sketch("domainsnapshot", {}, [
    sketch("name", {}, name),
    description === undefined ? undefined : sketch("description", {}, description),
    memory === undefined ? undefined : sketch("memory", { snapshot: memory.place, file: memory.file }),
    disks === undefined ? undefined : sketch("disks", {}, disks.map(sketchDisk)),
  ]);
  fill(document, rootOf(document), made, 0);
  return serialize(document);
}

function sketchDisk({ target, place, overlay }: SnapshotDisk): Sketch {
  const files =
    overlay === undefined ? [] : [sketch("driver", { type: "qcow2" }), sketch("source", { file: overlay })];
  return sketch("disk", { name: target, snapshot: place }, files);
}

/** The document of a snapshot with another description, or without any. */
export function withSnapshotDescription(xml: string, description: string | undefined): string {
  const document = parseXml(xml, "domainsnapshot");
  setChildText(rootOf(document), "description", description, ["name"]);
  return serialize(document);
}
