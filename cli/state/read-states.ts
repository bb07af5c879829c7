import { realpath } from "node:fs/promises";
import { resolve } from "node:path";
import type { SecretTexts } from "../../provider/planning/secret-texts.js";
import type { Progress } from "../progress.js";
import { exportStack } from "../pulumi.js";
import { readInput } from "../read-input.js";
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
  refuseTwice("--state", await Promise.all(state.map(async (file) => [await placeOf(file), file] as const)));
  refuseTwice(
    "--stack",
    stack.map((name) => [name, name] as const),
  );
  const files = state.map(async (file) =>
    readState(await readInput(file), file === "-" ? "stdin" : file, secrets),
  );
  const stacks = stack.length > 0 ? stack : state.length > 0 ? [] : [undefined];
  const exports = stacks.map(async (name) => {
    progress.step("pulumi stack export");
    return readState(await exportStack({ stack: name, cwd }), name ?? "the selected stack", secrets);
  });
  return eachOnce(await Promise.all([...files, ...exports]));
}

async function placeOf(file: string): Promise<string> {
  return file === "-" ? file : await realpath(file).catch(() => resolve(file));
}

/** Of what has nothing but hosts and pools the states themselves don't tell. */
function refuseTwice(option: string, given: readonly (readonly [what: string, name: string])[]): void {
  const seen = new Set<string>();
  for (const [what, name] of given) {
    if (seen.has(what)) throw new UsageError(`${option} ${name} is given twice; give it once`);
    seen.add(what);
  }
}

/** Whose ids are no two objects'. */
const NAMED_BY_CHANCE: ReadonlySet<string> = new Set(["VirtualMachine", "Network"]);

/** A stack that is given by two ways would have everything twice. Others may have its name, in another backend. */
function eachOnce(states: StackState[]): StackState[] {
  const seen = new Map<string, string>();
  for (const { project, stack, source, resources } of states) {
    const objects = resources.flatMap(({ urn, kind, id, outputs: { nonce } }) => [
      ...(NAMED_BY_CHANCE.has(kind) ? [`${urn} ${id}`] : []),
      ...(typeof nonce === "string" && nonce !== "" ? [`${urn} ${nonce}`] : []),
    ]);
    const before = objects.map((object) => seen.get(object)).find((found) => found !== undefined);
    if (before !== undefined)
      throw new UsageError(
        `stack ${project}/${stack} is given twice, by ${before} and by ${source}; give it once`,
      );
    for (const object of objects) seen.set(object, source);
  }
  return states;
}
