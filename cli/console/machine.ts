import { HostUnreachable, oneLine } from "../../provider/hosts/errors.js";
import type { Host } from "../../provider/hosts/host.js";
import type { Hosts } from "../../provider/hosts/hosts.js";
import type { ReachedHost } from "../../provider/hosts/libvirt-route.js";
import { type DomainRecord, isLibvirtError } from "../../provider/libvirt/index.js";
import { UsageError } from "../usage-error.js";
import { ConsoleRefused } from "./refused.js";
import type { WantedMachine } from "./wanted.js";

/** A running VM, and the connection to its host. */
export interface Machine {
  label: string;
  uuid: string;
  /** Which of its runs this is, as libvirt numbers them. */
  runId: number;
  hostName: string;
  /** Such as "paused, ioError", for one that doesn't answer at the moment. */
  stillness: string | undefined;
  host: ReachedHost;
  liveXml: string;
  /** The password of its screen, if it is known here. */
  password: string | undefined;
}

/** Looks where the VM should be, and, when it doesn't run there, on the stack's other hosts. */
export async function findMachine(wanted: WantedMachine, hosts: Hosts): Promise<Machine> {
  const home = hosts.get(wanted.host);
  const { key, label } = wanted;
  const first = await lookOn(home, wanted);
  if (first.kind === "found" && first.record.liveXml !== undefined) return machineOf(first, wanted);
  const others = await Promise.all(wanted.others.map((ref) => lookOn(hosts.get(ref), wanted)));
  const elsewhere = others.find((look) => look.kind === "found" && look.record.liveXml !== undefined);
  if (elsewhere?.kind === "found") return machineOf(elsewhere, wanted);
  if (first.kind === "silent") throw first.error;
  const off = [first, ...others].find((look) => look.kind === "found");
  if (off !== undefined) return machineOf(off, wanted);
  const silent = others.filter((look) => look.kind === "silent").map(({ error }) => oneLine(error));
  if (silent.length > 0)
    throw new HostUnreachable(home.name, `${label} isn't there, and may be elsewhere: ${silent.join("; ")}`);
  const names = first.kind === "absent" ? first.names : [];
  const called = JSON.stringify("name" in key ? key.name : label);
  if (wanted.others.length > 0 || "uuid" in key)
    throw new UsageError(
      `${called} is on none of ${[wanted.host, ...wanted.others].map(({ name }) => name).join(", ")}; "kvm drift" says what became of it`,
    );
  throw new UsageError(
    `there is no VM ${called} on ${home.name}; there is ${names.length === 0 ? "none at all" : quoted(names)}`,
  );
}

function quoted(names: readonly string[]): string {
  return [...names]
    .sort()
    .map((name) => JSON.stringify(name))
    .join(", ");
}

type Look =
  | { kind: "found"; host: Host; record: DomainRecord }
  | { kind: "absent"; names: string[] }
  | { kind: "silent"; error: HostUnreachable };

async function lookOn(host: Host, { key }: WantedMachine): Promise<Look> {
  try {
    const record = await host.idempotent((libvirt) => libvirt.domains.observe(key));
    if (record !== undefined) return { kind: "found", host, record };
    const all = await host.idempotent((libvirt) => libvirt.domains.list());
    return { kind: "absent", names: all.map(({ name }) => name) };
  } catch (error) {
    if (error instanceof HostUnreachable) return { kind: "silent", error };
    throw error;
  }
}

async function machineOf(
  { host, record }: { host: Host; record: DomainRecord },
  { label, password }: WantedMachine,
): Promise<Machine> {
  const { uuid, liveXml, reasonName } = record;
  if (liveXml === undefined) {
    const why = reasonName === undefined || reasonName === "unknown" ? "" : ` (${reasonName})`;
    throw new ConsoleRefused(
      `${label} is off${why} on ${host.name}; powerState: "running" and "pulumi up" start it`,
    );
  }
  const stillness =
    record.state === "paused"
      ? ["paused", ...(reasonName === undefined ? [] : [reasonName])].join(", ")
      : undefined;
  return {
    ...{ label, uuid, runId: record.id, hostName: host.name, stillness },
    ...{ host: await host.reached(), liveXml, password },
  };
}

const ANSWERS_WITHIN_MS = 5_000;

/** What has become of a VM; "gone" from its host, whether to another one or altogether. */
export interface Fate {
  kind: "off" | "gone";
  text: string;
}

/** Undefined while it runs where it did, in the run that was found. */
export async function fateOf({ label, uuid, runId, hostName, host }: Machine): Promise<Fate | undefined> {
  const { domains } = host.libvirt;
  const within = { timeoutMs: ANSWERS_WITHIN_MS };
  try {
    const [{ state, reasonName }, id] = await Promise.all([
      domains.state(uuid, within),
      domains.runId(uuid, within),
    ]);
    if (state !== "shutOff" && state !== "crashed") {
      if (id === runId || id === -1) return undefined;
      return { kind: "off", text: `${label} was off, and runs again since: open it anew.` };
    }
    if (reasonName === "migrated") return { kind: "gone", text: `${label} has moved to another host.` };
    return { kind: "off", text: `${label} is off${reasonName === undefined ? "" : ` (${reasonName})`}.` };
  } catch (error) {
    if (!isLibvirtError(error, "domainNotFound")) throw error;
    return { kind: "gone", text: `${label} is no longer on ${hostName}: it has moved, or was removed.` };
  }
}
