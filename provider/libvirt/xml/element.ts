import type { Document, Element, Node } from "@xmldom/xmldom";
import { nodeType } from "./document.js";
import { XmlError } from "./error.js";

/** An element to be made, as plain data; `undefined` attributes and children are left out. */
export interface Sketch {
  name: string;
  attributes: Readonly<Record<string, string | undefined>>;
  content: string | readonly (Sketch | undefined)[];
}

/** Notes down an element: `sketch("target", { dev: "vda", bus: "virtio" })`. */
export function sketch(
  name: string,
  attributes: Sketch["attributes"] = {},
  content: Sketch["content"] = [],
): Sketch {
  return { name, attributes, content };
}

export function isElement(node: Node | null): node is Element {
  return node?.nodeType === nodeType.element;
}

function isBlankText(node: Node | null): boolean {
  return node?.nodeType === nodeType.text && (node.nodeValue ?? "").trim() === "";
}

/** The child elements in no namespace, all or those of a name, in document order; none when the parent is absent. */
export function childElements(parent: Element | undefined, name?: string): Element[] {
  const found: Element[] = [];
  for (let node = parent?.firstChild ?? null; node !== null; node = node.nextSibling) {
    if (!isElement(node) || node.namespaceURI !== null) continue;
    if (name === undefined || node.localName === name) found.push(node);
  }
  return found;
}

/** The first child element of the name in no namespace. */
export function childElement(parent: Element | undefined, name: string): Element | undefined {
  return childElements(parent, name)[0];
}

/** The attribute's value, undefined when the element or the attribute is absent. */
export function attributeOf(element: Element | undefined, name: string): string | undefined {
  return element?.getAttribute(name) ?? undefined;
}

/** The text of an element, undefined when it is absent or empty. */
export function textOf(element: Element | undefined): string | undefined {
  const text = element?.textContent ?? "";
  return text === "" ? undefined : text;
}

/** The text of a child element, undefined when it is absent or empty. */
export function childText(parent: Element | undefined, name: string): string | undefined {
  return textOf(childElement(parent, name));
}

/** Sets an attribute, or removes it when the value is undefined. */
export function setAttribute(element: Element, name: string, value: string | undefined): void {
  if (value === undefined) element.removeAttribute(name);
  else if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/** Replaces an element's content by text. */
export function setText(element: Element, text: string): void {
  while (element.firstChild !== null) element.removeChild(element.firstChild);
  if (text !== "") element.appendChild(documentOf(element).createTextNode(text));
}

/** The child element of the name, made when it is absent, after the last present one of `after`, else first or last. */
export function ensureChild(parent: Element, name: string, after?: readonly string[]): Element {
  return childElement(parent, name) ?? insertChild(parent, sketch(name), after);
}

/** Sets a child element's text, or removes the child when the text is undefined. */
export function setChildText(
  parent: Element,
  name: string,
  text: string | undefined,
  after?: readonly string[],
): void {
  if (text === undefined) removeChildren(parent, name);
  else setText(ensureChild(parent, name, after), text);
}

/** Makes a child without attributes present or absent (`<readonly/>`). */
export function setFlag(parent: Element, name: string, present: boolean): void {
  if (present) ensureChild(parent, name);
  else removeChildren(parent, name);
}

/** Removes the child elements of the name. */
export function removeChildren(parent: Element, name: string): void {
  for (const child of childElements(parent, name)) removeElement(child);
}

/** Removes an element together with the indentation before it. */
export function removeElement(element: Element): void {
  const parent = element.parentNode;
  if (parent === null) return;
  const before = element.previousSibling;
  if (before !== null && isBlankText(before)) parent.removeChild(before);
  parent.removeChild(element);
  // Without this an emptied element would stay open around a line end.
  const rest = parent.firstChild;
  if (rest !== null && rest.nextSibling === null && isBlankText(rest)) parent.removeChild(rest);
}

/**
 * Adds a child element, indented like its siblings: after the last element whose name is in `after` (at the very
 * beginning when there is none of them), or at the end when `after` isn't given.
 */
export function insertChild(parent: Element, made: Sketch, after?: readonly string[]): Element {
  const document = documentOf(parent);
  const depth = depthOf(parent);
  const element = realize(document, made, depth + 1);
  const predecessor = after === undefined ? lastElement(parent) : lastElement(parent, after);
  const indentation = document.createTextNode(`\n${"  ".repeat(depth + 1)}`);
  const reference =
    predecessor === undefined && after !== undefined ? parent.firstChild : (predecessor?.nextSibling ?? null);
  parent.insertBefore(indentation, reference);
  parent.insertBefore(element, reference);
  if (element.nextSibling === null) parent.appendChild(document.createTextNode(`\n${"  ".repeat(depth)}`));
  return element;
}

/** Puts an element of any document at the end of a parent, indented as one line there. */
export function adoptChild(parent: Element, child: Element): void {
  const document = documentOf(parent);
  const depth = depthOf(parent);
  const last = parent.lastChild;
  if (last !== null && isBlankText(last)) parent.removeChild(last);
  parent.appendChild(document.createTextNode(`\n${"  ".repeat(depth + 1)}`));
  parent.appendChild(child.ownerDocument === document ? child : document.importNode(child, true));
  parent.appendChild(document.createTextNode(`\n${"  ".repeat(depth)}`));
}

/** Makes an element of a sketch, indented for its depth (the root's is 0). Namespaced names are not for sketches. */
export function realize(document: Document, made: Sketch, depth: number): Element {
  const element = document.createElementNS(null, made.name);
  fill(document, element, made, depth);
  return element;
}

/** Gives an empty element the attributes and content of a sketch. */
export function fill(document: Document, element: Element, made: Sketch, depth: number): void {
  for (const [name, value] of Object.entries(made.attributes)) {
    if (value !== undefined) element.setAttribute(name, value);
  }
  if (typeof made.content === "string") {
    setText(element, made.content);
    return;
  }
  let children = 0;
  for (const child of made.content) {
    if (child === undefined) continue;
    children += 1;
    element.appendChild(document.createTextNode(`\n${"  ".repeat(depth + 1)}`));
    element.appendChild(realize(document, child, depth + 1));
  }
  if (children > 0) element.appendChild(document.createTextNode(`\n${"  ".repeat(depth)}`));
}

function lastElement(parent: Element, names?: readonly string[]): Element | undefined {
  for (let node = parent.lastChild; node !== null; node = node.previousSibling) {
    if (!isElement(node)) continue;
    if (names === undefined || (node.namespaceURI === null && names.includes(node.localName ?? "")))
      return node;
  }
  return undefined;
}

/** How many elements stand above this one. */
export function depthOf(element: Element): number {
  let depth = 0;
  for (let node = element.parentNode; isElement(node); node = node.parentNode) depth += 1;
  return depth;
}

function documentOf(element: Element): Document {
  const document = element.ownerDocument;
  if (document === null) throw new XmlError("malformed", "the element belongs to no document");
  return document;
}
