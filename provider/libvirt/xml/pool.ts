import { newDocument, parseXml, rootOf } from "./document.js";
import { attributeOf, childElement, childText, fill, sketch } from "./element.js";
import { type PoolSource, patchPoolSource, readPoolSource, sketchPoolSource } from "./pool-source.js";
import { readXml } from "./read-xml.js";
import { serialize } from "./serialize.js";
import { requireText, withoutUndefined } from "./value.js";

/** A storage pool. libvirt drops `<metadata>` of pools, so an owner mark has no place here. */
export interface PoolModel {
  name: string;
  uuid?: string;
  /** "dir", "netfs", "logical", ... */
  type: string;
  /** Where its volumes are on the host. */
  path?: string;
  source?: PoolSource;
}

/**
 * Reads a pool.
 * @throws XmlError when it is no `<pool>` document.
 */
export function parsePool(xml: string): PoolModel {
  const root = readXml(xml, "pool");
  return withoutUndefined({
    name: requireText(childText(root, "name"), "the pool's <name>"),
    uuid: childText(root, "uuid"),
    type: requireText(attributeOf(root, "type"), "the pool's type"),
    path: childText(childElement(root, "target"), "path"),
    source: readPoolSource(childElement(root, "source")),
  });
}

/** Writes the definition of a new pool. Permissions are left to libvirt. */
export function buildPool(pool: PoolModel): string {
  const document = newDocument("pool");
  const made = sketch("pool", { type: pool.type }, [
    sketch("name", {}, pool.name),
    pool.uuid === undefined ? undefined : sketch("uuid", {}, pool.uuid),
    pool.source && sketchPoolSource(pool.source),
    pool.path === undefined ? undefined : sketch("target", {}, [sketch("path", {}, pool.path)]),
  ]);
  fill(document, rootOf(document), made, 0);
  return serialize(document);
}

/** Edits how what a pool stands on is reached, and nothing else; without a difference the text comes back as it was. */
export function patchPool(xml: string, source: PoolSource | undefined): string {
  const document = parseXml(xml, "pool");
  patchPoolSource(rootOf(document), source);
  return serialize(document);
}
