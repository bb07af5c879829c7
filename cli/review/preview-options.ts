import { UsageError } from "../usage-error.js";

const BEFORE = "give it before --: the stack's state is read as well";

/** Options of `pulumi preview` with which there would be no review, or another one than is said; each with what to do instead. */
const REFUSED: Readonly<Record<string, string>> = {
  json: "the preview is made with it already",
  stack: BEFORE,
  cwd: BEFORE,
  "save-plan": "give it before --",
  "show-secrets": "no review holds secrets",
  "expect-no-changes": "--fail-on says with what it exits with 2",
  "attach-debugger": "the preview would wait for a debugger",
  help: "run pulumi preview --help",
};
const LETTERS: Readonly<Record<string, string>> = { j: "json", s: "stack", C: "cwd", h: "help" };
/** What follows these in one word is their value. */
const LETTERS_WITH_VALUES = "cmptvx";

/**
 * What the command line passes on to `pulumi preview`, after "--".
 *
 * @throws UsageError
 */
export function previewOptions(words: readonly string[]): readonly string[] {
  const [first] = words;
  if (first !== undefined && !first.startsWith("-"))
    throw new UsageError(
      `${JSON.stringify(first)}: a stack is chosen with --stack; options of pulumi preview come after --, as in: kvm review -- --target URN`,
    );
  for (const word of words)
    for (const name of namesIn(word)) {
      const instead = Object.hasOwn(REFUSED, name) ? REFUSED[name] : undefined;
      if (instead !== undefined)
        throw new UsageError(`${word} can't be passed on to pulumi preview: ${instead}`);
    }
  return words;
}

function namesIn(word: string): string[] {
  const [, long] = /^--([^=]+)/.exec(word) ?? [];
  if (long !== undefined) return [long];
  const letters = /^-([A-Za-z]+)/.exec(word)?.[1] ?? "";
  const end = [...letters].findIndex((letter) => LETTERS_WITH_VALUES.includes(letter));
  return [...(end === -1 ? letters : letters.slice(0, end))].flatMap((letter) => LETTERS[letter] ?? []);
}
