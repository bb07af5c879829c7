/** Have what stands after them read in another order than it stands. */
const turning = /[\u202a-\u202e\u2066-\u2069]/gu;
const commanding = { texts: /[^\P{Cc}\n]/gu, lines: /\p{Cc}/gu };

/** What hosts call their things neither commands a terminal nor is read as something else than it is; `lines` have no line ends either. */
export function harmless<T>(value: T, kind: keyof typeof commanding = "texts"): T {
  return JSON.parse(JSON.stringify(value), (_key, part: unknown) =>
    typeof part === "string" ? straight(part.replace(commanding[kind], "?")) : part,
  ) as T;
}

/** For what stands in a document as it is. */
export function straight(text: string): string {
  return text.replace(turning, "?");
}

/** Text for the content or a quoted attribute of HTML and XML. */
export function escapeMarkup(text: string): string {
  return (
    straight(text)
      .replace(/&/g, "&amp;")
      .replace(/</g, "&lt;")
      .replace(/>/g, "&gt;")
      .replace(/"/g, "&quot;")
      .replace(/'/g, "&#39;")
      // biome-ignore lint/suspicious/noControlCharactersInRegex: characters that no XML document may hold
      .replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, "?")
  );
}

/**
 * Forges look for mentions and references in what Markdown has become, where an escaped letter is what it was; a space without width in them
 * is what they don't pass over. An address is none, and is to be copied: "user@host".
 */
export function unmentioned(text: string): string {
  return text.replace(/(?<!\w)@|#|\bGH(?=-\d)/gi, "$&\u200b");
}

/** Of text that is escaped already. */
export function unlinked(markup: string): string {
  return markup.replace(/:\/\//g, ":&#47;/").replace(/\b(www)\./gi, "$1&#46;");
}

/** Names and values come from hosts: they make no markup, no links and no mentions. */
export function escapeMarkdown(text: string): string {
  const escaped = unmentioned(straight(text))
    .replace(/[\\`*_[\]|~!]/g, "\\$&")
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/>/g, "&gt;");
  return unlinked(escaped).replace(/\r\n?|\n/g, " ");
}
