/** What stands in the place of a secret, in the Pulumi CLI's own words. */
export const CONCEALED = "[secret]";

/** Shorter ones occur in many a text by chance; what is known to come from a secret property is concealed by its property. */
export const LEAST_SECRET_LENGTH = 4;

/** The secrets that were read, so that none of them gets into an output by any way. */
export class SecretTexts {
  readonly #texts = new Set<string>();

  add(text: string): void {
    for (const part of [text, ...text.split(/\r?\n/)]) {
      const trimmed = part.trim();
      if (trimmed.length < LEAST_SECRET_LENGTH) continue;
      this.#texts.add(trimmed);
      // As texts that quote values have it.
      this.#texts.add(JSON.stringify(trimmed).slice(1, -1));
      // As documents have it.
      const inXml = trimmed.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
      this.#texts.add(inXml);
      this.#texts.add(inXml.replace(/"/g, "&quot;"));
      this.#texts.add(inXml.replace(/'/g, "&apos;"));
    }
  }

  conceal(text: string): string {
    let concealed = text;
    for (const secret of [...this.#texts].sort((a, b) => b.length - a.length))
      if (concealed.includes(secret)) concealed = concealed.replaceAll(secret, CONCEALED);
    return concealed;
  }
}
