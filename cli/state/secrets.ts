import type { SecretTexts } from "../../provider/planning/secret-texts.js";

/** How Pulumi marks what isn't a plain value; both texts are fixed by its state format. */
const SIGNATURE_KEY = "4dabf18193072939515e22adb298388d";
const SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270";

/** A property bag of a state, with its secrets in plain where the export has them. */
export interface OpenedBag {
  values: Record<string, unknown>;
  /** Properties in which there is anything secret. */
  secretKeys: Set<string>;
  /** Properties in which something is encrypted, and so not known. They are left out of the values. */
  encryptedKeys: string[];
}

export function openBag(bag: Record<string, unknown>, secrets: SecretTexts): OpenedBag {
  // As nearly all are.
  if (!holdsSecret(bag)) return { values: bag, secretKeys: new Set(), encryptedKeys: [] };
  const opened: OpenedBag = { values: {}, secretKeys: new Set(), encryptedKeys: [] };
  for (const [key, value] of Object.entries(bag)) {
    const found = open(value, false, secrets);
    if (found.hasSecret) opened.secretKeys.add(key);
    if (found.isEncrypted) opened.encryptedKeys.push(key);
    else opened.values[key] = found.value;
  }
  return opened;
}

interface Opened {
  value: unknown;
  hasSecret: boolean;
  isEncrypted: boolean;
}

function open(value: unknown, isInSecret: boolean, secrets: SecretTexts): Opened {
  // Nearly all that a state has is plain, and stays as it is.
  if (!isInSecret && !holdsSecret(value)) return { value, hasSecret: false, isEncrypted: false };
  if (typeof value === "string" && isInSecret) secrets.add(value);
  if (typeof value !== "object" || value === null)
    return { value, hasSecret: isInSecret, isEncrypted: false };
  if (Array.isArray(value)) {
    const parts = value.map((part) => open(part, isInSecret, secrets));
    return { value: parts.map((part) => part.value), ...together(parts) };
  }
  const object = value as Record<string, unknown>;
  if (object[SIGNATURE_KEY] === SECRET_SIGNATURE) {
    if (typeof object.plaintext !== "string") return { value: undefined, hasSecret: true, isEncrypted: true };
    return { ...open(JSON.parse(object.plaintext), true, secrets), hasSecret: true };
  }
  const parts = Object.entries(object).map(([key, part]) => ({ key, ...open(part, isInSecret, secrets) }));
  return { value: Object.fromEntries(parts.map((part) => [part.key, part.value])), ...together(parts) };
}

function holdsSecret(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (Array.isArray(value)) return value.some(holdsSecret);
  const object = value as Record<string, unknown>;
  if (object[SIGNATURE_KEY] === SECRET_SIGNATURE) return true;
  for (const key in object) if (holdsSecret(object[key])) return true;
  return false;
}

function together(parts: readonly Opened[]): Pick<Opened, "hasSecret" | "isEncrypted"> {
  return {
    hasSecret: parts.some((part) => part.hasSecret),
    isEncrypted: parts.some((part) => part.isEncrypted),
  };
}
