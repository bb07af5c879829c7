import type { Element } from "@xmldom/xmldom";
import { parseXml, rootOf } from "./document.js";
import { readPlainDocument } from "./plain-document.js";

/**
 * The root element of a document that is only read: quicker than `parseXml` where the document is as plain as those of libvirt are.
 *
 * @throws XmlError as `parseXml` does.
 */
export function readXml(text: string, rootName?: string): Element {
  const root = readPlainDocument(text);
  const isExpected = rootName === undefined || (root?.nodeName === rootName && root.namespaceURI === null);
  return root !== undefined && isExpected ? root : rootOf(parseXml(text, rootName));
}
