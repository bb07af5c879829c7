import type { Document, Element, Node } from "@xmldom/xmldom";
import { parseXml, rootOf } from "./document.js";
import {
  adoptChild,
  attributeOf,
  childElement,
  isElement,
  removeElement,
  setAttribute,
  setText,
} from "./element.js";

/** One element on the way from the root: by what people tell it apart, else by its place among its namesakes. */
interface PathStep {
  name: string;
  namespace?: string;
  key?: string;
  index: number;
}

/**
 * What takes back one change of a patch, as far as the document still shows it. `kept`: as what libvirt has kept the change, where those aren't
 * the patch's own words.
 */
export type PatchUndo = { kept?: string } & PatchChange;

type PatchChange =
  | { kind: "attribute"; at: PathStep[]; name: string; value?: string | undefined }
  | { kind: "text"; at: PathStep[]; text: string }
  /** `index`: its place among its namesakes; `place`: among all; `count`: so many like it were there; `others`: so many more of its name. */
  | {
      kind: "removed";
      at: PathStep[];
      xml: string;
      index: number;
      place: number;
      count: number;
      others: number;
    }
  /** `others`: so many of its name were there. */
  | { kind: "appended"; at: PathStep[]; xml: string; count: number; others: number };

/** Takes a change back. What isn't there any more, or was changed beyond recognition, is left as it is. */
export function undoPatch(document: Document, undo: PatchUndo): void {
  const element = follow(document, undo.at);
  if (element === undefined) return;
  switch (undo.kind) {
    case "attribute":
      setAttribute(element, undo.name, undo.value);
      return;
    case "text":
      setText(element, undo.text);
      return;
    case "removed": {
      const removed = rootOf(parseXml(undo.xml));
      // libvirt may have put one in its place.
      if (coveringChildren(element, removed).length >= undo.count) return;
      for (const other of defaultsFor(element, removed, undo.others)) removeElement(other);
      insertBefore(
        element,
        removed,
        siblingsNamed(element, removed)[undo.index] ?? placed(element)[undo.place],
      );
      return;
    }
    case "appended": {
      const found = findAppended(element, undo);
      if (found !== undefined) removeElement(found);
      return;
    }
    default:
      undo satisfies never;
  }
}

/** What a document says at the place of a change, so that it can be compared; undefined when the place is gone. */
export function wordsAt(document: Document, undo: PatchUndo): string | undefined {
  const element = follow(document, undo.at);
  if (element === undefined) return undefined;
  switch (undo.kind) {
    case "attribute":
      return attributeOf(element, undo.name) ?? NOTHING;
    case "text":
      return element.textContent ?? NOTHING;
    case "removed":
      return coveringChildren(element, rootOf(parseXml(undo.xml))).length < undo.count ? NOTHING : SOMETHING;
    case "appended":
      return findAppended(element, undo) === undefined ? NOTHING : SOMETHING;
    default:
      return undo satisfies never;
  }
}

/** No value has it. */
const NOTHING = "\0";
const SOMETHING = "\0\0";

/** What {@link wordsAt} says right after a patch was made. */
export function wordsOf(undo: PatchUndo, set: string | undefined): string {
  if (undo.kept !== undefined) return undo.kept;
  return undo.kind === "appended" ? SOMETHING : (set ?? NOTHING);
}

/** Where a plain property was removed of which there can be only one (`<on_crash>`), what stands there now is libvirt's default. */
function defaultsFor(parent: Element, removed: Element, others: number): Element[] {
  const isPlain =
    others === 0 && childrenOf(removed).length === 0 && (removed.textContent ?? "").trim() !== "";
  return isPlain ? siblingsNamed(parent, removed) : [];
}

/** With its indentation; at the end when there is nothing to put it before. */
function insertBefore(parent: Element, child: Element, next: Element | undefined): void {
  adoptChild(parent, child);
  const made = parent.lastChild?.previousSibling;
  const indentation = made?.previousSibling;
  if (next === undefined || made == null || indentation == null) return;
  parent.insertBefore(made, next);
  parent.insertBefore(indentation, next);
}

/** The children that count for a place among them: our notes come and go. */
export function placed(parent: Element): Element[] {
  return childrenOf(parent).filter(({ localName }) => localName !== "metadata");
}

/** libvirt writes in its own words what it was given. */
function findAppended(
  parent: Element,
  { xml, count, others }: { xml: string; count: number; others: number },
): Element | undefined {
  const appended = rootOf(parseXml(xml));
  const covering = coveringChildren(parent, appended);
  if (covering.length > 0) return covering.length > count ? covering.at(-1) : undefined;
  const named = siblingsNamed(parent, appended);
  if (named.length <= others) return undefined;
  if (others === 0 && named.length === 1) return named[0];
  const alike = named.filter((element) => coversAttributes(element, appended));
  return alike.length === 1 ? alike[0] : undefined;
}

/** All elements in an element, of any namespace. */
export function elementsIn(element: Element): Element[] {
  return childrenOf(element).flatMap((child) => [child, ...elementsIn(child)]);
}

/** The children that say all that an element says, and perhaps more. */
export function coveringChildren(parent: Element, wanted: Element): Element[] {
  return childrenOf(parent).filter((child) => covers(child, wanted));
}

/** The children of an element's name. */
export function siblingsNamed(parent: Element, { localName, namespaceURI }: Element): Element[] {
  return childrenOf(parent).filter(
    (child) => child.localName === localName && child.namespaceURI === namespaceURI,
  );
}

/** An element and its siblings of the same name. */
export function siblingsLike(element: Element): Element[] {
  const parent = element.parentNode as Node | null;
  return parent === null || !isElement(parent) ? [element] : siblingsNamed(parent, element);
}

function covers(element: Element, wanted: Element): boolean {
  if (element.localName !== wanted.localName || element.namespaceURI !== wanted.namespaceURI) return false;
  if (!coversAttributes(element, wanted)) return false;
  const inside = childrenOf(wanted);
  if (inside.length === 0)
    return (
      (wanted.textContent ?? "").trim() === (element.textContent ?? "").trim() ||
      (wanted.textContent ?? "").trim() === ""
    );
  const left = childrenOf(element);
  return inside.every((child) => {
    const at = left.findIndex((other) => covers(other, child));
    if (at >= 0) left.splice(at, 1);
    return at >= 0;
  });
}

function coversAttributes(element: Element, wanted: Element): boolean {
  return [...wanted.attributes]
    .filter(({ name, prefix }) => name !== "xmlns" && prefix !== "xmlns")
    .every(({ name, value }) => element.getAttribute(name) === value);
}

/** The way from the root to an element. */
export function pathTo(element: Element): PathStep[] {
  const parent = element.parentNode as Node | null;
  if (parent === null || !isElement(parent)) return [];
  const own = keyOf(element);
  const likes = siblingsLike(element);
  const key = likes.some((other) => other !== element && keyOf(other) === own) ? undefined : own;
  const { localName, namespaceURI } = element;
  return [
    ...pathTo(parent),
    {
      name: localName ?? "",
      ...(namespaceURI === null ? {} : { namespace: namespaceURI }),
      ...(key === undefined ? {} : { key }),
      index: likes.indexOf(element),
    },
  ];
}

function follow(document: Document, path: readonly PathStep[]): Element | undefined {
  let element: Element | undefined = rootOf(document);
  for (const { name, namespace, key, index } of path) {
    const named: Element[] = childrenOf(element).filter(
      (child) => child.localName === name && child.namespaceURI === (namespace ?? null),
    );
    element = key === undefined ? named[index] : named.find((child) => keyOf(child) === key);
    if (element === undefined) return undefined;
  }
  return element;
}

/** By what libvirt tells devices apart that come and go. */
function keyOf(element: Element): string | undefined {
  switch (element.localName) {
    case "disk":
      return attributeOf(childElement(element, "target"), "dev");
    case "interface":
      return attributeOf(childElement(element, "mac"), "address")?.toLowerCase();
    case "controller": {
      const [type, index] = [attributeOf(element, "type"), attributeOf(element, "index")];
      return index === undefined ? undefined : `${type} ${index}`;
    }
    default:
      return undefined;
  }
}

function childrenOf(element: Element): Element[] {
  const found: Element[] = [];
  for (let node = element.firstChild; node !== null; node = node.nextSibling)
    if (isElement(node)) found.push(node);
  return found;
}
