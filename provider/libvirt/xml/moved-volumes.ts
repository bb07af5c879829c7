import { parseXml, rootOf } from "./document.js";
import { attributeOf, childElement, childElements, setAttribute } from "./element.js";
import type { MigratedVolume } from "./migration-journal.js";
import { serialize } from "./serialize.js";

/** A domain's document for the other host: each volume where its copy is there. Nothing else is touched. */
export function withMovedVolumes(xml: string, volumes: readonly MigratedVolume[]): string {
  const moved = volumes.filter(
    ({ sourcePool, targetPool, sourcePath, targetPath }) =>
      sourcePool !== targetPool || sourcePath !== targetPath,
  );
  if (moved.length === 0) return xml;
  const document = parseXml(xml, "domain");
  const domain = rootOf(document);
  const sources = childElements(childElement(domain, "devices"), "disk").flatMap(
    (disk) => childElement(disk, "source") ?? [],
  );
  const firmwareFiles = childElements(domain, "sysinfo")
    .filter((device) => attributeOf(device, "type") === "fwcfg")
    .flatMap((device) => childElements(device, "entry"));
  for (const element of [...sources, ...firmwareFiles]) {
    const file = attributeOf(element, "file");
    const byFile = moved.find(({ sourcePath }) => sourcePath === file);
    if (byFile !== undefined) setAttribute(element, "file", byFile.targetPath);
    const pool = attributeOf(element, "pool");
    const byName = moved.find(
      ({ sourcePool, name }) => sourcePool === pool && name === attributeOf(element, "volume"),
    );
    if (byName !== undefined) setAttribute(element, "pool", byName.targetPool);
  }
  return serialize(document);
}
