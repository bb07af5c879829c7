import type { Attr, Document, Element, Node } from "@xmldom/xmldom";
import { nodeType } from "./document.js";
import { XmlError } from "./error.js";
import { isXmlText } from "./text.js";

/**
 * Writes a document the way libvirt does, so that what an edit didn't touch comes out with the bytes libvirt gave:
 * attributes in single quotes and quotes escaped in text, except under `<metadata>`, which libxml2 writes
 * (double quotes, quotes plain in text).
 *
 * xmldom's own serializer is not used because it leaves a carriage return in text as it is, which the next reader
 * takes for a line feed.
 *
 * @throws XmlError "forbiddenCharacter" when a value was set that no XML can carry.
 */
export function serialize(document: Document): string {
  const parts: string[] = [];
  for (let node: Node | null = document.firstChild; node !== null; node = node.nextSibling) {
    if (node.nodeType === nodeType.text) continue;
    write(node, "libvirt", parts);
    parts.push("\n");
  }
  return parts.join("");
}

/** Writes one element without what surrounds it, as libxml2 does; used for what libvirt takes as a fragment. */
export function serializeElement(element: Element): string {
  const parts: string[] = [];
  write(element, "libxml2", parts);
  return parts.join("");
}

type Dialect = "libvirt" | "libxml2";

function write(node: Node, dialect: Dialect, parts: string[]): void {
  switch (node.nodeType) {
    case nodeType.element:
      writeElement(node as Element, dialect, parts);
      return;
    case nodeType.text:
      parts.push(escapeText(checked(node.nodeValue ?? ""), dialect));
      return;
    case nodeType.cdata:
      parts.push("<![CDATA[", checked(node.nodeValue ?? ""), "]]>");
      return;
    case nodeType.comment:
      parts.push("<!--", checked(node.nodeValue ?? ""), "-->");
      return;
    case nodeType.processingInstruction: {
      const content = checked(node.nodeValue ?? "");
      parts.push("<?", node.nodeName, content === "" ? "" : " ", content, "?>");
      return;
    }
    default:
      throw new XmlError("notModelled", `a document of libvirt has no node of type ${node.nodeType}`);
  }
}

function writeElement(element: Element, dialect: Dialect, parts: string[]): void {
  parts.push("<", element.nodeName);
  for (const attribute of namespacesFirst(element)) {
    const quote = dialect === "libvirt" ? "'" : '"';
    parts.push(" ", attribute.name, "=", quote, escapeAttribute(checked(attribute.value), dialect), quote);
  }
  if (element.firstChild === null) {
    parts.push("/>");
    return;
  }
  parts.push(">");
  const inner = element.localName === "metadata" && element.namespaceURI === null ? "libxml2" : dialect;
  for (let child: Node | null = element.firstChild; child !== null; child = child.nextSibling)
    write(child, inner, parts);
  parts.push("</", element.nodeName, ">");
}

// libxml2 writes an element's namespace declarations before its attributes; libvirt declares none but on the
// root, after its attributes, so there the order of the document is kept.
function namespacesFirst(element: Element): Attr[] {
  const attributes = [...element.attributes];
  if (element.parentNode?.nodeType === nodeType.document) return attributes;
  const declares = (attribute: Attr) => attribute.name === "xmlns" || attribute.name.startsWith("xmlns:");
  return [...attributes.filter(declares), ...attributes.filter((attribute) => !declares(attribute))];
}

function checked(text: string): string {
  if (isXmlText(text)) return text;
  throw new XmlError("forbiddenCharacter", `XML cannot carry the value ${JSON.stringify(text).slice(0, 80)}`);
}

function escapeText(text: string, dialect: Dialect): string {
  const pattern = dialect === "libvirt" ? /[<>&'"\r]/g : /[<>&\r]/g;
  return text.replace(pattern, reference);
}

function escapeAttribute(text: string, dialect: Dialect): string {
  const pattern = dialect === "libvirt" ? /[<>&'"\t\n\r]/g : /[<>&"\t\n\r]/g;
  return text.replace(pattern, reference);
}

function reference(character: string): string {
  switch (character) {
    case "<":
      return "&lt;";
    case ">":
      return "&gt;";
    case "&":
      return "&amp;";
    case "'":
      return "&apos;";
    case '"':
      return "&quot;";
    default:
      return `&#${character.charCodeAt(0)};`;
  }
}
