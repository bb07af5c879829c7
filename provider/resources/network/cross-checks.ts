import type { CrossCheck } from "../definition.js";
import { addressChecks } from "./address-checks.js";
import { dnsChecks } from "./dns-checks.js";
import { modeChecks } from "./mode-checks.js";
import { problemsOf } from "./problem.js";
import type { Inputs } from "./schema.js";
import { vlanChecks } from "./vlan-checks.js";

/** Problems between inputs, each check on its own inputs. */
export const crossChecks: readonly CrossCheck<Inputs>[] = [
  ...modeChecks,
  ...addressChecks,
  ...dnsChecks,
  ...vlanChecks,
  problemsOf(({ hosts, credentials }, problem) => {
    for (const name of Object.keys(credentials ?? {}))
      if (!Object.hasOwn(hosts, name)) problem("credentials", `${name} isn't among the hosts`);
  }),
];
