import { createRequire } from "node:module";
import type { Element, Node } from "@xmldom/xmldom";
import { nodeType, parseXml, rootOf } from "./document.js";
import { XmlError } from "./error.js";
import { serialize } from "./serialize.js";

/** Loaded when it is needed: where something changes. */
const diff = () => createRequire(import.meta.url)("diff") as typeof import("diff");

/**
 * What changes between two documents, as a unified diff for people; empty when nothing does. Both are indented alike
 * first, so that only content counts. Passwords are replaced by a number that tells equal ones from different ones.
 *
 * @throws XmlError when one of them is not well-formed.
 */
export function xmlDiff(before: string, after: string): string {
  const secrets = new Map<string, string>();
  const [old, made] = [readable(before, secrets), readable(after, secrets)];
  if (old === made) return "";
  const { createTwoFilesPatch, OMIT_HEADERS } = diff();
  return createTwoFilesPatch("before", "after", old, made, undefined, undefined, {
    context: 3,
    headerOptions: OMIT_HEADERS,
  });
}

// graphics@passwd of domains; `password` is that of other drivers' documents.
const secretAttributes = ["passwd", "password"];

function readable(xml: string, secrets: Map<string, string>): string {
  const document = parseXml(xml);
  for (const element of elementsBelow(rootOf(document))) {
    for (const name of secretAttributes) {
      const secret = element.getAttribute(name);
      if (secret === null) continue;
      if (!secrets.has(secret)) secrets.set(secret, `(secret ${secrets.size + 1})`);
      element.setAttribute(name, secrets.get(secret) ?? "(secret)");
    }
  }
  indent(rootOf(document), 0);
  return serialize(document);
}

function elementsBelow(root: Element): Element[] {
  const found = [root];
  for (const element of found) found.push(...childNodes(element).filter(isElement));
  return found;
}

/** Puts each child on a line of its own, unless there is text between them that would change by it. */
function indent(element: Element, depth: number): void {
  const document = element.ownerDocument;
  if (document === null) throw new XmlError("malformed", "the element belongs to no document");
  const children = childNodes(element);
  const blank = children.filter(
    (child) => child.nodeType === nodeType.text && (child.nodeValue ?? "").trim() === "",
  );
  const content = children.filter((child) => !blank.includes(child));
  const isText = (child: Node) => child.nodeType === nodeType.text || child.nodeType === nodeType.cdata;
  if (content.length === 0 && depth > 0) return;
  if (!content.some(isText)) {
    for (const child of blank) element.removeChild(child);
    for (const child of content) {
      element.insertBefore(document.createTextNode(`\n${"  ".repeat(depth + 1)}`), child);
    }
    if (content.length > 0) element.appendChild(document.createTextNode(`\n${"  ".repeat(depth)}`));
  }
  for (const child of content.filter(isElement)) indent(child, depth + 1);
}

function childNodes(element: Element): Node[] {
  const nodes: Node[] = [];
  for (let node = element.firstChild; node !== null; node = node.nextSibling) nodes.push(node);
  return nodes;
}

function isElement(node: Node): node is Element {
  return node.nodeType === nodeType.element;
}
