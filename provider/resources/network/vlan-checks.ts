import type { CrossCheck } from "../definition.js";
import { asFarAsSound } from "../guarded-inputs.js";
import { unique } from "./mode-checks.js";
import { type Problem, problemsOf } from "./problem.js";
import type { Inputs } from "./schema.js";
import type { VlanInputs } from "./vlan-schema.js";

/** VLANs and the portgroups that they stand in. */
export const vlanChecks: readonly CrossCheck<Inputs>[] = [
  problemsOf(({ vlan }, problem) => checkVlan(vlan, "vlan", problem)),
  problemsOf(({ portgroups = [] }, problem) => {
    unique(
      portgroups.map(({ name }) => name),
      "portgroups",
      problem,
      ".name",
    );
  }),
  problemsOf(({ portgroups = [] }, problem) => {
    const defaults = portgroups.flatMap((group, i) => (group.default === true ? [i] : []));
    for (const i of defaults.slice(1))
      problem(
        `portgroups[${i}].default`,
        `is that of portgroups[${defaults[0]}] already: one of them at most can be the default`,
      );
  }),
  problemsOf(({ portgroups = [] }, problem) => {
    portgroups.forEach((group, i) => {
      checkVlan(group.vlan, `portgroups[${i}].vlan`, problem);
    });
  }),
];

function checkVlan(vlan: VlanInputs | undefined, path: string, problem: Problem): void {
  if (typeof vlan !== "object") return;
  asFarAsSound(() => unique(vlan.trunk.map(String), `${path}.trunk`, problem));
  asFarAsSound(() => {
    const { trunk, native } = vlan;
    if (native !== undefined && !trunk.includes(native))
      problem(`${path}.native`, `${native} must be one of ${path}.trunk, ${trunk.join(", ")}`);
  });
  asFarAsSound(() => {
    if (vlan.nativeMode !== undefined && vlan.native === undefined)
      problem(`${path}.nativeMode`, `needs ${path}.native: the VLAN of which it speaks`);
  });
}
