import { z } from "zod";
import { isObject, type JsonObject } from "../../../seeds/json.js";
import { readYaml } from "../../../seeds/yaml.js";

/** Building blocks of the inputs that become documents in a guest. They are secret as a whole, so no message shows a value. */

/** State and RPC carry it with every operation. */
const MOST_BYTES = 4 * 2 ** 20;
const DEEPEST = 100;

/** Text that a file in the guest is made of. */
export function documentText(options: { mostBytes?: number } = {}) {
  const { mostBytes = MOST_BYTES } = options;
  return z
    .string({ error: "must be a string" })
    .refine(isWellFormed, { error: "has half a surrogate pair, which no file can hold as text" })
    .refine((s) => Buffer.byteLength(s) <= mostBytes, { error: `must be at most ${mostBytes} bytes` });
}

/** Text on one line. */
export function line(options: { mostBytes?: number } = {}) {
  return documentText({ mostBytes: options.mostBytes ?? 4096 })
    .refine((s) => s.length > 0, { error: "must not be empty", abort: true })
    .refine((s) => !/\p{Cc}/u.test(s), { error: "must be one line, without control characters" });
}

export function base64Text() {
  return documentText().refine(isBase64, { error: "must be base64" });
}

export function isBase64(text: string): boolean {
  return /^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(text);
}

/** What cloud-init recognises in a document's first line. */
const HEADERS = [
  /^#cloud-config(?:-archive|-jsonp)?\s*(?:\n|$)/,
  /^#!/,
  /^#cloud-boothook\b/,
  /^#include(?:-once)?\b/,
  /^#part-handler\b/,
  /^##\s*template:\s*jinja\b/,
  /^(?:Content-Type|MIME-Version):/i,
  // cloudbase-init's
  /^#ps1(?:_sysnative|_x86)?\b/,
  /^rem cmd\b/i,
  /^<(?:powershell|script)>/i,
];

/** User data or vendor data as cloud-init takes it. */
export function cloudInitText() {
  return documentText().superRefine((value, context) => {
    const fail = (message: string) => context.addIssue({ code: "custom", message, input: value });
    if (!HEADERS.some((header) => header.test(value)))
      return fail(
        'must begin with what cloud-init knows it by, such as "#cloud-config", "#!/bin/sh", "#include" or "Content-Type: multipart/mixed"',
      );
    if (!/^#cloud-config\s*(?:\n|$)/.test(value)) return;
    const parsed = readYaml(value);
    if (parsed.kind === "invalid") return fail(`is no YAML: ${parsed.why}`);
    if (parsed.value !== null && !isObject(parsed.value))
      return fail('must hold keys and values after the line "#cloud-config"');
  });
}

/** Keys and values of a document. */
export function jsonObject() {
  return z
    .record(z.string(), z.unknown(), { error: "must be an object" })
    .superRefine((value, context) => {
      const message = jsonProblem(value);
      if (message !== undefined) context.addIssue({ code: "custom", message, input: value });
    })
    .transform((value) => value as JsonObject);
}

function jsonProblem(value: unknown, depth = 0): string | undefined {
  if (depth > DEEPEST) return `must not be deeper than ${DEEPEST} levels`;
  if (value === null || typeof value === "boolean") return undefined;
  if (typeof value === "string")
    return isWellFormed(value) ? undefined : "holds half a surrogate pair, which no file can hold as text";
  // YAML 1.1 takes 1e+21 for a text.
  if (typeof value === "number")
    return /^-?[\d.]+$/.test(String(value)) ? undefined : "holds a number that YAML would take for a text";
  if (typeof value !== "object")
    return "must hold nothing but texts, numbers, true, false, null, lists and objects";
  for (const member of Object.values(value)) {
    const problem = jsonProblem(member, depth + 1);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function isWellFormed(text: string): boolean {
  return !/\p{Cs}/u.test(text);
}
