import { readFile } from "node:fs/promises";
import { text as textOf } from "node:stream/consumers";
import type { SecretTexts } from "../../provider/planning/secret-texts.js";
import type { Progress } from "../progress.js";
import { exportStack } from "../pulumi.js";
import { UsageError } from "../usage-error.js";
import { readState, type StackState } from "./state.js";

/** As the command line gives them. */
interface StateOptions {
  stack?: string[];
  cwd?: string;
  state?: string[];
}

/** The states that a command line chooses: files, stacks, and where neither is said the selected stack. */
export async function readStates(
  { stack = [], cwd, state = [] }: StateOptions,
  secrets: SecretTexts,
  progress: Progress,
): Promise<StackState[]> {
  if (state.filter((file) => file === "-").length > 1) throw new UsageError("--state - can be given once");
  const files = state.map(async (file) => {
    const isInput = file === "-";
    const text = isInput ? await textOf(process.stdin) : await readText(file);
    return readState(text, isInput ? "stdin" : file, secrets);
  });
  const stacks = stack.length > 0 ? stack : state.length > 0 ? [] : [undefined];
  const exports = stacks.map(async (name) => {
    progress.step("pulumi stack export");
    return readState(await exportStack({ stack: name, cwd }), name ?? "the selected stack", secrets);
  });
  return Promise.all([...files, ...exports]);
}

export async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw new UsageError(`${file} can't be read: ${(error as Error).message}`);
  }
}
