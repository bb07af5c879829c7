import { connectionKey } from "../hosts/host-ref.js";
import type { Hosts } from "../hosts/hosts.js";
import { identityOfUrn } from "../planning/owner.js";
import { readOnce } from "../planning/read-once.js";
import type { Holding } from "../resources/holding.js";
import type { InputProblem } from "./input-problem.js";

interface Holder {
  urn: string;
  kind: string;
}

/** Who has what of a deployment's hosts, as far as the program has come. What only the state has, or is deleted, isn't there: a preview doesn't hear of it. */
const holders = readOnce((_: Hosts) => new Map<string, Holder>());
const held = readOnce((_: Hosts) => new Map<string, string[]>());

/** Notes what a resource has, in place of what it had, and tells what another resource of the program has already. */
export function heldTwice(
  hosts: Hosts,
  holder: Holder,
  holdings: readonly Holding[],
): { problems: InputProblem[]; warnings: string[] } {
  const [byKey, keysOf] = [holders(hosts), held(hosts)];
  for (const key of keysOf.get(holder.urn) ?? []) byKey.delete(key);
  const keys: string[] = [];
  const problems = new Map<string, InputProblem>();
  const warnings = new Set<string>();
  for (const { host, what, path, says, onlyWarns } of holdings) {
    const key = `${connectionKey(host)}\n${what}`;
    const other = byKey.get(key);
    if (other === undefined || other.urn === holder.urn) {
      byKey.set(key, holder);
      keys.push(key);
    } else if (onlyWarns === true) warnings.add(says(labelOf(other, holder)));
    // Once for all hosts.
    else if (!problems.has(`${path}\n${other.urn}`))
      problems.set(`${path}\n${other.urn}`, { path, message: says(labelOf(other, holder)) });
  }
  keysOf.set(holder.urn, keys);
  return { problems: [...problems.values()], warnings: [...warnings] };
}

function labelOf(other: Holder, holder: Holder): string {
  const name = identityOfUrn(other.urn)?.name ?? other.urn;
  // Children of two components may be called the same.
  const isNameOfBoth = other.kind === holder.kind && name === identityOfUrn(holder.urn)?.name;
  return `${other.kind} ${isNameOfBoth ? other.urn : name}`;
}
