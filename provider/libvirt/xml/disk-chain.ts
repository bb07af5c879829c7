import type { Element } from "@xmldom/xmldom";
import { diskType, sketchDiskSource } from "./disk.js";
import { newDocument, rootOf } from "./document.js";
import type { DiskSource } from "./domain-model.js";
import { attributeOf, childElement, childElements, fill, sketch } from "./element.js";
import { readXml } from "./read-xml.js";
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
  /** Of each of these, "qcow2", "raw", ... */
  formats: (string | undefined)[];
  mirror: DiskMirror | undefined;
  /** What the guest writes to can be read with a key alone. */
  encrypted?: true;
}

/** What a file is a layer over, by its path, as far as no document of the domain tells. */
export type Below = ReadonlyMap<string, { path: string; format: string | undefined }>;

/**
 * The files behind each disk of a domain; disks without any (an empty drive, a network disk, a volume by name) are left out. Where the
 * document's chain ends `below` goes on.
 */
export function readDiskChains(xml: string, below?: Below): DiskChain[] {
  return diskChainsOf(readXml(xml, "domain")).map((chain) => {
    const more = below === undefined ? [] : layersUnder(chain.paths.at(-1) ?? "", below);
    return {
      ...chain,
      paths: [...chain.paths, ...more.map(({ path }) => path)],
      formats: [...chain.formats, ...more.map(({ format }) => format)],
    };
  });
}

/** What a file is a layer over, down to the base. */
export function layersUnder(path: string, below: Below): { path: string; format: string | undefined }[] {
  const found: { path: string; format: string | undefined }[] = [];
  for (let next = below.get(path); next !== undefined && !found.includes(next); next = below.get(next.path))
    found.push(next);
  return found;
}

/** {@link readDiskChains} of a document that is parsed already. */
export function diskChainsOf(domain: Element): DiskChain[] {
  const devices = childElement(domain, "devices");
  return childElements(devices, "disk").flatMap((disk): DiskChain[] => {
    const target = attributeOf(childElement(disk, "target"), "dev");
    const first = pathOf(disk);
    if (target === undefined || first === undefined) return [];
    const paths = [first];
    const formats = [attributeOf(childElement(disk, "driver"), "type")];
    for (
      let layer = childElement(disk, "backingStore");
      layer !== undefined;
      layer = childElement(layer, "backingStore")
    ) {
      const path = pathOf(layer);
      if (path === undefined) continue;
      paths.push(path);
      formats.push(attributeOf(childElement(layer, "format"), "type"));
    }
    const chain = { target, paths, formats, mirror: mirrorOf(disk) };
    return [isEncryptedDisk(disk) ? { ...chain, encrypted: true } : chain];
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

/** Whether a disk's element says so: libvirt takes it in both places, and writes it where it was. */
export function isEncryptedDisk(disk: Element): boolean {
  return [disk, childElement(disk, "source")].some(
    (element) => childElement(element, "encryption") !== undefined,
  );
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
