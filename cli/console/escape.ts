import { UsageError } from "../usage-error.js";

export const DEFAULT_ESCAPE = "^]";

/** The byte that leaves a console; undefined for "none". */
export function parseEscape(text: string): number | undefined {
  if (text === "none") return undefined;
  if (text === "^?") return 0x7f;
  if (/^\^[@-_a-z]$/.test(text)) return text.charCodeAt(1) & 0x1f;
  if (/^[\x21-\x7e]$/.test(text)) return text.charCodeAt(0);
  throw new UsageError(
    `--escape ${JSON.stringify(text)}: must be ^ and a letter or one of @[\\]^_?, as in "^]" and "^a", one character, or "none"`,
  );
}
