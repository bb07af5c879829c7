import { createRequire } from "node:module";
import type { Json } from "./json.js";

/** Loaded when it is needed, which most deployments don't come to. */
const yaml = () => createRequire(import.meta.url)("yaml") as typeof import("yaml");

/**
 * A value as YAML 1.1, which is what cloud-init reads: every text in double quotes, for there `yes`, `0755` and `12:30:45` are no texts by
 * themselves.
 */
export function writeYaml(value: Json): string {
  const { Document, visit } = yaml();
  const document = new Document(value, { aliasDuplicateObjects: false });
  visit(document, {
    Scalar(key, node) {
      if (typeof node.value !== "string") return;
      node.type = key === "key" && isPlainKey(node.value) ? "PLAIN" : "QUOTE_DOUBLE";
    },
  });
  // From a length on, the library breaks a text at its line ends unless it is told otherwise.
  const inOneLine = { lineWidth: 0, doubleQuotedMinMultiLineLength: Number.POSITIVE_INFINITY };
  // All of these stand between double quotes. Raw, YAML takes some for line ends, and its reader in Python refuses the others.
  return document
    .toString(inOneLine)
    .replace(
      /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g,
      (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
    );
}

/** Words that mean something else to YAML 1.1 are quoted. */
function isPlainKey(key: string): boolean {
  return /^[A-Za-z][A-Za-z0-9_-]*$/.test(key) && !/^(?:y|n|yes|no|on|off|true|false|null)$/i.test(key);
}

export type ParsedYaml = { kind: "value"; value: unknown } | { kind: "invalid"; why: string };

/** Reads one YAML document. What is wrong with it is told without any of its text, which may be secret. */
export function readYaml(text: string): ParsedYaml {
  // Two keys of one name are no mistake to cloud-init, and schema 1.1 takes `y` for a truth value where it takes it for a text.
  const document = yaml().parseDocument(text, {
    version: "1.2",
    schema: "core",
    uniqueKeys: false,
    merge: true,
  });
  const [error] = document.errors;
  if (error !== undefined) {
    const [start] = error.linePos ?? [];
    const place = start === undefined ? "" : ` at line ${start.line}, column ${start.col}`;
    return { kind: "invalid", why: `${error.code.toLowerCase().replaceAll("_", " ")}${place}` };
  }
  try {
    return { kind: "value", value: document.toJS() };
  } catch {
    return { kind: "invalid", why: "an alias that names no anchor, or too many of them" };
  }
}
