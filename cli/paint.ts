/** Colours, where they may be. */
export interface Paint {
  strong(text: string): string;
  faint(text: string): string;
  good(text: string): string;
  warn(text: string): string;
  bad(text: string): string;
}

const plain = (text: string) => text;
export const noPaint: Paint = { strong: plain, faint: plain, good: plain, warn: plain, bad: plain };

/** Only on a terminal, and not where NO_COLOR (https://no-color.org) says no. */
export function paintFor(stream: { isTTY?: boolean }, env: NodeJS.ProcessEnv): Paint {
  if (stream.isTTY !== true || (env.NO_COLOR ?? "") !== "" || env.TERM === "dumb") return noPaint;
  const sgr = (begin: number, end: number) => (text: string) => `\x1b[${begin}m${text}\x1b[${end}m`;
  return { strong: sgr(1, 22), faint: sgr(2, 22), good: sgr(32, 39), warn: sgr(33, 39), bad: sgr(31, 39) };
}
