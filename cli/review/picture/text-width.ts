/** Of the page's font; a little more than most letters take. */
const LETTER = 0.62;
/** Ideographs, emoji and whatever else may be as wide as it is high. */
const WIDEST = 1.1;

/** What a text takes at most, for a font of that size. */
export function widthOf(text: string, fontSize: number): number {
  let width = 0;
  for (const letter of text) width += widthOfLetter(letter) * fontSize;
  return width;
}

function widthOfLetter(letter: string): number {
  if (/[ -~]/.test(letter)) return /[mwMW@%]/.test(letter) ? 0.95 : LETTER;
  return WIDEST;
}

/** The text, or as much of it as fits before an ellipsis. */
export function fitted(text: string, fontSize: number, width: number): string {
  const oneLine = text.replace(/\s+/g, " ");
  if (widthOf(oneLine, fontSize) <= width) return oneLine;
  let kept = "";
  for (const letter of oneLine) {
    if (widthOf(`${kept}${letter}…`, fontSize) > width) break;
    kept += letter;
  }
  return widthOf(`${kept}…`, fontSize) <= width ? `${kept}…` : "";
}
