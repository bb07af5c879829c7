import type { Element } from "@xmldom/xmldom";
import { childElement, ensureChild, removeElement } from "../element.js";

/** Changes something of a section of the domain, such as `<cputune>`; the section is made for a value, and goes when it says nothing any more. */
export function editSection<Value>(
  domain: Element,
  name: string,
  value: Value | undefined,
  edit: (section: Element) => void,
): void {
  const present = childElement(domain, name);
  if (present === undefined && value === undefined) return;
  const section = present ?? ensureChild(domain, name, sections.slice(0, sections.indexOf(name)));
  edit(section);
  if (section.firstChild === null && section.attributes.length === 0) removeElement(section);
}

/** In libvirt's order. */
const sections = [
  "name",
  "uuid",
  "genid",
  "title",
  "description",
  "metadata",
  "maxMemory",
  "memory",
  "currentMemory",
  "blkiotune",
  "memtune",
  "memoryBacking",
  "vcpu",
  "vcpus",
  "iothreads",
  "iothreadids",
  "cputune",
  "numatune",
];
