import type { Element } from "@xmldom/xmldom";

/**
 * One thing that a domain's document says, by itself: how it is read, and how the document is made to say it. A new property of the model is
 * a file here and a line in the table of parts; comparing, building and patching follow.
 */
export interface DomainPart<Value> {
  /**
   * Undefined: the document doesn't say it. What libvirt writes down by itself for a domain that didn't ask must read as undefined too, or it
   * would look like a difference.
   */
  read(domain: Element): Value | undefined;
  /** Makes the document say it, or no more; touches nothing else. Given any document: a new one, or one that people and libvirt have edited. */
  write(domain: Element, value: Value | undefined): void;
  /** The devices that stand for it, where a running guest can be given and deprived of them one by one. */
  devices?: PartDevices;
  /** The device that stands for it, where a running guest's can be changed in place; undefined when the document has none. */
  updatable?(domain: Element): Element | undefined;
}

/** Elements of `<devices>` that a running guest can be given, and deprived of. */
export interface PartDevices {
  elements(domain: Element): Element[];
  /** The same text for a device of the live and of the persistent document: no alias, no address that libvirt chose. */
  identityOf(device: Element): string;
}
