import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const path = join(import.meta.dirname, "../../README.md");

/** A command that README shows with what it prints. */
export interface ShownCommand {
  /** What the marker calls it. */
  name: string;
  /** What is typed, for a shell in the project's folder. */
  line: string;
  printed: string;
}

/** `<!-- Real output: NAME -->`, and below it a block of code that begins with `$ COMMAND`. */
const block = /^<!-- Real output: (\S+) -->\n\n```console\n\$ (.+)\n([\s\S]*?)^```$/gm;

/** Every command that README shows the real output of. */
export function shownCommands(): ShownCommand[] {
  const text = readFileSync(path, "utf8");
  const shown = [...text.matchAll(block)].map(([, name = "", line = "", printed = ""]) => ({
    ...{ name, line, printed },
  }));
  const markers = text.match(/^<!-- Real output\b.*$/gm) ?? [];
  if (markers.length !== shown.length)
    throw new Error(`a marker of README has no block of its form below it: ${markers.join(", ")}`);
  return shown;
}

/** Has README show what was printed. */
export function show(name: string, printed: string): void {
  const text = readFileSync(path, "utf8");
  writeFileSync(
    path,
    text.replaceAll(block, (whole, named: string, line: string) =>
      named === name ? `<!-- Real output: ${name} -->\n\n\`\`\`console\n$ ${line}\n${printed}\`\`\`` : whole,
    ),
  );
}
