import type { CrossCheck } from "../definition.js";
import type { Inputs } from "./schema.js";

/** Notes what is wrong, and where. */
export type Problem = (path: string, message: string) => void;

/** A cross check that notes one problem after the other. */
export function problemsOf(find: (inputs: Inputs, problem: Problem) => void): CrossCheck<Inputs> {
  return (inputs) => {
    const problems: { path: string; message: string }[] = [];
    find(inputs, (path, message) => problems.push({ path, message }));
    return problems;
  };
}
