import type { VolumeFile } from "./iso/tree.js";
import { canonicalJson, type Json } from "./json.js";
import { writeYaml } from "./yaml.js";

/** A file of a seed by what it says; how that is written may differ from version to version. */
export interface SeedDocument {
  path: string;
  content:
    | { kind: "text"; text: string }
    | { kind: "base64"; text: string }
    | { kind: "yaml"; header?: string; value: Json }
    | { kind: "json"; value: Json };
}

export function renderDocument({ path, content }: SeedDocument): VolumeFile {
  switch (content.kind) {
    case "text":
      return { path, bytes: Buffer.from(content.text) };
    case "base64":
      return { path, bytes: Buffer.from(content.text, "base64") };
    case "yaml":
      return { path, bytes: Buffer.from((content.header ?? "") + writeYaml(content.value)) };
    case "json":
      return { path, bytes: Buffer.from(`${JSON.stringify(content.value, undefined, 2)}\n`) };
    default:
      return content satisfies never;
  }
}

/** What two documents have in common when they say the same. */
export function documentKey({ path, content }: SeedDocument): string {
  return canonicalJson([path, { ...content }]);
}
