import type { Host } from "../../../hosts/host.js";
import type { DomainRecord } from "../../../libvirt/index.js";
import { parseDomain } from "../../../libvirt/xml/index.js";
import { describeGoal } from "../../../planning/step.js";
import type { ApplyContext } from "../../definition.js";
import { until } from "../../until.js";
import { virsh } from "../../virsh.js";
import { isCrashKept } from "../stop.js";
import { isAgentConnected, readAddresses } from "./addresses.js";
import { forgetAwaited } from "./awaited.js";
import type { Readiness, WaitGoal } from "./schema.js";
import { sshProblem } from "./ssh-probe.js";

/** libvirt tells when an agent comes; of addresses and servers nobody tells, so they are asked for again and again. */
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 5_000;

/** What a look at the guest found: that it is ready, or what there is instead, for the message that says so. */
type Look = { kind: "ready"; readiness: Readiness } | NotYet;
interface NotYet {
  kind: "notYet";
  instead: string;
  /** Where to look for the cause. */
  hint?: string;
  /** It stands still, and will until somebody resumes it. */
  isPaused?: boolean;
}

const HINTS = {
  agent: "is qemu-guest-agent installed in the guest, and running?",
  ipAddress: "neither a DHCP lease of the host, nor its agent, nor the host's ARP table has one",
  ssh: "is an SSH server running in the guest, and does the guest's firewall let its host in?",
};

/** What became of a guest that is off, by libvirt's reason. */
const ENDS: Readonly<Record<string, string>> = {
  shutdown: "it was shut down, from inside or by request",
  destroyed: "its power was cut",
  crashed: "it crashed, or QEMU was killed",
  failed: "QEMU failed",
};

/**
 * Waits until a guest that was started is as far as `goal` says. It fails when the time is over, or the guest stops; what there is stays as
 * it is.
 */
export async function waitForGuest(
  host: Host,
  machine: { uuid: string; name: string },
  options: { goal: WaitGoal; timeoutMs: number; isLeftOff: (record: DomainRecord) => boolean },
  context: ApplyContext,
): Promise<Readiness> {
  const { uuid, name } = machine;
  const { goal, timeoutMs } = options;
  const startedAt = context.now();
  const deadline = startedAt + timeoutMs;
  let wake: () => void = () => undefined;
  const hear = (event: { uuid: string }) => void (event.uuid === uuid && wake());
  const { events } = await host.libvirt();
  const subscriptions = await Promise.all([
    events.on("agentLifecycle", hear),
    events.on("domainLifecycle", hear),
  ]);
  let pauseMs = FIRST_PAUSE_MS;
  try {
    for (;;) {
      const look = await lookAt(host, machine, options, context.signal);
      if (look.kind === "ready") {
        context.log.progress(
          `waited ${Math.ceil((context.now() - startedAt) / 1000)} s for ${describeGoal(goal)}`,
        );
        return look.readiness;
      }
      const leftMs = deadline - context.now();
      if (leftMs <= 0) throw new Error(tooLate(host, name, options, look));
      context.log.progress(
        `waiting for ${describeGoal(goal)}: ${look.instead} (${Math.ceil(leftMs / 1000)} s left)`,
      );
      await until(
        (resolve) => {
          wake = resolve;
        },
        Math.min(leftMs, pauseMs),
        context.signal,
      );
      pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
    }
  } finally {
    await Promise.all(subscriptions.map((subscription) => subscription.close().catch(() => undefined)));
  }
}

async function lookAt(
  host: Host,
  { uuid, name }: { uuid: string; name: string },
  { goal, isLeftOff }: { goal: WaitGoal; isLeftOff: (record: DomainRecord) => boolean },
  signal: AbortSignal,
): Promise<Look> {
  const record = await host.idempotent((libvirt) => libvirt.domains.observe({ uuid }));
  if (record === undefined)
    throw new Error(
      `${name} was removed from ${host.name} while ${describeGoal(goal)} was waited for; the next deployment makes it anew`,
    );
  if (record.liveXml === undefined) {
    const isLeft = isLeftOff(record);
    if (isLeft) await forgetAwaited(host, uuid);
    throw new Error(hasStopped(host, record, goal, isLeft));
  }
  if (isCrashKept(record))
    throw new Error(
      `guest ${name} has crashed while ${describeGoal(goal)} was waited for, and is kept to be looked at (onCrash "preserve"); the next deployment ends what is left of it, and starts it again`,
    );
  if (record.state !== "running" && record.state !== "blocked" && record.state !== "noState")
    return { kind: "notYet", instead: `it is ${stateOf(record)}`, isPaused: true };
  if (goal === "running") return { kind: "ready", readiness: { goal } };
  if (goal === "agent")
    return isAgentConnected(record.liveXml)
      ? { kind: "ready", readiness: { goal } }
      : { kind: "notYet", instead: "no agent has opened its channel", hint: HINTS.agent };
  const macs = parseDomain(record.liveXml).interfaces.map((nic) => nic.mac);
  const { liveXml } = record;
  const addresses = await readAddresses(host, { uuid, liveXml, macs });
  if (addresses.length === 0) return { kind: "notYet", instead: "no address", hint: HINTS.ipAddress };
  if (goal === "ipAddress") return { kind: "ready", readiness: { goal } };
  const problems = await Promise.all(addresses.map((address) => sshProblem(host, address, signal)));
  const answering = addresses.find((_, i) => problems[i] === undefined);
  if (answering !== undefined) return { kind: "ready", readiness: { goal, address: answering } };
  const instead = addresses.map((address, i) => `${address}: ${problems[i]}`).join(", ");
  return { kind: "notYet", instead, hint: HINTS.ssh };
}

function stateOf({ state, reasonName }: DomainRecord): string {
  return reasonName === undefined ? state : `${state} (${reasonName})`;
}

function hasStopped(host: Host, record: DomainRecord, goal: WaitGoal, isLeft: boolean): string {
  const end = ENDS[record.reasonName ?? ""];
  const next = isLeft ? "leaves it off, as onGuestShutdown says" : "starts it again";
  return `guest ${record.name} has stopped while ${describeGoal(goal)} was waited for${end === undefined ? "" : `: ${end}`}; its console or its log on ${host.name} may say why. The next deployment ${next}`;
}

function tooLate(
  host: Host,
  name: string,
  { goal, timeoutMs }: { goal: WaitGoal; timeoutMs: number },
  { instead, hint, isPaused = false }: NotYet,
): string {
  const found = hint === undefined ? instead : `${instead} (${hint})`;
  const next = isPaused
    ? "it stays as it is, and the next deployment resumes it if it is paused then"
    : "it runs on as it is, and the next deployment goes on waiting";
  return `guest ${name}: waited ${timeoutMs / 1000} s for ${describeGoal(goal)}, in vain: ${found}; ${next}. Its console says more (${virsh("console", name)} on ${host.name}); waitTimeout gives it longer`;
}
