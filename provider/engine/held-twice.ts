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

/** Who has what of a host, by what it is known by there. */
type Held = Map<string, Holder>;

/** Of a deployment's hosts, as far as the program has come. What only the state has, or is deleted, isn't there: a preview doesn't hear of it. */
const heldOn = readOnce((_: Hosts) => new Map<string, Held>());
const heldBy = readOnce((_: Hosts) => new Map<string, { held: Held; what: string }[]>());

/** Notes what a resource has, in place of what it had, and tells what another resource of the program has already. */
export function heldTwice(
  hosts: Hosts,
  holder: Holder,
  holdings: readonly Holding[],
): { problems: InputProblem[]; warnings: string[] } {
  const [byHost, byUrn] = [heldOn(hosts), heldBy(hosts)];
  for (const { held, what } of byUrn.get(holder.urn) ?? []) held.delete(what);
  const own: { held: Held; what: string }[] = [];
  const problems = new Map<string, InputProblem>();
  const warnings = new Set<string>();
  for (const holding of holdings) {
    const { host, what, path, says, onlyWarns } = holding;
    const key = connectionKey(host);
    const held: Held = byHost.get(key) ?? new Map();
    byHost.set(key, held);
    const other = otherHolder(held, holding, holder);
    if (other === undefined) {
      held.set(what, holder);
      own.push({ held, what });
    } else if (onlyWarns === true) warnings.add(says(labelOf(other, holder)));
    // Once for all hosts.
    else if (!problems.has(`${path}\n${other.urn}`))
      problems.set(`${path}\n${other.urn}`, { path, message: says(labelOf(other, holder)) });
  }
  byUrn.set(holder.urn, own);
  return { problems: [...problems.values()], warnings: [...warnings] };
}

function otherHolder(held: Held, { what, meets }: Holding, { urn }: Holder): Holder | undefined {
  const same = held.get(what);
  if (same !== undefined && same.urn !== urn) return same;
  if (meets === undefined) return undefined;
  for (const [other, holder] of held) if (holder.urn !== urn && meets(other)) return holder;
  return undefined;
}

function labelOf(other: Holder, holder: Holder): string {
  const name = identityOfUrn(other.urn)?.name ?? other.urn;
  // Children of two components may be called the same.
  const isNameOfBoth = other.kind === holder.kind && name === identityOfUrn(holder.urn)?.name;
  return `${other.kind} ${isNameOfBoth ? other.urn : name}`;
}
