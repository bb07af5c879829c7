import { randomBytes } from "node:crypto";
import { isIP } from "node:net";
import type { Duplex } from "node:stream";
import { Conversation } from "../hosts/conversation.js";
import { oneLine } from "../hosts/errors.js";
import type { CpuComparison } from "../libvirt/index.js";
import { cpuSummary } from "../libvirt/xml/host-model.js";
import type { HostExamination, LibvirtFacts, OpenHost } from "./examine.js";
import { listenScript, resolveScript } from "./listen-script.js";

/** A host that let us in, and what it said. */
export interface ExaminedHost {
  name: string;
  seen: Extract<HostExamination["seen"], { kind: "reached" }>;
  open: OpenHost;
}

/** What came of a connection to a port on which the other host listens. */
export interface PortTry {
  port: number;
  outcome: "open" | "refused" | "silent" | "otherHost" | "failed";
  reason?: string;
}

/** All that was found out about the way from one host to another. */
export interface WayFacts {
  from: string;
  to: string;
  /** What the host makes of the other's names; no addresses where it knows none. */
  names: { name: string; is: "hostname" | "migrationAddress"; addresses: string[] }[] | undefined;
  ports: { kind: "tried"; tries: PortTry[] } | { kind: "untried"; reason: string };
  cpu: { comparison: CpuComparison; baseline: string | undefined } | undefined;
}

/** The CPU that VMs may have to run on all hosts. */
export interface CommonCpu {
  model: string | undefined;
  required: string[];
}

/** Of more hosts the ways between all of them would be too many to try, and to read of. */
export const MOST_WITH_ALL_WAYS = 32;
/** Then those of each to so many others, and from as many. */
const PEERS_OF_EACH = 8;
/** All connections begin on this machine. */
const MOST_LISTENING_AT_ONCE = 8;
const TRY_MS = 3_000;
const LISTENS_WITHIN_MS = 10_000;

/**
 * Tries the ways between hosts, in both directions: between all of them, or of each to its next ones in a circle where they are many. Never rejects:
 * what fails is a fact.
 */
export async function examineWays(
  hosts: readonly ExaminedHost[],
  onStep: (text: string) => void,
): Promise<{ ways: WayFacts[]; commonCpu: CommonCpu | undefined }> {
  if (hosts.length < 2) return { ways: [], commonCpu: undefined };
  const pairs = pairsOf(hosts);
  const resolved = new Map(hosts.map((from) => [from, resolve(from, pairs.from(from))]));
  const byOrigin = new Map(hosts.map(({ name }) => [name, [] as WayFacts[]]));
  let tried = 0;
  const waiting = [...hosts];
  const tryInTurn = async () => {
    for (let to = waiting.shift(); to !== undefined; to = waiting.shift()) {
      for (const way of await waysTo(to, pairs.to(to), resolved)) byOrigin.get(way.from)?.push(way);
      tried += 1;
      onStep(`tried the ways to ${tried} of ${hosts.length} hosts`);
    }
  };
  await Promise.all(Array.from({ length: MOST_LISTENING_AT_ONCE }, tryInTurn));
  const places = new Map(hosts.map(({ name }, i) => [name, i]));
  const place = ({ to }: WayFacts) => places.get(to) ?? 0;
  const ways = [...byOrigin.values()].flatMap((each) => each.sort((a, b) => place(a) - place(b)));
  return { ways, commonCpu: await commonCpuOf(hosts) };
}

async function waysTo(
  to: ExaminedHost,
  others: readonly ExaminedHost[],
  resolved: ReadonlyMap<ExaminedHost, ReturnType<typeof resolve>>,
): Promise<WayFacts[]> {
  const ports = await tryPorts(others, to);
  const compared = new Map<string, ReturnType<typeof compareCpus>>();
  return await Promise.all(
    others.map(
      async (from, i): Promise<WayFacts> => ({
        from: from.name,
        to: to.name,
        names: (await resolved.get(from))?.get(to),
        ports: ports[i] as WayFacts["ports"],
        cpu: await onceFor(compared, cpuKey(from), () => compareCpus(from, to)),
      }),
    ),
  );
}

/** Between which hosts ways are tried: each comes as often at the beginning of one as at its end. */
export function pairsOf<T>(hosts: readonly T[]): { from(host: T): T[]; to(host: T): T[] } {
  const reach = hosts.length <= MOST_WITH_ALL_WAYS ? hosts.length - 1 : PEERS_OF_EACH;
  const places = new Map(hosts.map((host, i) => [host, i]));
  const inCircle = (host: T, by: (step: number) => number) =>
    Array.from({ length: reach }, (_, i) => {
      const at = (places.get(host) ?? 0) + by(i + 1);
      return hosts[(at + hosts.length) % hosts.length] as T;
    });
  return {
    from: (host) => inCircle(host, (step) => step),
    to: (host) => inCircle(host, (step) => -step),
  };
}

/** Most hosts have the CPU of another one. */
function cpuKey(host: ExaminedHost): string {
  return JSON.stringify(factsOf(host)?.guestCpu ?? null);
}

function onceFor<T>(known: Map<string, T>, key: string, make: () => T): T {
  const before = known.get(key);
  if (before !== undefined) return before;
  const made = make();
  known.set(key, made);
  return made;
}

type Names = NonNullable<WayFacts["names"]>;

/** One command a host for the names of others. */
async function resolve(
  from: ExaminedHost,
  others: readonly ExaminedHost[],
): Promise<Map<ExaminedHost, Names> | undefined> {
  const wanted = others.map((to) => {
    const { machine, migrationAddress } = to.seen;
    const names: Names = [{ name: machine.hostname, is: "hostname", addresses: [] }];
    if (isIP(migrationAddress) === 0 && migrationAddress !== machine.hostname)
      names.unshift({ name: migrationAddress, is: "migrationAddress", addresses: [] });
    return { to, names };
  });
  const words = [...new Set(wanted.flatMap(({ names }) => names.map(({ name }) => name)))];
  try {
    const { stdout } = await from.open.machine.exec(["sh", "-c", resolveScript, "sh", ...words]);
    const found = new Map<string, string[]>();
    let name = "";
    for (const line of stdout.split("\n")) {
      const [what, value = ""] = line.split(" ");
      if (what === "name") {
        name = value;
        found.set(name, []);
      } else if (what === "address") found.get(name)?.push(value);
    }
    return new Map(
      wanted.map(({ to, names }) => [
        to,
        names.map((each) => ({ ...each, addresses: found.get(each.name) ?? [] })),
      ]),
    );
  } catch {
    return undefined;
  }
}

/** Listens on one host and connects from the others. */
async function tryPorts(from: readonly ExaminedHost[], to: ExaminedHost): Promise<WayFacts["ports"][]> {
  const { machine, migrationAddress } = to.seen;
  const all = (ports: WayFacts["ports"]) => from.map(() => ports);
  if (/^(127\.|::1$|localhost$)/.test(migrationAddress))
    return all({ kind: "untried", reason: `other hosts would have to reach it at ${migrationAddress}` });
  if (machine.listener === undefined)
    return all({ kind: "untried", reason: "there is neither perl nor python3 to listen with" });
  const word = randomBytes(8).toString("hex");
  const { low, high } = machine.migrationPorts;
  const family = isIP(migrationAddress) === 6 ? "6" : "4";
  const command = [machine.listener.endsWith("perl") ? "perl" : machine.listener, low, high, word, family];
  const signal = AbortSignal.timeout(60_000);
  try {
    const stream = await to.open.machine.open(["sh", "-c", listenScript, "sh", ...command.map(String)], {
      signal,
    });
    await using talk = new Conversation(stream);
    const ports: number[] = [];
    for (;;) {
      const line = await talk.listen({ silenceMs: LISTENS_WITHIN_MS, signal });
      if (line === undefined)
        return all({ kind: "untried", reason: "the program that is to listen has ended" });
      if (line === "ready") break;
      const port = /^listening (\d+)$/.exec(line)?.[1];
      if (port !== undefined) ports.push(Number(port));
    }
    if (ports.length === 0)
      return all({ kind: "untried", reason: `all ports of ${low} to ${high} are taken` });
    return await Promise.all(
      from.map(
        async (source): Promise<WayFacts["ports"]> => ({
          kind: "tried",
          tries: await Promise.all(ports.map((port) => tryPort(source, migrationAddress, port, word))),
        }),
      ),
    );
  } catch (error) {
    return all({ kind: "untried", reason: oneLine(error) });
  }
}

async function tryPort(from: ExaminedHost, address: string, port: number, word: string): Promise<PortTry> {
  const signal = AbortSignal.timeout(TRY_MS);
  try {
    const stream = await from.open.machine.openTcp(address, port, { signal });
    const said = await firstWords(stream, signal);
    return said === word ? { port, outcome: "open" } : { port, outcome: "otherHost" };
  } catch (error) {
    if (signal.aborted) return { port, outcome: "silent" };
    const reason = oneLine(error);
    return { port, outcome: /refused\)?$/i.test(reason) ? "refused" : "failed", reason };
  }
}

async function firstWords(stream: Duplex, signal: AbortSignal): Promise<string> {
  const give = () => stream.destroy(new Error("silence"));
  signal.addEventListener("abort", give, { once: true });
  try {
    let text = "";
    for await (const chunk of stream) {
      text += String(chunk);
      if (text.includes("\n") || text.length > 100) break;
    }
    return text.trim();
  } finally {
    signal.removeEventListener("abort", give);
    stream.destroy();
  }
}

function factsOf({ seen }: ExaminedHost): LibvirtFacts | undefined {
  return seen.libvirt.kind === "open" ? seen.libvirt.facts : undefined;
}

/** Whether what guests get on the one runs on the other, in the eyes of the other's libvirt. */
async function compareCpus(from: ExaminedHost, to: ExaminedHost): Promise<WayFacts["cpu"]> {
  const [here, there] = [factsOf(from)?.guestCpu, factsOf(to)?.guestCpu];
  const libvirt = to.open.libvirt;
  if (here === undefined || there === undefined || libvirt === undefined) return undefined;
  if (here.query.virtType !== there.query.virtType || here.query.architecture !== there.query.architecture)
    return { comparison: "incompatible", baseline: undefined };
  try {
    const comparison = await libvirt.host.compareCpu(here.xml, there.query);
    if (comparison !== "incompatible") return { comparison, baseline: undefined };
    const baseline = await libvirt.host
      .baselineCpu([here.xml, there.xml], there.query)
      .catch(() => undefined);
    return { comparison, baseline: baseline === undefined ? undefined : cpuSummary(baseline).model };
  } catch {
    return undefined;
  }
}

async function commonCpuOf(hosts: readonly ExaminedHost[]): Promise<CommonCpu | undefined> {
  const first = hosts.find((host) => factsOf(host)?.guestCpu !== undefined);
  const cpus = hosts.flatMap((host) => factsOf(host)?.guestCpu ?? []);
  const query = cpus[0]?.query;
  if (first?.open.libvirt === undefined || query === undefined || cpus.length < hosts.length)
    return undefined;
  if (
    cpus.some((cpu) => cpu.query.virtType !== query.virtType || cpu.query.architecture !== query.architecture)
  )
    return undefined;
  const kinds = [...new Set(cpus.map(({ xml }) => xml))];
  const baseline = await first.open.libvirt.host.baselineCpu(kinds, query).catch(() => undefined);
  return baseline === undefined ? undefined : cpuSummary(baseline);
}
