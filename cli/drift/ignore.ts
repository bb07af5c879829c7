import { UsageError } from "../usage-error.js";
import type { Finding } from "./finding.js";

/**
 * Reads patterns such as `web`, `VirtualMachine/web`, `web#autostart`, `*#description`, `orphan/*` and `alpha:domain build-*`; `*` stands for any
 * text. What is before `#` is the resource (its name, kind and name, or URN) or, where there is none, the kind of finding and the object.
 */
export function ignoring(patterns: readonly string[]): (finding: Finding) => boolean {
  const rules = patterns.map(parse);
  return (found) => {
    const names = namesOf(found);
    return rules.some(
      ({ what, property }) =>
        names.some((name) => what.test(name)) &&
        (property === undefined || property.test(found.property ?? "")),
    );
  };
}

function parse(pattern: string): { what: RegExp; property: RegExp | undefined } {
  const cut = pattern.lastIndexOf("#");
  // Nothing has an empty name: whoever leaves one out means any.
  if (pattern === "" || cut === 0 || cut === pattern.length - 1)
    throw new UsageError(
      `--ignore ${JSON.stringify(pattern)}: must be RESOURCE or RESOURCE#PROPERTY, with "*" for any text, as in "*#description"`,
    );
  if (cut === -1) return { what: glob(pattern), property: undefined };
  return { what: glob(pattern.slice(0, cut)), property: glob(pattern.slice(cut + 1)) };
}

function glob(text: string): RegExp {
  const parts = text.split("*").map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`, "s");
}

function namesOf({ kind, resource, host, object }: Finding): string[] {
  const of = object === undefined ? [] : [object, `${kind}/${object}`, `${host}:${object}`];
  if (resource === undefined) return of;
  return [
    resource.name,
    `${resource.kind}/${resource.name}`,
    resource.urn,
    `${kind}/${resource.name}`,
    ...of,
  ];
}
