import type { Element } from "@xmldom/xmldom";
import {
  attributeOf,
  childElement,
  childElements,
  ensureChild,
  insertChild,
  removeElement,
  setAttribute,
  setFlag,
  sketch,
} from "../element.js";
import { sameValue } from "../value.js";
import type { DomainPart } from "./part.js";

/** A folder of the host that the guest mounts; identified by the name under which it does. */
export interface Filesystem {
  target: string;
  /** Absolute path on the host. */
  source: string;
  /** "virtiofs", "path" (which is 9p), ... */
  driver: string;
  /** How the guest's owners and modes are kept on the host. */
  accessMode: string;
  readonly: boolean;
}

/** Folders in order of their names; what else is shared with a guest (images, RAM) isn't described. */
export const filesystems: DomainPart<Filesystem[]> = {
  read: (domain) => {
    const found = elementsOf(domain).map(readFilesystem).sort(byTarget);
    return found.length === 0 ? undefined : found;
  },
  write: (domain, value = []) => {
    const devices = ensureChild(domain, "devices");
    for (const element of elementsOf(domain)) {
      const present = readFilesystem(element);
      const wanted = value.find(({ target }) => target === present.target);
      if (wanted === undefined) removeElement(element);
      else if (!sameValue(present, wanted)) patch(element, wanted);
    }
    const targets = new Set(elementsOf(domain).map((element) => readFilesystem(element).target));
    for (const wanted of value)
      if (!targets.has(wanted.target))
        insertChild(devices, sketchFilesystem(wanted), ["emulator", "disk", "controller", "filesystem"]);
  },
};

/** In the order in which they are read. */
export function sortedFilesystems(list: readonly Filesystem[]): Filesystem[] {
  return [...list].sort(byTarget);
}

function byTarget(a: Filesystem, b: Filesystem): number {
  return a.target < b.target ? -1 : a.target > b.target ? 1 : 0;
}

function elementsOf(domain: Element): Element[] {
  return childElements(childElement(domain, "devices"), "filesystem").filter(
    (element) =>
      (attributeOf(element, "type") ?? "mount") === "mount" &&
      attributeOf(childElement(element, "source"), "dir") !== undefined,
  );
}

function readFilesystem(element: Element): Filesystem {
  return {
    target: attributeOf(childElement(element, "target"), "dir") ?? "",
    source: attributeOf(childElement(element, "source"), "dir") ?? "",
    driver: attributeOf(childElement(element, "driver"), "type") ?? "path",
    accessMode: attributeOf(element, "accessmode") ?? "passthrough",
    readonly: childElement(element, "readonly") !== undefined,
  };
}

function patch(element: Element, wanted: Filesystem): void {
  const before = readFilesystem(element);
  if (before.accessMode !== wanted.accessMode) setAttribute(element, "accessmode", wanted.accessMode);
  if (before.driver !== wanted.driver)
    setAttribute(ensureChild(element, "driver", []), "type", wanted.driver);
  setAttribute(ensureChild(element, "source"), "dir", wanted.source);
  setFlag(element, "readonly", wanted.readonly);
}

function sketchFilesystem({ target, source, driver, accessMode, readonly }: Filesystem) {
  return sketch("filesystem", { type: "mount", accessmode: accessMode }, [
    sketch("driver", { type: driver }),
    sketch("source", { dir: source }),
    sketch("target", { dir: target }),
    readonly ? sketch("readonly") : undefined,
  ]);
}
