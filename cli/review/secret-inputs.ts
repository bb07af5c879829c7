import { CONCEALED, type SecretTexts } from "../../provider/planning/secret-texts.js";
import type { StateResource } from "../state/state.js";
import type { PreviewStep } from "./preview.js";

/** What the Pulumi CLI prints for a secret. */
export const MASK = CONCEALED;
/** Secret in every resource, and in no text that a plan has. */
const LOGINS: ReadonlySet<string> = new Set(["credentials", "peerCredentials"]);

type Bag = Record<string, unknown>;

/** Inputs in which there is anything secret, by the preview or by the state. */
export function secretKeysOfStep(
  { inputs, old }: Pick<PreviewStep, "inputs" | "old">,
  resource: Pick<StateResource, "secretKeys"> | undefined,
): Set<string> {
  const masked = [inputs, old?.inputs].flatMap((bag) =>
    Object.entries(bag ?? {}).flatMap(([key, value]) => (isMasked(value) ? [key] : [])),
  );
  return new Set([...masked, ...(resource?.secretKeys ?? [])].filter((key) => !LOGINS.has(key)));
}

export function isMasked(value: unknown): boolean {
  if (value === MASK) return true;
  if (typeof value !== "object" || value === null) return false;
  return Object.values(value).some(isMasked);
}

/** Notes the texts that stand in `plain` where the CLI shows none. */
export function learnSecrets(masked: unknown, plain: unknown, secrets: SecretTexts): void {
  if (masked === MASK) {
    for (const text of textsIn(plain)) secrets.add(text);
    return;
  }
  if (typeof masked !== "object" || masked === null || typeof plain !== "object" || plain === null) return;
  for (const [key, value] of Object.entries(masked)) learnSecrets(value, (plain as Bag)[key], secrets);
}

function textsIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(textsIn);
}

/** The inputs with the secrets that the state has in plain; `assumed`: those of which it isn't known whether they are the same. */
export function unmasked(masked: Bag, known: Bag): { inputs: Bag; assumed: string[] } {
  const assumed: string[] = [];
  const inputs: Bag = {};
  for (const [key, value] of Object.entries(masked)) {
    if (!isMasked(value)) inputs[key] = value;
    else {
      if (!LOGINS.has(key)) assumed.push(key);
      if (known[key] !== undefined) inputs[key] = known[key];
    }
  }
  return { inputs, assumed };
}
