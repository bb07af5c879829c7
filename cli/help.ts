import type { Command } from "commander";

/** For options that may be given more than once. */
export function repeated(value: string, previous: string[] | undefined): string[] {
  return [...(previous ?? []), value];
}

/** Paragraphs as they are written in a source file, for a terminal of any width. */
export function paragraphs(text: string): string {
  return text
    .split(/\n\s*\n/)
    .map((part) => part.replace(/\s+/g, " ").trim())
    .join("\n\n");
}

/** Examples at the end of a command's help. */
export function examples(command: Command, list: readonly (readonly [line: string, what: string])[]): void {
  const lines = list.map(([line, what]) => `  # ${what}\n  ${line}`);
  command.addHelpText("after", `\nExamples:\n${lines.join("\n")}`);
}

export function exitCodes(command: Command, codes: Readonly<Record<number, string>>): void {
  const lines = Object.entries(codes).map(([code, what]) => `  ${code}  ${what}`);
  command.addHelpText("after", `\nExit codes:\n${lines.join("\n")}`);
}
