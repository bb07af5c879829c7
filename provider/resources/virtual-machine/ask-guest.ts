import type { Host } from "../../hosts/host.js";
import type { ObservedDomain } from "./observed.js";
import type { MachineRequest } from "./request.js";

/** Asks QEMU what the documents of a running guest don't tell, where it matters. */
export async function askGuest(host: Host, domain: ObservedDomain, request: MachineRequest): Promise<void> {
  await askBalloon(host, domain, request);
}

/** QEMU is asked only where it matters: of one that hangs no answer comes. */
const BALLOON_ANSWERS_WITHIN_MS = 3_000;

/** Whether a guest that has more than it should have its driver up, and could give it back. */
async function askBalloon(host: Host, domain: ObservedDomain, { inputs }: MachineRequest): Promise<void> {
  const { live, run, record } = domain;
  if (live === undefined || run === undefined || live.memoryBytes <= inputs.memory) return;
  const timeoutMs = BALLOON_ANSWERS_WITHIN_MS;
  const stats = await host
    .idempotent((libvirt) => libvirt.domains.balloonStats(record.uuid, { timeoutMs }))
    .catch(() => undefined);
  run.balloonAnswers = stats?.driverAnswers;
}
