import type { CrossCheck } from "../definition.js";
import { problemIf } from "../rules.js";
import { addressChecks } from "./address-checks.js";
import { dnsChecks } from "./dns-checks.js";
import { modeChecks } from "./mode-checks.js";
import type { Inputs } from "./schema.js";
import { vlanChecks } from "./vlan-checks.js";

/** Problems between inputs, each check on its own inputs. */
export const crossChecks: readonly CrossCheck<Inputs>[] = [
  ...modeChecks,
  ...addressChecks,
  ...dnsChecks,
  ...vlanChecks,
  ({ hosts, credentials }) =>
    Object.keys(credentials ?? {}).flatMap((name) =>
      problemIf(!Object.hasOwn(hosts, name), "credentials", `${name} isn't among the hosts`),
    ),
];
