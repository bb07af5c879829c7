let segmenter: Intl.Segmenter | undefined;

/** Han, kana, Hangul, full-width forms and emoji, which terminals draw in two columns. */
const WIDE =
  /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\u3000-\u303e\uff01-\uff60\uffe0-\uffe6]/u;

/** What one reads as letters, each with the columns that it takes on a terminal. */
export function letters(text: string): { letter: string; columns: number }[] {
  // Making one takes longer than most reports.
  segmenter ??= new Intl.Segmenter();
  return [...segmenter.segment(text)].map(({ segment }) => ({
    letter: segment,
    columns: WIDE.test(segment) ? 2 : 1,
  }));
}

/** How many columns of a terminal a line takes. */
export function displayWidth(text: string): number {
  if (/^[ -~]*$/.test(text)) return text.length;
  return letters(text).reduce((sum, { columns }) => sum + columns, 0);
}
