import type { Document, Element, Node } from "@xmldom/xmldom";
import { DOMImplementation, DOMParser } from "@xmldom/xmldom";
import { XmlError } from "./error.js";
import { isXmlText } from "./text.js";

/** libxml2, and with it libvirt, refuses deeper nesting; so do we, which also bounds our own recursion. */
export const maximumDepth = 256;

/** What stands for a node's type in the DOM (`Node.ELEMENT_NODE`, ...), so that no class of the DOM is needed to compare. */
export const nodeType = {
  element: 1,
  attribute: 2,
  text: 3,
  cdata: 4,
  processingInstruction: 7,
  comment: 8,
  document: 9,
} as const;

/**
 * Parses a document strictly: anything the parser would only warn of is an error, and a document type
 * declaration (the carrier of entity expansion) is refused before the parser sees it.
 *
 * @param text - The document.
 * @param rootName - The name its root element must have, in no namespace.
 * @throws XmlError "malformed", "doctypeRefused", "tooDeep", "forbiddenCharacter" or "unexpectedRoot".
 */
export function parseXml(text: string, rootName?: string): Document {
  if (!isXmlText(text)) {
    throw new XmlError("forbiddenCharacter", "the XML holds a character that XML 1.0 does not allow");
  }
  if (hasDoctype(text))
    throw new XmlError("doctypeRefused", "XML with a document type declaration is refused");
  const document = runParser(text);
  // Only reached by a declaration that is not in its place; the parser lets some of those through.
  if (document.doctype !== null) {
    throw new XmlError("doctypeRefused", "XML with a document type declaration is refused");
  }
  checkNodes(document, text.includes("&#"));
  const root = document.documentElement;
  if (root === null) throw new XmlError("malformed", "the XML has no root element");
  if (rootName !== undefined && (root.localName !== rootName || root.namespaceURI !== null)) {
    throw new XmlError("unexpectedRoot", `expected <${rootName}>, found <${root.nodeName}>`);
  }
  return document;
}

/** The root element of a document that {@link parseXml} or {@link newDocument} made. */
export function rootOf(document: Document): Element {
  const root = document.documentElement;
  if (root === null) throw new XmlError("malformed", "the XML has no root element");
  return root;
}

/** An empty document with a root element of the name. */
export function newDocument(rootName: string): Document {
  return new DOMImplementation().createDocument(null, rootName);
}

function runParser(text: string): Document {
  let said: string | undefined;
  try {
    return new DOMParser({
      locator: false,
      // The parser's default is XML 1.1's, which would turn U+0085 and U+2028 in values into line feeds.
      normalizeLineEndings: (source: string) => source.replace(/\r\n?/g, "\n"),
      onError: (level: string, message: string) => {
        // U+FFFD may be a sign of broken encoding, and is a character like any other.
        if (level === "warning" && message.startsWith("Unicode replacement character")) return;
        said ??= message;
        throw new Error(message);
      },
    }).parseFromString(text, "text/xml");
  } catch (cause) {
    // What it throws itself has the same twice, and how it came to that.
    const message = said ?? (cause instanceof Error ? cause.message : String(cause));
    // The parser's messages may quote the document, and with it a password: only their beginning is told.
    throw new XmlError("malformed", `the XML is not well-formed: ${message.slice(0, 120)}`, { cause });
  }
}

/** Looks for a document type declaration where one may stand: among the comments and instructions before the root. */
function hasDoctype(text: string): boolean {
  let at = 0;
  for (;;) {
    at = text.indexOf("<", at);
    if (at < 0) return false;
    if (text.startsWith("<!--", at)) at = text.indexOf("-->", at + 4);
    else if (text.startsWith("<?", at)) at = text.indexOf("?>", at + 2);
    else return /^<!doctype/i.test(text.slice(at, at + 9));
    if (at < 0) return false;
  }
}

/** Walks without recursion, since the depth is what it checks; the parser lets references like `&#0;` through. */
function checkNodes(document: Document, checkCharacters: boolean): void {
  const pending: { node: Node; depth: number }[] = [{ node: document, depth: 0 }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { node, depth } = next;
    if (depth > maximumDepth)
      throw new XmlError("tooDeep", `the XML nests deeper than ${maximumDepth} elements`);
    if (checkCharacters) checkCharactersOf(node);
    for (let child = node.firstChild; child !== null; child = child.nextSibling) {
      pending.push({ node: child, depth: child.nodeType === nodeType.element ? depth + 1 : depth });
    }
  }
}

function checkCharactersOf(node: Node): void {
  const values = [node.nodeValue ?? ""];
  if (node.nodeType === nodeType.element) {
    for (const attribute of (node as Element).attributes) values.push(attribute.value);
  }
  if (!values.every(isXmlText)) {
    throw new XmlError(
      "forbiddenCharacter",
      "a character reference stands for a character that XML 1.0 does not allow",
    );
  }
}
