import { createRequire } from "node:module";
import type { Document, Element, Node } from "@xmldom/xmldom";
import { nodeType, parseXml, rootOf } from "./document.js";
import { adoptChild, removeElement, setText } from "./element.js";
import { XmlError } from "./error.js";
import { serialize } from "./serialize.js";

/**
 * An edit of whatever the model doesn't describe. The XPath must select something, or the patch is an error.
 *
 * - `set`: the text of the selected elements, or the value of the selected attributes; one that its element
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

/**
 * Applies patches one after the other.
 * @throws XmlError "patchInvalid", "patchMatchesNothing", or as `parseXml` does for what is appended.
 */
export function applyPatches(xml: string, patches: readonly XmlPatch[]): string {
  if (patches.length === 0) return xml;
  const document = parseXml(xml);
  for (const patch of patches) applyPatch(document, patch);
  return serialize(document);
}

function applyPatch(document: Document, patch: XmlPatch): void {
  const nodes = select(document, patch.xpath);
  if (nodes.length === 0) {
    if ("set" in patch && makeAttribute(document, patch.xpath, patch.set)) return;
    throw new XmlError("patchMatchesNothing", `the XPath ${JSON.stringify(patch.xpath)} selects nothing`);
  }
  for (const node of nodes) {
    if ("append" in patch) appendTo(node, patch);
    else if ("set" in patch) setNode(node, patch);
    else removeNode(document, node, patch);
  }
}

function setNode(node: Node, patch: { xpath: string; set: string }): void {
  if (isAttribute(node)) node.value = patch.set;
  else if (isElement(node)) setText(node, patch.set);
  else throw cannotPatch(patch);
}

function removeNode(document: Document, node: Node, patch: XmlPatch): void {
  if (isAttribute(node)) node.ownerElement?.removeAttributeNode(node);
  else if (isElement(node) && node !== document.documentElement) removeElement(node);
  else throw cannotPatch(patch);
}

function appendTo(node: Node, patch: { xpath: string; append: string }): void {
  if (!isElement(node)) throw cannotPatch(patch);
  adoptChild(node, rootOf(parseXml(patch.append)));
}

function makeAttribute(document: Document, expression: string, value: string): boolean {
  const parts = /^(.+)\/@([A-Za-z_][\w.-]*)$/.exec(expression);
  const [, parent, name] = parts ?? [];
  if (parent === undefined || name === undefined) return false;
  const elements = select(document, parent).filter(isElement);
  for (const element of elements) element.setAttribute(name, value);
  return elements.length > 0;
}

function cannotPatch(patch: XmlPatch): XmlError {
  return new XmlError(
    "patchInvalid",
    `the XPath ${JSON.stringify(patch.xpath)} selects what this patch can't change`,
  );
}

/** The part of the package `xpath` that is used. */
interface XPathModule {
  useNamespaces(namespaces: Record<string, string>): (expression: string, node: unknown) => unknown;
}

// Its type declarations refer to the browser's DOM, which would put `window`, `name` and the like into the scope of
// every file of ours; so it is loaded without them.
const xpath = createRequire(import.meta.url)("xpath") as XPathModule;

function select(document: Document, expression: string): Node[] {
  let selected: unknown;
  try {
    selected = xpath.useNamespaces(namespacesOf(rootOf(document)))(expression, document);
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
  const namespaces: Record<string, string> = { qemu: "http://libvirt.org/schemas/domain/qemu/1.0" };
  for (const attribute of root.attributes) {
    if (attribute.prefix === "xmlns" && attribute.localName !== null)
      namespaces[attribute.localName] = attribute.value;
  }
  return namespaces;
}

function isElement(node: Node): node is Element {
  return node.nodeType === nodeType.element;
}

function isAttribute(node: Node): node is Element["attributes"][number] {
  return node.nodeType === nodeType.attribute;
}
