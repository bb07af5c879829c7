import type { Host } from "../../../hosts/host.js";
import type { DomainRecord } from "../../../libvirt/index.js";
import { parseDomain } from "../../../libvirt/xml/index.js";
import { describeGoal } from "../../../planning/step.js";
import type { ApplyContext } from "../../definition.js";
import { until } from "../until.js";
import { isAgentConnected, readAddresses } from "./addresses.js";
import type { Readiness, WaitGoal } from "./schema.js";
import { sshProblem } from "./ssh-probe.js";

/** libvirt tells when an agent comes; of addresses and servers nobody tells, so they are asked for again and again. */
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 5_000;

/** What a look at the guest found: that it is ready, or what there is instead, for the message that says so. */
type Look = { kind: "ready"; readiness: Readiness } | { kind: "notYet"; instead: string };

/**
 * Waits until a guest that was started is as far as `goal` says. It fails when the time is over, or the guest stops; what there is stays as
 * it is.
 */
export async function waitForGuest(
  host: Host,
  machine: { uuid: string; name: string },
  options: { goal: WaitGoal; timeoutMs: number },
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
      const look = await lookAt(host, machine, goal, context.signal);
      if (look.kind === "ready") {
        context.log.progress(
          `waited ${Math.ceil((context.now() - startedAt) / 1000)} s for ${describeGoal(goal)}`,
        );
        return look.readiness;
      }
      const leftMs = deadline - context.now();
      if (leftMs <= 0) throw new Error(tooLate(host, name, options, look.instead));
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
  goal: WaitGoal,
  signal: AbortSignal,
): Promise<Look> {
  const record = await host.idempotent((libvirt) => libvirt.domains.observe({ uuid }));
  if (record?.liveXml === undefined)
    throw new Error(
      `guest ${name} has stopped while ${describeGoal(goal)} was waited for; its console or its log on ${host.name} may say why`,
    );
  if (record.state !== "running" && record.state !== "blocked" && record.state !== "noState")
    return { kind: "notYet", instead: `it is ${stateOf(record)}` };
  if (goal === "running") return { kind: "ready", readiness: { goal } };
  if (goal === "agent")
    return isAgentConnected(record.liveXml)
      ? { kind: "ready", readiness: { goal } }
      : { kind: "notYet", instead: "no agent has opened its channel" };
  const macs = parseDomain(record.liveXml).interfaces.map((nic) => nic.mac);
  const { liveXml } = record;
  const addresses = await readAddresses(host, { uuid, liveXml, macs });
  if (addresses.length === 0) return { kind: "notYet", instead: "no address" };
  if (goal === "ipAddress") return { kind: "ready", readiness: { goal } };
  const problems = await Promise.all(addresses.map((address) => sshProblem(host, address, signal)));
  const answering = addresses.find((_, i) => problems[i] === undefined);
  if (answering !== undefined) return { kind: "ready", readiness: { goal, address: answering } };
  return { kind: "notYet", instead: addresses.map((address, i) => `${address}: ${problems[i]}`).join(", ") };
}

function stateOf({ state, reasonName }: DomainRecord): string {
  return reasonName === undefined ? state : `${state} (${reasonName})`;
}

function tooLate(
  host: Host,
  name: string,
  { goal, timeoutMs }: { goal: WaitGoal; timeoutMs: number },
  instead: string,
): string {
  const where = {
    running: "",
    agent: " (is qemu-guest-agent installed in the guest, and running?)",
    ipAddress: " (neither a DHCP lease of the host, nor its agent, nor the host's ARP table has one)",
    ssh: "",
  }[goal];
  return `guest ${name}: waited ${timeoutMs / 1000} s for ${describeGoal(goal)}, in vain: ${instead}${where}; it runs on as it is, and the next deployment goes on waiting. Its console says more (virsh console ${name} on ${host.name}); waitTimeout gives it longer`;
}
