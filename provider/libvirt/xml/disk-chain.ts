import type { Element } from "@xmldom/xmldom";
import { diskType, sketchDiskSource } from "./disk.js";
import { newDocument, parseXml, rootOf } from "./document.js";
import type { DiskSource } from "./domain-model.js";
import { attributeOf, childElement, childElements, fill, sketch } from "./element.js";
import { serialize } from "./serialize.js";

/** A file that a disk is being copied to, or committed into. */
export interface DiskMirror {
  path: string;
  job: "copy" | "activeCommit" | "other";
  /** It has all that the disk has, and gets all that the guest writes: the guest could go over to it. */
  ready: boolean;
}

/** What a live document tells of a disk's files. Definitions name the first only. */
export interface DiskChain {
  /** "vda" */
  target: string;
  /** The file (or device) that the guest writes to, then what that is a layer over, down to the base. */
  paths: string[];
  mirror: DiskMirror | undefined;
}

/** The files behind each disk of a domain; disks without any (an empty drive, a network disk, a volume by name) are left out. */
export function readDiskChains(xml: string): DiskChain[] {
  const devices = childElement(rootOf(parseXml(xml, "domain")), "devices");
  return childElements(devices, "disk").flatMap((disk): DiskChain[] => {
    const target = attributeOf(childElement(disk, "target"), "dev");
    const first = pathOf(disk);
    if (target === undefined || first === undefined) return [];
    const paths = [first];
    for (
      let layer = childElement(disk, "backingStore");
      layer !== undefined;
      layer = childElement(layer, "backingStore")
    ) {
      const path = pathOf(layer);
      if (path !== undefined) paths.push(path);
    }
    return [{ target, paths, mirror: mirrorOf(disk) }];
  });
}

/** The destination of a block copy. */
export function buildCopyDestination(source: DiskSource, format: string): string {
  const document = newDocument("disk");
  const destination = sketch("disk", { type: diskType(source) }, [
    sketch("driver", { type: format }),
    sketchDiskSource(source),
  ]);
  fill(document, rootOf(document), destination, 0);
  return serialize(document);
}

function pathOf(element: Element): string | undefined {
  const source = childElement(element, "source");
  return attributeOf(source, "file") ?? attributeOf(source, "dev");
}

function mirrorOf(disk: Element): DiskMirror | undefined {
  const mirror = childElement(disk, "mirror");
  const path = mirror === undefined ? undefined : (pathOf(mirror) ?? attributeOf(mirror, "file"));
  if (path === undefined) return undefined;
  const job = attributeOf(mirror, "job");
  return {
    path,
    job: job === "copy" ? "copy" : job === "active-commit" ? "activeCommit" : "other",
    ready: attributeOf(mirror, "ready") === "yes",
  };
}
