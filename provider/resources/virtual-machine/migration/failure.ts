import type { Host } from "../../../hosts/host.js";
import { isLibvirtError } from "../../../libvirt/index.js";
import { MigrationError, reasonOf } from "./errors.js";
import type { Ends, MigrationContext, MigrationPlan } from "./migration-plan.js";
import { settleEnds } from "./settle.js";

/** Undoes, or completes, what failed halfway. An abort of the operation doesn't stop this: it is bounded by itself. */
export async function settleAfter(
  failure: unknown,
  ends: Ends,
  context: MigrationContext,
): Promise<"onSource" | "onTarget"> {
  try {
    return await settleEnds(ends, { ...context, signal: new AbortController().signal });
  } catch (error) {
    // Nobody knows what is true of what was read before.
    ends.source.observations.dropAll();
    ends.target.observations.dropAll();
    throw new MigrationError("unsettled", `${reasonOf(failure)}; then ${reasonOf(error)}`, error);
  }
}

/** How a guest that was to be moved while it ran has ended meanwhile, in libvirt's word; undefined for one that runs, and where nobody can tell. */
export async function endOf(source: Host, uuid: string): Promise<string | undefined> {
  const record = await source
    .idempotent((libvirt) => libvirt.domains.observe({ uuid }))
    .catch(() => undefined);
  return record?.state === "shutOff" ? (record.reasonName ?? "unknown") : undefined;
}

/** What to say when the guest is where it was. `end`: how it has ended meanwhile. */
export function notMoved(
  failure: unknown,
  { name, source, target }: MigrationPlan,
  { signal }: Pick<MigrationContext, "signal">,
  end?: string,
): MigrationError {
  const whereItIs =
    end === undefined
      ? `it stays on ${source.name}`
      : `it has ended meanwhile (${end}) and is off on ${source.name}`;
  const kind = failure instanceof MigrationError ? failure.kind : signal.aborted ? "aborted" : "failed";
  return new MigrationError(
    kind,
    `${name} was not moved to ${target.name}: ${reasonOf(failure)}${wayOut(failure)}; ${whereItIs}, and ${target.name} is clean`,
    failure,
  );
}

/** libvirt knows shared storage by the type of its file system. */
function wayOut(failure: unknown): string {
  if (!isLibvirtError(failure, "migrateUnsafe")) return "";
  return " (libvirt doesn't recognise the storage of its disks as shared; where both hosts truly have the same files there, migration.unsafe: true has it moved nevertheless)";
}
