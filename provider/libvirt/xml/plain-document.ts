import type { Element } from "@xmldom/xmldom";
import { nodeType } from "./document.js";
import { isXmlText } from "./text.js";

/** A deeper one is left to the parser, whose errors name what is wrong. */
const MOST_LEVELS = 100;

// Spaces between attributes, none of which may have a line end, tab or anything but a line of text as its value.
const tag =
  /<(?:\/([\w.:-]+)[ \t\n]*|([A-Za-z_][\w.-]*)(?::([A-Za-z_][\w.-]*))?((?:[ \t\n]+[A-Za-z_][\w.:-]*=(?:"[^"<\t\n]*"|'[^'<\t\n]*'))*)[ \t\n]*(\/?))>/y;
const namespaceDeclaration = /^xmlns:?((?<=:)(?!xml)[A-Za-z_][\w.-]*|(?<!:))$/;
const entities: Readonly<Record<string, string>> = {
  "&amp;": "&",
  "&lt;": "<",
  "&gt;": ">",
  "&quot;": '"',
  "&apos;": "'",
};

/**
 * Reads a document that has nothing but what libvirt's own nearly all have: elements, attributes and texts in which at most the five
 * predefined entities occur. That takes an eighth of the time that the parser of `parseXml` takes, which counts where a host has a thousand domains.
 * Everything else, and whatever might be wrong, is left to that parser.
 *
 * @returns The root element, to be read only: it has those members of a DOM's elements that looking for children, attributes and texts
 *   takes. Undefined when the document isn't as plain as that.
 */
export function readPlainDocument(text: string): Element | undefined {
  const root = rootOfKnownParts(text) ?? plainRoot(text);
  // It stands where a DOM's element does, so that a reader and a writer of the same document find things by the same functions.
  return root as unknown as Element | undefined;
}

/** Elements that were read lately, by their text: most of what a domain consists of is in the same words in all domains of a host. */
const knownParts = new Map<string, PlainElement>();
const MOST_KNOWN_PARTS = 1_000;
/** Whose texts are no two domains' the same, or very long. */
const partsOfOne = /^<(?:name|uuid|title|description|metadata)\b/;
const LONGEST_KNOWN_PART = 2_000;

/** Reads a document that is indented as libvirt indents, and whose root has nothing to do with namespaces; undefined for any other. */
function rootOfKnownParts(text: string): PlainElement | undefined {
  const head = /^<([a-z]+)(?: [a-z]+='[\w.-]*')*>(?=\n {2}<[a-z])/.exec(text);
  const tail = `\n</${head?.[1]}>\n`;
  if (head === null || !text.endsWith(tail)) return undefined;
  const root = plainRoot(`${head[0]}</${head[1]}>`);
  if (root === undefined) return undefined;
  return appendParts(root, text, { from: head[0].length, to: text.length - tail.length, indent: "\n  " })
    ? root
    : undefined;
}

/** Whether all of a text could be read as children of an element, each on lines of its own. */
function appendParts(
  parent: PlainElement,
  text: string,
  { from, to, indent }: { from: number; to: number; indent: string },
): boolean {
  for (let begin = from; begin < to; ) {
    if (!text.startsWith(indent, begin)) return false;
    const start = begin + indent.length;
    begin = text.indexOf(`${indent}<`, start);
    // The end tag of an element that has lines of its own.
    if (begin !== -1 && text[begin + indent.length + 1] === "/")
      begin = text.indexOf(`${indent}<`, begin + indent.length + 1);
    if (begin === -1 || begin > to) begin = to;
    const part = partOf(parent, text.slice(start, begin));
    if (part === undefined) return false;
    parent.append(new PlainText(indent));
    parent.append(part);
  }
  parent.append(new PlainText(indent.slice(0, -2)));
  return true;
}

function partOf(parent: PlainElement, text: string): PlainElement | undefined {
  if (!text.endsWith(">")) return undefined;
  if (parent.outer === null && text.startsWith("<devices>\n") && text.endsWith("\n  </devices>")) {
    const devices = new PlainElement(parent, undefined, "devices", noValues, parent.namespaces);
    const [from, to] = ["<devices>".length, text.length - "\n  </devices>".length];
    return appendParts(devices, text, { from, to, indent: "\n    " }) ? devices : undefined;
  }
  const known = knownParts.get(text);
  if (known !== undefined) return known.copyIn(parent);
  const read = plainRoot(text);
  if (read === undefined) return undefined;
  if (text.length <= LONGEST_KNOWN_PART && !partsOfOne.test(text)) {
    if (knownParts.size >= MOST_KNOWN_PARTS) knownParts.clear();
    knownParts.set(text, read);
  }
  return read.copyIn(parent);
}

function plainRoot(text: string): PlainElement | undefined {
  if (text.includes("\r") || text.includes("]]>") || !isXmlText(text)) return undefined;
  let root: PlainElement | undefined;
  let open: PlainElement | undefined;
  let level = 0;
  let at = 0;
  for (;;) {
    const begin = text.indexOf("<", at);
    const between = text.slice(at, begin === -1 ? text.length : begin);
    if (between !== "") {
      if (open !== undefined) {
        const value = decoded(between);
        if (value === undefined) return undefined;
        open.append(new PlainText(value));
      } else if (!/^[ \t\n]*$/.test(between)) return undefined;
    }
    if (begin === -1) return open === undefined ? root : undefined;
    tag.lastIndex = begin;
    const match = tag.exec(text);
    if (match === null) return undefined;
    at = tag.lastIndex;
    const [, ended, first = "", second, attributes = "", empty] = match;
    if (ended !== undefined) {
      if (open === undefined || open.nodeName !== ended) return undefined;
      open = open.outer ?? undefined;
      level -= 1;
      continue;
    }
    if (open === undefined && root !== undefined) return undefined;
    const element = elementOf(open, first, second, attributes);
    if (element === undefined) return undefined;
    root ??= element;
    open?.append(element);
    if (empty === "/") continue;
    open = element;
    level += 1;
    if (level > MOST_LEVELS) return undefined;
  }
}

function elementOf(
  parent: PlainElement | undefined,
  first: string,
  second: string | undefined,
  attributes: string,
): PlainElement | undefined {
  let values = noValues;
  let namespaces = parent?.namespaces ?? noValues;
  if (attributes !== "") {
    values = new Map<string, string>();
    // The tag's pattern has seen to it that these are names, each with a value between quotes.
    for (let at = 0; at < attributes.length; ) {
      const equals = attributes.indexOf("=", at);
      if (equals === -1) break;
      const end = attributes.indexOf(attributes.charAt(equals + 1), equals + 2);
      const name = attributes.slice(at, equals).trim();
      const value = decoded(attributes.slice(equals + 2, end));
      at = end + 1;
      if (value === undefined || values.has(name)) return undefined;
      values.set(name, value);
      if (name.includes(":") || name === "xmlns") {
        // Another prefix of an attribute is for the parser, as are the namespaces of XML itself.
        const prefix = namespaceDeclaration.exec(name)?.[1];
        if (prefix === undefined || value === "" || value.includes("www.w3.org")) return undefined;
        namespaces = new Map(namespaces).set(prefix, value);
      }
    }
  }
  if (second === undefined) return new PlainElement(parent, undefined, first, values, namespaces);
  return namespaces.has(first) ? new PlainElement(parent, first, second, values, namespaces) : undefined;
}

/** Undefined where there is another reference than those that every document may have. */
function decoded(text: string): string | undefined {
  if (!text.includes("&")) return text;
  if (/&(?!(?:amp|lt|gt|quot|apos);)/.test(text)) return undefined;
  return text.replace(/&\w+;/g, (entity) => entities[entity] as string);
}

const noValues = new Map<string, string>();

class PlainText {
  readonly nodeType = nodeType.text;
  readonly firstChild = null;
  readonly nodeValue: string;
  nextSibling: PlainNode | null = null;

  constructor(nodeValue: string) {
    this.nodeValue = nodeValue;
  }

  get textContent(): string {
    return this.nodeValue;
  }
}

class PlainElement {
  readonly nodeType = nodeType.element;
  readonly nodeValue = null;
  readonly nodeName: string;
  readonly localName: string;
  readonly namespaceURI: string | null;
  /** Where it was read; no `parentNode`, since one that others have a copy of is in several documents. */
  readonly outer: PlainElement | null;
  readonly namespaces: ReadonlyMap<string, string>;
  readonly #values: ReadonlyMap<string, string>;
  firstChild: PlainNode | null = null;
  nextSibling: PlainNode | null = null;
  #last: PlainNode | undefined;

  constructor(
    parent: PlainElement | undefined,
    prefix: string | undefined,
    localName: string,
    values: ReadonlyMap<string, string>,
    namespaces: ReadonlyMap<string, string>,
  ) {
    this.nodeName = prefix === undefined ? localName : `${prefix}:${localName}`;
    this.localName = localName;
    this.namespaceURI = namespaces.get(prefix ?? "") ?? null;
    this.outer = parent ?? null;
    this.namespaces = namespaces;
    this.#values = values;
  }

  append(node: PlainNode): void {
    if (this.#last === undefined) this.firstChild = node;
    else this.#last.nextSibling = node;
    this.#last = node;
  }

  /** The same, with the same children, elsewhere. */
  copyIn(parent: PlainElement): PlainElement {
    const prefix = this.nodeName === this.localName ? undefined : this.nodeName.split(":", 1)[0];
    const copy = new PlainElement(parent, prefix, this.localName, this.#values, this.namespaces);
    copy.firstChild = this.firstChild;
    return copy;
  }

  getAttribute(name: string): string | null {
    return this.#values.get(name) ?? null;
  }

  get textContent(): string {
    let text = "";
    for (let node = this.firstChild; node !== null; node = node.nextSibling) text += node.textContent;
    return text;
  }
}

type PlainNode = PlainElement | PlainText;
