import { oneLine } from "../../hosts/errors.js";
import type { Host } from "../../hosts/host.js";
import type { DomainRecord } from "../../libvirt/index.js";
import {
  leaseKind,
  type RevertMark,
  readLease,
  readRevertMark,
  revertMarkKind,
  writeRevertMark,
} from "../../libvirt/xml/index.js";
import type { ApplyContext } from "../definition.js";
import { setMark } from "../virtual-machine/metadata.js";
import { isAnswered } from "../volumes.js";
import { describe } from "./describe.js";
import type { FoundSnapshot, ObservedMachine, ObservedSnapshot } from "./observe.js";
import { putDisksBack } from "./put-back.js";
import { isRevertedByLibvirt, revertToken } from "./revert-plan.js";
import type { Inputs } from "./schema.js";

/**
 * Takes the guest back, once for each value of `revert`. Noted before in the domain, whose metadata goes back with it, then with the snapshot, where
 * it stays: of the second note without the first, a run that comes after one that was cut off knows that the guest has gone back.
 */
export async function revert(
  host: Host,
  inputs: Inputs,
  observed: ObservedSnapshot & { machine: ObservedMachine; snapshot: FoundSnapshot },
  context: ApplyContext,
): Promise<void> {
  const { machine, snapshot, libvirtVersion } = observed;
  if (snapshot.mark === undefined) throw new Error(`snapshot ${inputs.name} has lost its mark`);
  const token = revertToken(inputs.revert ?? "");
  const note = async (isDone: boolean) => {
    const mark = { ...snapshot.mark, revert: { token, isDone } } as NonNullable<FoundSnapshot["mark"]>;
    await describe(host, machine.uuid, snapshot, snapshot.text, mark);
  };
  const domain = await recordOf(host, machine);
  const noted = notedIn(domain);
  const own = snapshot.mark;
  const former = own.revert?.isDone === true ? snapshot.mark.revert : undefined;
  const isBegun = snapshot.mark.revert?.token === token && !snapshot.mark.revert.isDone;
  if (isBegun && noted?.token !== token) {
    await note(true);
    return;
  }
  const mark = noted?.token === token ? noted : markFor(inputs, token, domain);
  // libvirt puts the snapshot's own in its place before it knows whether the guest can go back.
  const { domains } = await host.libvirt();
  const before = domain.persistentXml && (await domains.xml(machine.uuid, { inactive: true, secure: true }));
  if (mark !== noted) await setMark(host, domain, revertMarkKind, writeRevertMark(mark));
  if (!isBegun) await note(false);
  if (!isRevertedByLibvirt(snapshot, inputs, libvirtVersion))
    await putDisksBack(host, machine.uuid, snapshot, mark, context);
  else {
    await domains
      .revertToSnapshot(machine.uuid, inputs.name, { running: mark.wasRunning }, { signal: context.signal })
      .catch(async (error: unknown) => {
        if (!isAnswered(error)) throw error;
        if (before !== undefined) await domains.define(before, { validate: false });
        await setMark(host, await recordOf(host, machine), revertMarkKind, undefined);
        await describe(host, machine.uuid, snapshot, snapshot.text, { ...own, revert: former });
        throw mark.wasRunning ? await startedAgain(host, machine, error) : error;
      });
    await dropOldLease(host, machine, context);
  }
  await note(true);
}

function markFor({ name }: Inputs, token: string, domain: DomainRecord): RevertMark {
  return { snapshot: name, token, wasRunning: domain.state === "running" };
}

/** The note in a domain that it is going back to a snapshot. */
export function notedIn({ liveXml, persistentXml }: DomainRecord): RevertMark | undefined {
  const xml = persistentXml ?? liveXml;
  return xml === undefined ? undefined : readRevertMark(xml);
}

export async function recordOf(
  host: Host,
  { uuid, name }: Pick<ObservedMachine, "uuid" | "name">,
): Promise<DomainRecord> {
  const record = await host.idempotent((libvirt) => libvirt.domains.observe({ uuid }));
  if (record === undefined) throw new Error(`virtual machine ${name} is gone from ${host.name}`);
  return record;
}

/** The domain's metadata have come back too, with the lease of whoever was at work on it then. */
async function dropOldLease(host: Host, machine: ObservedMachine, { run }: ApplyContext): Promise<void> {
  const record = await recordOf(host, machine);
  const lease = readLease(record.liveXml ?? record.persistentXml ?? "<domain/>");
  if (lease !== undefined && lease.run !== run.id) await setMark(host, record, leaseKind, undefined);
}

/** libvirt has ended a guest that couldn't go back. */
async function startedAgain(host: Host, machine: ObservedMachine, error: unknown): Promise<unknown> {
  if ((await recordOf(host, machine)).liveXml !== undefined) return error;
  const { domains } = await host.libvirt();
  const outcome = await domains.start(machine.uuid).then(
    () => `guest ${machine.name} was ended for it, and has been started again as it was defined`,
    (failure: unknown) => `guest ${machine.name} was ended for it, and is off: ${oneLine(failure)}`,
  );
  return new Error(`${oneLine(error)}; ${outcome}`, { cause: error });
}
