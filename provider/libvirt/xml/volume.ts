import type { Element } from "@xmldom/xmldom";
import { newDocument, rootOf } from "./document.js";
import { attributeOf, childElement, childText, fill, type Sketch, sketch, textOf } from "./element.js";
import { readXml } from "./read-xml.js";
import { serialize } from "./serialize.js";
import { parseSizeBytes, requireText, withoutUndefined } from "./value.js";

/** A storage volume as libvirt describes it. */
export interface VolumeModel {
  name: string;
  /** "qcow2", "raw", "iso", ...; volumes that are no files may have none. */
  format?: string;
  /** What a guest sees as the disk's size. */
  capacityBytes: number;
  /** What it takes on the host at present; when building, what is to be allocated at once (0: nothing). */
  allocationBytes?: number;
  /** Of a file: how long it is. libvirt says it, building ignores it. */
  physicalBytes?: number;
  /**
   * When its file was last written and last changed, to the nanosecond where its file system says it. libvirt says it where there is a file, building
   * ignores it.
   */
  changedAt?: string;
  /** Where it is on the host; libvirt says it, building ignores it. */
  path?: string;
  /** The image that it is the difference to. */
  backing?: { path: string; format?: string };
  /** It can be read with a key alone. libvirt says it, building ignores it. */
  encrypted?: true;
}

/**
 * Reads a volume.
 * @throws XmlError when it is no `<volume>` document or its size can't be read.
 */
export function parseVolume(xml: string): VolumeModel {
  const root = readXml(xml, "volume");
  const target = childElement(root, "target");
  const backing = childElement(root, "backingStore");
  const backingPath = childText(backing, "path");
  const size = (name: string) => {
    const element = childElement(root, name);
    const text = textOf(element);
    return text === undefined ? undefined : parseSizeBytes(text, attributeOf(element, "unit"), "bytes");
  };
  return withoutUndefined({
    name: requireText(childText(root, "name"), "the volume's <name>"),
    format: attributeOf(childElement(target, "format"), "type"),
    capacityBytes: size("capacity") ?? 0,
    allocationBytes: size("allocation"),
    physicalBytes: size("physical"),
    changedAt: changedAt(target),
    path: childText(target, "path"),
    backing:
      backingPath === undefined
        ? undefined
        : withoutUndefined({
            path: backingPath,
            format: attributeOf(childElement(backing, "format"), "type"),
          }),
    encrypted: childElement(target, "encryption") === undefined ? undefined : (true as const),
  });
}

function changedAt(target: Element | undefined): string | undefined {
  const timestamps = childElement(target, "timestamps");
  const [written, changed] = [childText(timestamps, "mtime"), childText(timestamps, "ctime")];
  return written === undefined || changed === undefined ? undefined : `${written} ${changed}`;
}

/**
 * Writes the definition of a new volume. Permissions are left to libvirt. A qcow2 image is of version 3
 * (`compat` 1.1), without which it can't be made sparse again by discarding.
 */
export function buildVolume(volume: VolumeModel): string {
  const document = newDocument("volume");
  fill(document, rootOf(document), sketchVolume(volume), 0);
  return serialize(document);
}

function sketchVolume(volume: VolumeModel): Sketch {
  const { format, backing, allocationBytes } = volume;
  return sketch("volume", {}, [
    sketch("name", {}, volume.name),
    sketch("capacity", { unit: "bytes" }, String(volume.capacityBytes)),
    allocationBytes === undefined
      ? undefined
      : sketch("allocation", { unit: "bytes" }, String(allocationBytes)),
    sketch("target", {}, [
      format === undefined ? undefined : sketch("format", { type: format }),
      format === "qcow2" ? sketch("compat", {}, "1.1") : undefined,
    ]),
    backing === undefined
      ? undefined
      : sketch("backingStore", {}, [
          sketch("path", {}, backing.path),
          backing.format === undefined ? undefined : sketch("format", { type: backing.format }),
        ]),
  ]);
}
