import type { CrossCheck } from "../definition.js";
import { asFarAsSound } from "../guarded-inputs.js";
import type { Inputs } from "./schema.js";

/** Notes what is wrong, and where. */
export type Problem = (path: string, message: string) => void;

/** A cross check that notes one problem after the other. What it has noted counts, whatever it comes upon then. */
export function problemsOf(find: (inputs: Inputs, problem: Problem) => void): CrossCheck<Inputs> {
  return (inputs) => {
    const problems: { path: string; message: string }[] = [];
    asFarAsSound(() => find(inputs, (path, message) => problems.push({ path, message })));
    return problems;
  };
}
