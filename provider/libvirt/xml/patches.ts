import { createRequire } from "node:module";
import type { Document, Element, Node } from "@xmldom/xmldom";
import { nodeType, parseXml, rootOf } from "./document.js";
import {
  adoptChild,
  attributeOf,
  childElements,
  isElement,
  removeElement,
  setAttribute,
  setText,
} from "./element.js";
import { XmlError } from "./error.js";
import {
  coveringChildren,
  elementsIn,
  type PatchUndo,
  pathTo,
  placed,
  siblingsLike,
  siblingsNamed,
} from "./patch-undo.js";
import { serialize, serializeElement } from "./serialize.js";

const QEMU = "http://libvirt.org/schemas/domain/qemu/1.0";

/**
 * An edit of whatever the model doesn't describe. The XPath must select something, or the patch is an error.
 *
 * - `set`: the text of the selected elements, which have no elements in them, or the value of the selected attributes; one that its element
 *   doesn't have yet is made when the XPath ends in `/@name`.
 * - `remove`: the selected elements or attributes go.
 * - `append`: one element, written as XML, becomes the last child of each selected element.
 *
 * Prefixes that the document's root declares can be used in the XPath; `qemu` always.
 *
 * @example `{ xpath: "/domain/devices/memballoon/@model", set: "none" }`
 */
export type XmlPatch =
  | { xpath: string; set: string }
  | { xpath: string; remove: true }
  | { xpath: string; append: string };

/** What one patch has changed, so that it can be undone: last first. */
export interface AppliedPatch {
  patch: XmlPatch;
  undo: PatchUndo[];
}

/**
 * Applies patches one after the other. What an `append` says that is there already isn't appended once more.
 * @throws XmlError "patchInvalid", "patchForbidden", "patchMatchesNothing", or as `parseXml` does for what is appended; with the patch's
 *   place in the list.
 */
export function applyPatches(xml: string, patches: readonly XmlPatch[]): string {
  if (patches.length === 0) return xml;
  const document = parseXml(xml);
  patchDocument(document, patches);
  return serialize(document);
}

/** {@link applyPatches} of a document that is parsed already. */
export function patchDocument(document: Document, patches: readonly XmlPatch[]): AppliedPatch[] {
  const there = new Set<Node>();
  for (const element of elementsIn(rootOf(document))) there.add(element);
  return patches.map((patch, i) => {
    const before = protectedText(document);
    try {
      const undo = applyPatch(document, patch, there);
      if (protectedText(document) !== before)
        throw new XmlError(
          "patchForbidden",
          "a patch can't change the name, the UUID or this program's own notes",
        );
      return { patch, undo };
    } catch (error) {
      if (!(error instanceof XmlError)) throw error;
      throw new XmlError(error.kind, `xml[${i}]: ${error.message}`, { cause: error });
    }
  });
}

function applyPatch(document: Document, patch: XmlPatch, there: Set<Node>): PatchUndo[] {
  const nodes = select(document, patch.xpath);
  if (nodes.length === 0) {
    const made = "set" in patch ? makeAttribute(document, patch.xpath, patch.set) : [];
    if (made.length > 0) return made;
    throw new XmlError("patchMatchesNothing", `the XPath ${JSON.stringify(patch.xpath)} selects nothing`);
  }
  return nodes.flatMap((node) => {
    if ("append" in patch) return appendTo(node, patch, there);
    return "set" in patch ? setNode(node, patch) : removeNode(document, node, patch);
  });
}

function setNode(node: Node, patch: { xpath: string; set: string }): PatchUndo[] {
  if (isAttribute(node) && node.ownerElement !== null)
    return setAttributeOf(node.ownerElement, node.name, patch.set);
  if (!isElement(node) || elementsIn(node).length > 0) throw cannotPatch(patch);
  const text = node.textContent ?? "";
  setText(node, patch.set);
  return [{ kind: "text", at: pathTo(node), text }];
}

function setAttributeOf(element: Element, name: string, value: string | undefined): PatchUndo[] {
  if (name === "passwd") throw passwordInNotes();
  const before = attributeOf(element, name);
  setAttribute(element, name, value);
  // By now: it may be what the element is found by.
  return [{ kind: "attribute", at: pathTo(element), name, value: before }];
}

function removeNode(document: Document, node: Node, patch: XmlPatch): PatchUndo[] {
  if (isAttribute(node) && node.ownerElement !== null)
    return setAttributeOf(node.ownerElement, node.name, undefined);
  const parent = node.parentNode as Node | null;
  if (!isElement(node) || node === document.documentElement || parent === null || !isElement(parent))
    throw cannotPatch(patch);
  if (holdsPassword(node)) throw passwordInNotes();
  const undo = {
    kind: "removed",
    at: pathTo(parent),
    xml: fragmentOf(node),
    index: siblingsLike(node).indexOf(node),
    place: placed(parent).indexOf(node),
    count: coveringChildren(parent, node).length,
    others: siblingsLike(node).length - 1,
  } as const;
  removeElement(node);
  return [undo];
}

function appendTo(node: Node, patch: { xpath: string; append: string }, there: Set<Node>): PatchUndo[] {
  if (!isElement(node)) throw cannotPatch(patch);
  const made = parseFragment(patch.append);
  if (holdsPassword(made)) throw passwordInNotes();
  const covering = coveringChildren(node, made);
  // By hand, or by an earlier deployment whose notes are gone.
  const present = covering.find((element) => there.has(element));
  if (present !== undefined) {
    there.delete(present);
    return [];
  }
  const others = siblingsNamed(node, made).length;
  const undo = {
    kind: "appended",
    at: pathTo(node),
    xml: fragmentOf(made),
    count: covering.length,
    others,
  } as const;
  adoptChild(node, made);
  return [undo];
}

/** What is to be appended; `qemu` needs no declaration in it. */
export function parseFragment(text: string): Element {
  const declared = text.replace(/^(\s*<qemu:[\w.-]+)(?![^>]*\sxmlns:qemu\s*=)/, `$1 xmlns:qemu="${QEMU}"`);
  return rootOf(parseXml(declared));
}

/** With the declaration of its prefix, which may stand further up. */
function fragmentOf(element: Element): string {
  const { prefix, namespaceURI } = element;
  const text = serializeElement(element);
  if (!prefix || namespaceURI === null || element.hasAttribute(`xmlns:${prefix}`)) return text;
  const copy = element.cloneNode(true) as Element;
  copy.setAttributeNS("http://www.w3.org/2000/xmlns/", `xmlns:${prefix}`, namespaceURI);
  return serializeElement(copy);
}

function makeAttribute(document: Document, expression: string, value: string): PatchUndo[] {
  const parts = /^(.+)\/@([A-Za-z_][\w.-]*)$/.exec(expression);
  const [, parent, name] = parts ?? [];
  if (parent === undefined || name === undefined) return [];
  return select(document, parent)
    .filter(isElement)
    .flatMap((element) => setAttributeOf(element, name, value));
}

/** What no patch may touch: by these a domain is known. */
function protectedText(document: Document): string {
  const root = rootOf(document);
  const own = childElements(root, "metadata").flatMap((metadata) =>
    elementsIn(metadata).filter(
      (element) => element.parentNode === metadata && element.namespaceURI?.startsWith("urn:pulumi-kvm:"),
    ),
  );
  return [...childElements(root, "name"), ...childElements(root, "uuid"), ...own]
    .map(serializeElement)
    .join();
}

function holdsPassword(element: Element): boolean {
  return [element, ...elementsIn(element)].some((other) => other.hasAttribute("passwd"));
}

function passwordInNotes(): XmlError {
  return new XmlError(
    "patchForbidden",
    "a patch can't hold a password: it would stand in previews and in the domain's metadata; use graphics.password",
  );
}

function cannotPatch(patch: XmlPatch): XmlError {
  return new XmlError(
    "patchInvalid",
    `the XPath ${JSON.stringify(patch.xpath)} selects what this patch can't change`,
  );
}

/** Why an expression is no XPath at all; undefined when it may be one. */
export function xpathProblem(expression: string): string | undefined {
  try {
    xpath().parse(expression);
    return undefined;
  } catch {
    return "is no XPath 1.0 expression";
  }
}

/** The part of the package `xpath` that is used. */
interface XPathModule {
  parse(expression: string): unknown;
  useNamespaces(namespaces: Record<string, string>): (expression: string, node: unknown) => unknown;
}

// Its type declarations refer to the browser's DOM, which would put `window`, `name` and the like into the scope of
// every file of ours; so it is loaded without them.
const xpath = () => createRequire(import.meta.url)("xpath") as XPathModule;

function select(document: Document, expression: string): Node[] {
  let selected: unknown;
  try {
    selected = xpath().useNamespaces(namespacesOf(rootOf(document)))(expression, document);
  } catch (cause) {
    throw new XmlError("patchInvalid", `not an XPath: ${JSON.stringify(expression)}`, { cause });
  }
  if (Array.isArray(selected)) return selected as Node[];
  throw new XmlError(
    "patchInvalid",
    `the XPath ${JSON.stringify(expression)} selects no nodes but gives a value`,
  );
}

function namespacesOf(root: Element): Record<string, string> {
  const namespaces: Record<string, string> = { qemu: QEMU };
  for (const attribute of root.attributes) {
    if (attribute.prefix === "xmlns" && attribute.localName !== null)
      namespaces[attribute.localName] = attribute.value;
  }
  return namespaces;
}

function isAttribute(node: Node): node is Element["attributes"][number] {
  return node.nodeType === nodeType.attribute;
}
