import type { Document, Element } from "@xmldom/xmldom";
import { newDocument, nodeType, parseXml, rootOf } from "./document.js";
import { adoptChild, childElements, ensureChild, removeElement } from "./element.js";
import { XmlError } from "./error.js";
import { readXml } from "./read-xml.js";
import { serialize, serializeElement } from "./serialize.js";
import { parseCount } from "./value.js";

/** Why a mark that is there could not be read. */
export interface MarkProblem {
  kind: "xmlMalformed" | "valueMissing" | "valueInvalid" | "ambiguous";
  /** What is wrong, for a message. */
  detail: string;
}

/** Is told why a mark reads as undefined although something is there. */
export type OnMarkProblem = (problem: MarkProblem) => void;

/** How one of our records is kept in `<metadata>`: one element in a namespace of its own, so that each can be set alone. */
export interface MarkKind<T> {
  /** The namespace, which is what DomainSetMetadata goes by. */
  readonly uri: string;
  /** The prefix that DomainSetMetadata is given. */
  readonly key: string;
  readonly elementName: string;
  /** May throw {@link MarkError}. */
  read(element: Element): T;
  /** Sets what the mark says and leaves everything else as it is. */
  write(element: Element, mark: T): void;
}

class MarkError extends Error {
  readonly problem: MarkProblem;

  constructor(problem: MarkProblem) {
    super(problem.detail);
    this.problem = problem;
  }
}

/** Reads a mark from the XML of a domain or network, or from the element alone as DomainGetMetadata gives it. Never throws. */
export function readMark<T>(kind: MarkKind<T>, xml: string, onProblem?: OnMarkProblem): T | undefined {
  const text = withMetadataAlone(xml);
  if (!text.includes(kind.uri) && !text.includes(`<${kind.elementName}`)) return undefined;
  try {
    return readMarkOf(kind, readXml(text), onProblem);
  } catch (error) {
    if (!(error instanceof XmlError)) throw error;
    onProblem?.({ kind: "xmlMalformed", detail: error.message });
    return undefined;
  }
}

/** Of one document several marks are read, one after the other. */
let lately = { xml: "", text: "" };

function withMetadataAlone(xml: string): string {
  if (lately.xml !== xml) lately = { xml, text: metadataAlone(xml) ?? xml };
  return lately.text;
}

/** The root of a document as libvirt writes it, with nothing but texts before its `<metadata>`. */
const plainHead = /^(<(domain|network)\b[^<>]*>)\s*(?:<(\w+)>[^<]*<\/\3>\s*)*(?=<metadata>)/;

/**
 * The document without what stands after its metadata, which takes a fraction of the time to read; undefined where it isn't certain that they
 * are where libvirt puts them.
 */
function metadataAlone(xml: string): string | undefined {
  const head = plainHead.exec(xml);
  if (head === null) return undefined;
  const end = xml.indexOf(METADATA_END) + METADATA_END.length;
  const metadata = xml.slice(head[0].length, end);
  // In those an end tag is no end tag.
  if (end < METADATA_END.length || /<[!?]/.test(metadata)) return undefined;
  return `${head[1]}${metadata}</${head[2]}>`;
}

const METADATA_END = "</metadata>";

/** {@link readMark} of a document that is parsed already. */
export function readMarkOf<T>(kind: MarkKind<T>, root: Element, onProblem?: OnMarkProblem): T | undefined {
  try {
    const element = findMark(kind, root);
    return element === undefined ? undefined : kind.read(element);
  } catch (error) {
    if (!(error instanceof MarkError)) throw error;
    onProblem?.(error.problem);
    return undefined;
  }
}

/**
 * Writes the element that DomainSetMetadata takes: without a namespace, for libvirt puts it and all its children into
 * the one that the call names, and a declaration of ours would stand beside that.
 *
 * @param over - The XML of the domain as it is: what a newer version of ours noted in the same mark is kept.
 */
export function writeMark<T>(kind: MarkKind<T>, mark: T, over?: string): string {
  const document = newDocument(kind.elementName);
  const element = rootOf(document);
  const present = over === undefined ? undefined : findMark(kind, rootOf(parseXml(over)));
  if (present !== undefined) copyWithoutNamespace(document, present, element);
  kind.write(element, mark);
  return serializeElement(element);
}

/** Gives the XML of a domain or network a mark, or takes it away. What else is in the same mark's element is kept. */
export function withMark<T>(kind: MarkKind<T>, xml: string, mark: T | undefined): string {
  const document = parseXml(xml);
  setMark(kind, rootOf(document), mark);
  return serialize(document);
}

/** {@link withMark} of a document that is parsed already. */
export function setMark<T>(kind: MarkKind<T>, root: Element, mark: T | undefined): void {
  if (mark === undefined) {
    for (const element of marksIn(kind, root)) removeElement(element);
    const metadata = childElements(root, "metadata").at(0);
    if (metadata !== undefined && metadata.firstChild === null) removeElement(metadata);
    return;
  }
  kind.write(findMark(kind, root) ?? makeMark(kind, root), mark);
}

/** The text of an attribute that a mark must have. */
export function requireMarkText(element: Element, name: string): string {
  const value = element.getAttribute(name);
  if (value !== null) return value;
  throw new MarkError({ kind: "valueMissing", detail: `<${element.localName}> has no attribute ${name}` });
}

/** The number in an attribute that a mark must have. */
export function requireMarkCount(element: Element, name: string): number {
  const text = requireMarkText(element, name);
  const count = parseCount(text);
  if (count !== undefined) return count;
  throw new MarkError({
    kind: "valueInvalid",
    detail: `${name} of <${element.localName}> is not a number: ${text.slice(0, 40)}`,
  });
}

/** The value that an attribute holds as JSON, which nobody but us has written. */
export function requireMarkJson(element: Element, name: string): unknown {
  try {
    return JSON.parse(requireMarkText(element, name));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new MarkError({ kind: "valueInvalid", detail: `${name} of <${element.localName}> is no JSON` });
  }
}

/** The value of an attribute that must be one of a few. */
export function requireMarkChoice<T extends string>(
  element: Element,
  name: string,
  choices: readonly T[],
): T {
  const text = requireMarkText(element, name);
  const choice = choices.find((known) => known === text);
  if (choice !== undefined) return choice;
  throw new MarkError({
    kind: "valueInvalid",
    detail: `${name} of <${element.localName}> is unknown: ${text.slice(0, 40)}`,
  });
}

/** The children of a mark's element by name; they are in its namespace, whichever that is. */
export function markChildren(element: Element, name: string): Element[] {
  const found: Element[] = [];
  for (let node = element.firstChild; node !== null; node = node.nextSibling) {
    if (node.nodeType !== nodeType.element) continue;
    const child = node as Element;
    if (child.localName === name && child.namespaceURI === element.namespaceURI) found.push(child);
  }
  return found;
}

/** The one child of a mark's element that must be there. */
export function requireMarkChild(element: Element, name: string): Element {
  const child = markChildren(element, name)[0];
  if (child !== undefined) return child;
  throw new MarkError({ kind: "valueMissing", detail: `<${element.localName}> has no <${name}>` });
}

/** Adds a child to a mark's element, in the same namespace. */
export function addMarkChild(element: Element, name: string): Element {
  const document = element.ownerDocument as Document;
  const child = document.createElementNS(
    element.namespaceURI,
    element.prefix ? `${element.prefix}:${name}` : name,
  );
  adoptChild(element, child);
  return child;
}

function findMark<T>(kind: MarkKind<T>, root: Element): Element | undefined {
  const alone = root.localName === kind.elementName && (root.namespaceURI ?? kind.uri) === kind.uri;
  const found = alone ? [root] : marksIn(kind, root);
  if (found.length > 1) {
    throw new MarkError({ kind: "ambiguous", detail: `there are ${found.length} marks of ${kind.uri}` });
  }
  return found[0];
}

function marksIn<T>(kind: MarkKind<T>, root: Element): Element[] {
  return childElements(root, "metadata").flatMap((metadata) => {
    const found: Element[] = [];
    for (let node = metadata.firstChild; node !== null; node = node.nextSibling) {
      if (node.nodeType === nodeType.element && (node as Element).namespaceURI === kind.uri)
        found.push(node as Element);
    }
    return found;
  });
}

function makeMark<T>(kind: MarkKind<T>, root: Element): Element {
  const metadata = ensureChild(root, "metadata", ["name", "uuid", "title", "description"]);
  const document = root.ownerDocument as Document;
  const element = document.createElementNS(kind.uri, `${kind.key}:${kind.elementName}`);
  element.setAttributeNS("http://www.w3.org/2000/xmlns/", `xmlns:${kind.key}`, kind.uri);
  adoptChild(metadata, element);
  return element;
}

function copyWithoutNamespace(document: Document, from: Element, to: Element): void {
  for (const attribute of from.attributes) {
    if (attribute.namespaceURI === null) to.setAttribute(attribute.name, attribute.value);
  }
  for (let node = from.firstChild; node !== null; node = node.nextSibling) {
    if (node.nodeType === nodeType.element && (node as Element).namespaceURI === from.namespaceURI) {
      const child = document.createElementNS(null, (node as Element).localName ?? "");
      copyWithoutNamespace(document, node as Element, child);
      to.appendChild(child);
    } else if (node.nodeType === nodeType.text) to.appendChild(document.createTextNode(node.nodeValue ?? ""));
  }
}
