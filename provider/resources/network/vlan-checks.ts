import type { CrossCheck } from "../definition.js";
import { occursTwice, problemIf, repeated } from "../rules.js";
import type { Inputs } from "./schema.js";
import type { VlanInputs } from "./vlan-schema.js";

type Problems = ReturnType<CrossCheck<Inputs>>;

/** Of a VLAN that stands at `path`. */
const vlanRules: readonly ((vlan: Exclude<VlanInputs, number>, path: string) => Problems)[] = [
  ({ trunk }, path) => occursTwice(`${path}.trunk`, trunk, String),
  ({ trunk, native }, path) =>
    native === undefined
      ? []
      : problemIf(
          !trunk.includes(native),
          `${path}.native`,
          `${native} must be one of ${path}.trunk, ${trunk.join(", ")}`,
        ),
  ({ native, nativeMode }, path) =>
    problemIf(
      nativeMode !== undefined && native === undefined,
      `${path}.nativeMode`,
      `needs ${path}.native: the VLAN of which it speaks`,
    ),
];

/** VLANs and the portgroups that they stand in. */
export const vlanChecks: readonly CrossCheck<Inputs>[] = [
  ...vlanRules.flatMap((rule): CrossCheck<Inputs>[] => [
    ({ vlan }) => (typeof vlan === "object" ? rule(vlan, "vlan") : []),
    ({ portgroups = [] }) =>
      portgroups.flatMap(({ vlan }, i) =>
        typeof vlan === "object" ? rule(vlan, `portgroups[${i}].vlan`) : [],
      ),
  ]),
  ({ portgroups = [] }) => occursTwice("portgroups", portgroups, ({ name }) => name, ".name"),
  ({ portgroups = [] }) =>
    repeated(
      portgroups,
      (group) => (group.default === true ? "default" : undefined),
      (_, i, firstAt) => [
        {
          path: `portgroups[${i}].default`,
          message: `is that of portgroups[${firstAt}] already: one of them at most can be the default`,
        },
      ],
    ),
];
