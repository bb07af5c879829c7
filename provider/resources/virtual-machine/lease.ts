import { setTimeout as sleep } from "node:timers/promises";
import { oneLine } from "../../hosts/errors.js";
import type { Host } from "../../hosts/host.js";
import { type DomainRecord, isLibvirtError } from "../../libvirt/index.js";
import { type Lease, leaseKind, readLease, writeLease } from "../../libvirt/xml/index.js";
import type { ApplyContext } from "../definition.js";
import { isHolderGone } from "./lease-holder.js";
import { setMark } from "./metadata.js";

/** How long things take around a lease, in milliseconds. */
export interface LeaseTiming {
  /** A lease lasts this long unless it is renewed. */
  lasts: number;
  renewEvery: number;
  lookEvery: number;
  /** A holder that migrates can't renew; once its lease is over it has this long for its job to end. */
  jobMayLast: number;
}

const TIMING: LeaseTiming = { lasts: 60_000, renewEvery: 20_000, lookEvery: 1_000, jobMayLast: 60_000 };

/** The clocks of two machines that hold leases differ a little. */
const CLOCKS_DIFFER_MS = 2_000;
const LEAST_PAUSE_MS = 50;

/** Somebody else is at work on the VM. */
export class LeaseHeld extends Error {
  override readonly name = "LeaseHeld";
  readonly kind = "leaseHeld";
}

/** A VM is ours until it is released, or until this process has gone for a minute. */
export interface HeldLease {
  /** The VM has moved, and the lease in its metadata with it. */
  follow(host: Host): void;
  /** Ends it where the VM is now. */
  release(): Promise<void>;
}

type LeaseContext = Pick<ApplyContext, "log" | "signal" | "now" | "run">;
type Timed = LeaseContext & { timing: LeaseTiming };

/**
 * Takes the lease on a VM: keeps a provider process that outlived its killed CLI and a new deployment from working on it at the same time. Waits
 * for another holder's to expire, or to be given back.
 *
 * Two that come at once both write and then read back; who reads the other's has lost. libvirt has no compare-and-set, so one window
 * remains: when the second writes after the first has read back, both go on. A pause before reading back makes that as unlikely as a
 * client that takes three times as long as another to look and write.
 *
 * libvirt changes no metadata while a migration runs: then the lease isn't renewed, and an expired one still counts as long as
 * the domain's job lasts.
 */
export async function acquireLease(
  host: Host,
  uuid: string,
  context: LeaseContext,
  timing: LeaseTiming = TIMING,
): Promise<HeldLease> {
  const { run, now, signal, log } = context;
  const timed: Timed = { ...context, timing };
  let jobSinceMs: number | undefined;
  for (;;) {
    signal.throwIfAborted();
    const lookedAtMs = now();
    const record = await observe(host, uuid);
    // Nothing there to hold on to: what makes the domain anew takes the lease then.
    if (record === undefined) return { follow: () => {}, release: async () => {} };
    const lease = leaseOf(record);
    const others = lease !== undefined && lease.run !== run.id;
    const expired = lease !== undefined && lease.expiresAtMs + CLOCKS_DIFFER_MS < now();
    const free = !others || expired || isHolderGone(lease.holder);
    if (free && !(await hasJob(host, record))) {
      if (await write(host, record, lookedAtMs, timed)) return hold(host, uuid, timed);
    } else if (free) {
      jobSinceMs ??= now();
      if (now() - jobSinceMs > timing.jobMayLast)
        throw new LeaseHeld(
          `${record.name} is in the middle of a job on ${host.name} that doesn't end${lease === undefined ? "" : ` (started by ${lease.holder})`}; wait for it, or end it there with virsh domjobabort`,
        );
      log.progress(`waiting for a job on ${host.name} to end`);
    } else
      log.progress(
        `waiting for ${lease.holder}, which is at work on ${record.name}, for at most ${Math.ceil((lease.expiresAtMs + CLOCKS_DIFFER_MS - now()) / 1000)} s`,
      );
    await sleep(timing.lookEvery, undefined, { signal });
  }
}

function hold(first: Host, uuid: string, context: Timed): HeldLease {
  let host = first;
  const timer = setInterval(() => {
    void renew(host, uuid, context).catch((error: unknown) => {
      context.log.progress(`the lease on ${host.name} was not renewed: ${oneLine(error)}`);
    });
  }, context.timing.renewEvery);
  timer.unref();
  return {
    follow: (to) => {
      host = to;
    },
    release: async () => {
      clearInterval(timer);
      await release(host, uuid, context);
    },
  };
}

/** @param lookedAtMs - when nobody was seen to have the lease. */
async function write(host: Host, record: DomainRecord, lookedAtMs: number, context: Timed): Promise<boolean> {
  const { run, now, signal } = context;
  await setMark(host, record, leaseKind, leaseText(context));
  // Another that looked when we did, and is as slow as we were, has written by then.
  await sleep(Math.max(LEAST_PAUSE_MS, 2 * (now() - lookedAtMs)), undefined, { signal });
  const again = await observe(host, record.uuid);
  return again !== undefined && leaseOf(again)?.run === run.id;
}

async function renew(host: Host, uuid: string, context: Timed): Promise<void> {
  const record = await observe(host, uuid);
  if (record === undefined || leaseOf(record)?.run !== context.run.id || (await hasJob(host, record))) return;
  await setMark(host, record, leaseKind, leaseText(context));
}

async function release(host: Host, uuid: string, { run }: LeaseContext): Promise<void> {
  const record = await observe(host, uuid);
  if (record === undefined || leaseOf(record)?.run !== run.id) return;
  await setMark(host, record, leaseKind, undefined).catch((error: unknown) => {
    if (!isLibvirtError(error, "domainNotFound")) throw error;
  });
}

function leaseText({ run, now, timing }: Timed): string {
  return writeLease({ run: run.id, holder: run.holder, expiresAtMs: now() + timing.lasts });
}

function observe(host: Host, uuid: string): Promise<DomainRecord | undefined> {
  return host.idempotent((libvirt) => libvirt.domains.observe({ uuid }));
}

/** Of two documents the live one counts: it is what a migration carries. */
function leaseOf({ liveXml, persistentXml }: DomainRecord): Lease | undefined {
  return (
    (liveXml === undefined ? undefined : readLease(liveXml)) ??
    (persistentXml === undefined ? undefined : readLease(persistentXml))
  );
}

async function hasJob(host: Host, { uuid, state }: DomainRecord): Promise<boolean> {
  if (state === "shutOff") return false;
  try {
    // A job that was told to end is "cancelled" at once and holds the domain until it has ended.
    return (await host.idempotent((libvirt) => libvirt.domains.jobStats(uuid))).state !== "none";
  } catch (error) {
    // An incoming migration has no figures, a domain that went off no job.
    if (isLibvirtError(error, "operationUnsupported", "operationInvalid")) return true;
    if (isLibvirtError(error, "domainNotFound")) return false;
    throw error;
  }
}
