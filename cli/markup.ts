/** Text for the content or a quoted attribute of HTML and XML. */
export function escapeMarkup(text: string): string {
  return (
    text
      .replace(/&/g, "&amp;")
      .replace(/</g, "&lt;")
      .replace(/>/g, "&gt;")
      .replace(/"/g, "&quot;")
      .replace(/'/g, "&#39;")
      // biome-ignore lint/suspicious/noControlCharactersInRegex: characters that no XML document may hold
      .replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, "?")
  );
}

/** Names and values come from hosts: they make no markup, no links and no mentions. */
export function escapeMarkdown(text: string): string {
  return text
    .replace(/[\\`*_[\]|~#!]/g, "\\$&")
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/>/g, "&gt;")
    .replace(/@/g, "&#64;")
    .replace(/\r?\n/g, " ");
}
