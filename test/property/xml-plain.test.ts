import type { Element } from "@xmldom/xmldom";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { nodeType, parseXml, rootOf } from "../../provider/libvirt/xml/document.js";
import { buildDomain } from "../../provider/libvirt/xml/index.js";
import { readPlainDocument } from "../../provider/libvirt/xml/plain-document.js";
import { fixtures } from "../fixtures/xml/fixtures.js";
import { runs } from "../support/runs.js";
import { domainModel, ownerMark } from "./xml-arbitraries.js";

const ELEMENT = nodeType.element;
/** Names of attributes that are looked for. */
const names = ["a", "b", "xmlns", "name", "type", "dev", "nonce", "id"];

/** All that readers can see of an element; texts that follow one another are one. */
function seen(element: Element): unknown {
  const children: unknown[] = [];
  for (let node = element.firstChild; node !== null; node = node.nextSibling) {
    if (node.nodeType === ELEMENT) children.push(seen(node as Element));
    else if (typeof children.at(-1) === "string") children.push(`${children.pop()}${node.nodeValue}`);
    else if (node.nodeValue !== "") children.push(node.nodeValue);
  }
  const { nodeName, localName, namespaceURI, textContent } = element;
  const attributes = names.map((name) => element.getAttribute(name));
  return { nodeName, localName, namespaceURI, textContent, attributes, children };
}

/** Whether the quick reader took it; if so it saw what the parser sees. */
function agrees(text: string): boolean {
  const plain = readPlainDocument(text);
  if (plain === undefined) return false;
  expect(seen(plain)).toEqual(seen(rootOf(parseXml(text))));
  return true;
}

/** Bits of documents, well-formed together by chance only. */
const bit = fc.constantFrom(
  ...[
    "<a>",
    "</a>",
    "<b/>",
    "<b>",
    "</b>",
    "<p:a>",
    "</p:a>",
    "<p:b p:a='1'/>",
    "<a a='1' a='2'/>",
    "<a a=1>",
  ],
  ...[
    "<a xmlns='urn:x'>",
    "<p:a xmlns:p='urn:p'>",
    "<a xmlns:p=''>",
    "<a xml:lang='de'/>",
    "<xmlns:a/>",
    "<a:/>",
    "<:a/>",
  ],
  ...[
    "<a a='&lt;&amp;'/>",
    '<a b="\'>"/>',
    "<a b='\t\n'/>",
    "<a\nb='1'\t/>",
    "<a b = '1'/>",
    "<a a='1'b='2'/>",
    "<a a='<'/>",
  ],
  ...[
    "<!-- - -->",
    "<![CDATA[<a>]]>",
    "<?p a?>",
    "<!DOCTYPE a>",
    "<?xml version='1.0'?>",
    "<a xmlns:xml='urn:x'/>",
  ],
  ...[
    "text",
    "&quot;&gt;",
    "&apos;",
    "&#65;",
    "&#0;",
    "&nope;",
    "&",
    "]]>",
    ">",
    " ",
    "\n",
    "\r",
    "\u00a0",
    "\u0000",
    "ä𝄞",
    "</a >",
    "< a>",
    "</ a>",
  ],
);

describe("the reader of plain documents", () => {
  test("takes what libvirt and we write, and sees what the parser sees", () => {
    for (const kind of ["domain", "network", "volume", "pool", "capabilities"] as const)
      for (const [name, text] of fixtures(kind))
        expect([name, agrees(text)]).toEqual([name, !/&#|<!--|<!\[CDATA/.test(text)]);
    fc.assert(
      fc.property(domainModel, ownerMark, (model, owner) => void agrees(buildDomain(model, { owner }))),
      { numRuns: runs(100) },
    );
  });

  test("leaves alone what isn't well-formed, and reads no document otherwise than the parser", () => {
    fc.assert(
      fc.property(
        fc.array(bit, { maxLength: 8 }),
        fc.constantFrom("a", "p:a xmlns:p='urn:q'"),
        (bits, root) => {
          agrees(bits.join(""));
          agrees(`<${root}>${bits.join("")}</${root.split(" ")[0]}>`);
        },
      ),
      { numRuns: runs(5_000) },
    );
  });
});
