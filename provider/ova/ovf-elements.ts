import type { Element } from "@xmldom/xmldom";

const ELEMENT = 1;

/** The child elements of a name in any namespace: OVF's differ between its versions, and elements of its 2.0 stand in several. */
export function childrenOf(parent: Element | undefined, name: string): Element[] {
  const found: Element[] = [];
  for (let node = parent?.firstChild ?? null; node !== null; node = node.nextSibling)
    if (node.nodeType === ELEMENT && (node as Element).localName === name) found.push(node as Element);
  return found;
}

export function childOf(parent: Element | undefined, name: string): Element | undefined {
  return childrenOf(parent, name)[0];
}

/** The text of a child element, undefined when there is none. */
export function textIn(parent: Element | undefined, name: string): string | undefined {
  const text = childOf(parent, name)?.textContent?.trim();
  return text === "" ? undefined : text;
}

/** An attribute of a name in any namespace. */
export function attributeIn(element: Element | undefined, name: string): string | undefined {
  if (element === undefined) return undefined;
  for (const attribute of element.attributes)
    if (attribute.localName === name || attribute.name === name) return attribute.value;
  return undefined;
}
