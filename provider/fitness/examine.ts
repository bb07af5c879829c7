import { LibvirtDenied, oneLine } from "../hosts/errors.js";
import { type HostFacts, readFacts } from "../hosts/facts.js";
import type { Connection, HostRef } from "../hosts/host-ref.js";
import { type ReachedMachine, reachMachine } from "../hosts/libvirt-route.js";
import type { Libvirt } from "../libvirt/index.js";
import { hostModelCpu } from "../libvirt/xml/host-model.js";
import { parsePool } from "../libvirt/xml/index.js";
import { SshError, type SshErrorKind } from "../ssh/index.js";
import { factsScript } from "./facts-script.js";
import { type MachineFacts, parseMachine } from "./machine.js";

/** A pool, as far as it matters whether disks can be made in it. */
export interface PoolRoom {
  name: string;
  path: string | undefined;
  isActive: boolean;
  isAutostarted: boolean;
  capacityBytes: number;
  availableBytes: number;
}

/** What a host's libvirt says. */
export interface LibvirtFacts {
  host: HostFacts;
  pools: PoolRoom[];
  networks: { name: string; isActive: boolean; isAutostarted: boolean }[];
  /** The CPU of guests of the mode "host-model", as XML, and what runs them. */
  guestCpu: { xml: string; query: GuestCpuQuery } | undefined;
}

export interface GuestCpuQuery {
  architecture: string;
  emulator: string | undefined;
  virtType: "kvm" | "qemu";
}

/** Why nobody could log in. */
export interface Silence {
  kind: SshErrorKind | "other";
  reason: string;
  knownHostsLine?: string;
  knownHostsFile?: string;
}

/** This machine's clock when a host was asked, and when it had answered; seconds since 1970. */
export interface AskedAt {
  askedAt: number;
  answeredAt: number;
}

export type LibvirtAnswer =
  | { kind: "open"; facts: LibvirtFacts }
  | { kind: "closed"; reason: string }
  | { kind: "denied"; reason: string }
  /** Only the host itself was asked. */
  | { kind: "unasked" };

/** All that was found out about one host by itself. */
export interface HostExamination {
  name: string;
  /** As it was given. */
  address: string;
  /** How it is logged in to, where that isn't as ssh has it. */
  connection?: Connection;
  seen:
    | { kind: "silent"; silence: Silence }
    | {
        kind: "reached";
        /** Where other hosts reach it for migrations. */
        migrationAddress: string;
        user: string;
        machine: MachineFacts;
        /** Absent where nobody knows. */
        asked: AskedAt | undefined;
        libvirt: LibvirtAnswer;
        /** What connecting had to say. */
        warnings: string[];
      };
}

/** A host that let us in, for what is asked of it next. Open until it is closed. */
export interface OpenHost {
  machine: ReachedMachine;
  libvirt: Libvirt | undefined;
}

export interface ExamineOptions {
  connectTimeoutMs: number;
  now: () => number;
}

/** Asks one host, over one connection. Never rejects: what fails is a fact. */
export async function examineHost(
  ref: HostRef,
  { connectTimeoutMs, now }: ExamineOptions,
): Promise<{ examination: HostExamination; open: OpenHost | undefined }> {
  const { connection } = ref;
  const named = { name: ref.name, address: connection.address, connection };
  const warnings: string[] = [];
  let machine: ReachedMachine;
  try {
    machine = await reachMachine(ref, {
      connectTimeoutMs,
      warn: (message) => void warnings.push(message),
    });
  } catch (error) {
    return {
      examination: { ...named, seen: { kind: "silent", silence: silenceOf(error) } },
      open: undefined,
    };
  }
  const asking = askMachine(machine, now);
  // Both over the one connection, at once.
  const [said, libvirt] = await Promise.all([asking, openLibvirt(machine)]);
  if (said.kind === "failed") {
    await closeHost({ machine, libvirt: libvirt.libvirt });
    const silence: Silence = { kind: "other", reason: said.reason };
    return { examination: { ...named, seen: { kind: "silent", silence } }, open: undefined };
  }
  return {
    examination: {
      ...named,
      seen: {
        kind: "reached",
        migrationAddress: ref.connection.migrationAddress ?? machine.address,
        user: machine.user,
        machine: said.facts,
        asked: { askedAt: said.askedAt, answeredAt: said.answeredAt },
        libvirt: libvirt.answer,
        warnings,
      },
    },
    open: { machine, libvirt: libvirt.libvirt },
  };
}

export async function closeHost({ machine, libvirt }: OpenHost): Promise<void> {
  await libvirt?.close();
  await machine.close();
}

async function askMachine(machine: ReachedMachine, now: () => number) {
  const askedAt = now() / 1_000;
  try {
    const { stdout, stderr, exitCode } = await machine.exec(["sh", "-c", factsScript]);
    const answeredAt = now() / 1_000;
    if (!stdout.includes("architecture="))
      return {
        kind: "failed" as const,
        reason: `commands don't run there as they should: exit status ${exitCode}, ${oneLine(stderr).slice(0, 200)}`,
      };
    return { kind: "answered" as const, askedAt, answeredAt, facts: parseMachine(stdout) };
  } catch (error) {
    return { kind: "failed" as const, reason: oneLine(error) };
  }
}

async function openLibvirt(machine: ReachedMachine): Promise<{
  answer: LibvirtAnswer;
  libvirt: Libvirt | undefined;
}> {
  let libvirt: Libvirt | undefined;
  try {
    libvirt = await machine.openLibvirt();
    return { answer: { kind: "open", facts: await readLibvirt(libvirt) }, libvirt };
  } catch (error) {
    await libvirt?.close();
    const kind = error instanceof LibvirtDenied ? "denied" : "closed";
    return { answer: { kind, reason: oneLine(error) }, libvirt: undefined };
  }
}

async function readLibvirt(libvirt: Libvirt): Promise<LibvirtFacts> {
  const [host, pools, networks] = await Promise.all([
    readFacts(libvirt),
    libvirt.pools.observeAll(),
    libvirt.networks.observeAll(),
  ]);
  return {
    host,
    pools: pools.map((pool) => ({
      name: pool.name,
      path: parsePool(pool.xml).path,
      isActive: pool.active,
      isAutostarted: pool.autostart,
      capacityBytes: pool.capacityBytes,
      availableBytes: pool.availableBytes,
    })),
    networks: networks.map(({ name, active, autostart }) => ({
      name,
      isActive: active,
      isAutostarted: autostart,
    })),
    guestCpu: await readGuestCpu(libvirt, host),
  };
}

async function readGuestCpu(libvirt: Libvirt, { capabilities, kvm }: HostFacts) {
  const { architecture } = capabilities;
  const guest = capabilities.guests.find((each) => each.architecture === architecture);
  if (guest === undefined) return undefined;
  const query: GuestCpuQuery = { architecture, emulator: guest.emulator, virtType: kvm ? "kvm" : "qemu" };
  // A hypervisor that doesn't know its CPU can't be compared; that is no failure of the host.
  const document = await libvirt.host.domainCapabilitiesXml(query).catch(() => undefined);
  const xml = document === undefined ? undefined : hostModelCpu(document);
  return xml === undefined ? undefined : { xml, query };
}

function silenceOf(error: unknown): Silence {
  if (!(error instanceof SshError)) return { kind: "other", reason: oneLine(error) };
  return {
    kind: error.kind,
    reason: oneLine(error),
    ...(error.knownHostsLine !== undefined && { knownHostsLine: error.knownHostsLine }),
    ...(error.knownHostsFile !== undefined && { knownHostsFile: error.knownHostsFile }),
  };
}
