import { parseXml, rootOf } from "./document.js";
import { childElement, removeChildren, setText, textOf } from "./element.js";
import { serialize } from "./serialize.js";

/**
 * The same domain by a name that QEMU's driver refuses whatever else there is, since it is one of files: with a slash. libvirt's schema has
 * nothing against it. It has no UUID, by which it would be one that there is.
 */
export function withImpossibleName(domainXml: string): string {
  const document = parseXml(domainXml, "domain");
  const domain = rootOf(document);
  removeChildren(domain, "uuid");
  const name = childElement(domain, "name");
  // Without one libvirt refuses it as well.
  if (name !== undefined) setText(name, `${textOf(name) ?? ""}/`);
  return serialize(document);
}
