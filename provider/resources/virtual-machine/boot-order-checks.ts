import type { CrossCheck } from "../definition.js";
import { asFarAsSound } from "../guarded-inputs.js";
import type { Inputs } from "./schema.js";

/** Each place in the boot order is one device's. */
export const bootOrderChecks: readonly CrossCheck<Inputs>[] = [
  (inputs) => {
    const taken = new Map<number, string>();
    return (["disks", "cdroms", "interfaces"] as const).flatMap((key) => {
      const problems: ReturnType<CrossCheck<Inputs>> = [];
      asFarAsSound(() =>
        inputs[key]?.forEach(({ bootOrder }: { bootOrder?: number | undefined }, i: number) => {
          if (bootOrder === undefined) return;
          const first = taken.get(bootOrder);
          taken.set(bootOrder, first ?? `${key}[${i}]`);
          if (first !== undefined)
            problems.push({
              path: `${key}[${i}].bootOrder`,
              message: `${bootOrder} is that of ${first} already`,
            });
        }),
      );
      return problems;
    });
  },
];
