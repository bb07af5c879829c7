import type { DomainRecord } from "../../../libvirt/index.js";
import { journalOf } from "../../../planning/migrated-copy.js";
import { ASLEEP, MigrationError } from "./errors.js";
import type { MigrationPlan } from "./migration-plan.js";
import { preflight } from "./preflight.js";

/** Looks once more, at what is and not at what was read before, and gives the domain that is to move. */
export async function requireReady(plan: MigrationPlan): Promise<DomainRecord> {
  const { source, target, uuid, name } = plan;
  const [here, there] = await Promise.all(
    [source, target].map((host) => host.idempotent((libvirt) => libvirt.domains.observe({ uuid }))),
  );
  if (here === undefined) throw new MigrationError("refused", `${name} isn't on ${source.name} any more`);
  for (const [host, record] of [
    [source, here],
    [target, there],
  ] as const)
    if (record !== undefined && journalOf(record).kind !== "none")
      throw new MigrationError(
        "refused",
        `${name} is in the middle of a migration, as its metadata on ${host.name} says: settle that one first`,
      );
  if (here.state === "suspended")
    throw new MigrationError(
      "refused",
      `${name} can't move to ${target.name}: ${ASLEEP}; deploy again, which wakes it up first`,
    );
  const refusals = await preflight(plan, { fresh: true });
  if (refusals.length > 0)
    throw new MigrationError("refused", `${name} can't move to ${target.name}: ${refusals.join("; ")}`);
  return here;
}
