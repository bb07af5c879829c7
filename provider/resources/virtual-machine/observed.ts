import type { HostFacts } from "../../hosts/facts.js";
import type { HostRef } from "../../hosts/host-ref.js";
import type { PoolContents } from "../../hosts/observations.js";
import type { DomainRecord } from "../../libvirt/index.js";
import type { AttemptNote, DomainModel, MigrationJournal, OwnerMark } from "../../libvirt/xml/index.js";
import { isInterrupted } from "../../planning/migrated-copy.js";
import type { LocalDisk } from "../local-disk.js";
import type { Base } from "./bases.js";
import type { LayeredDisk } from "./layered-disks.js";
import type { Overlay } from "./overlays.js";
import type { GuestRun } from "./running-guest.js";

/** A domain, as typed values. */
export interface ObservedDomain {
  record: DomainRecord;
  /** What it starts with next. Absent for a transient domain. */
  persistent?: DomainModel | undefined;
  /** What it runs with. Absent when it is off. */
  live?: DomainModel | undefined;
  /** What else is known of the run. Absent when it is off. */
  run?: GuestRun | undefined;
  owner?: OwnerMark | undefined;
  journal?: MigrationJournal | undefined;
  /** The files that snapshots have put over its disks, which stand in the models as they are declared. */
  overlays?: Overlay[] | undefined;
  /** Names of its snapshots. */
  snapshots?: string[] | undefined;
  /** Targets of the disks that internal snapshots are of. */
  inSnapshots?: string[] | undefined;
  /** What a guest that is off goes on with at its start, where its state was saved. */
  saved?: { model: DomainModel; run: GuestRun } | undefined;
  /** A deployment has started it, or was about to, and nobody has seen it ready since. */
  awaited?: boolean | undefined;
  /** What a deployment that hasn't come to its end has made of its definition. */
  attempt?: AttemptNote | undefined;
  /** The snapshot that it is going back to. */
  reverting?: string | undefined;
}

export interface ObservedPool {
  name: string;
  /** libvirt's type of it; a folder where it isn't known. */
  type?: string | undefined;
  path?: string | undefined;
  active: boolean;
  /** Read when disks are to move into it. */
  availableBytes?: number;
  contents: PoolContents;
}

/** The disk of a resource of its own that another virtual machine has, on another host. */
export interface DiskElsewhere {
  pool: string;
  volume: string;
  /** Name of the host where it is. */
  host: string;
  /** Name of the domain that has it. */
  user: string;
}

/** A host that answered, as far as it concerns one VM. */
export interface ObservedHost {
  ref: HostRef;
  facts: HostFacts;
  /** This VM's domain. */
  domain?: ObservedDomain | undefined;
  /** Another domain that has the name which this VM is to have. */
  namesake?: ObservedDomain | undefined;
  /** Whose that name is until it has given it up, as the program has it: for a preview it is free. */
  namesakeLeaves?: OwnerMark | undefined;
  /** The pools in which the VM has, had or is to have disks. */
  pools: ObservedPool[];
  /** Disks that the same deployment has left when it deleted this VM, to make it anew. */
  left?: readonly { pool: string; volume: string }[];
  /** Disks that it is to get, and that aren't here yet. */
  disksElsewhere?: readonly DiskElsewhere[];
  /** Disks that it is to have in its definition, over which there are layers. */
  layeredDisks?: readonly LayeredDisk[];
  networks: string[];
  /** Those whose guests are on Open vSwitch. */
  openVswitchNetworks?: readonly string[];
  /** Those whose guests get no VLANs. */
  untaggedNetworks?: readonly string[];
  /** What the program has here besides, such as `network lan`; undefined where none runs. */
  declared?: ReadonlySet<string> | undefined;
  /** Paths that the program names for the first time and that aren't there. */
  missing?: readonly string[];
}

/** What there is of one VM. */
export interface ObservedMachine {
  /** The host where it should be. */
  target: ObservedHost;
  /** Where it is instead, or as well: the host of the last deployment, or one to which it was moved by hand. */
  elsewhere?: ObservedHost | undefined;
  /** What a move to the target can't do, as texts; read when a move is ahead. */
  moveRefusals: string[];
  /** MAC addresses that domains of others have as well, as texts. */
  sameAddresses?: string[];
  /** Disks that guests which stand still have open, as texts. */
  heldByPaused?: string[];
  /** What libvirt says to values that new `xml` patches give. */
  patchProblem?: string | undefined;
  /** What the disks of one that is elsewhere are layers over. */
  bases?: Base[];
  /** What files of this machine are that disks are to begin with, by path. */
  sources?: ReadonlyMap<string, LocalDisk>;
  /** The stack's other hosts, as far as this deployment has seen them. */
  peers: HostRef[];
  /** No Host of the program is where it should be, so that there may be other hosts of which nobody here knows. */
  mayBeAnywhere?: boolean;
}

/** The domain that is this VM, where it should be or elsewhere. */
export function whereItIs(observed: ObservedMachine): ObservedHost | undefined {
  if (observed.target.domain !== undefined) return observed.target;
  return observed.elsewhere?.domain === undefined ? undefined : observed.elsewhere;
}

export function isActive(domain: ObservedDomain): boolean {
  return domain.record.state !== "shutOff" && domain.record.state !== "crashed";
}

/** Its guest has suspended itself to RAM: nothing runs in it until somebody wakes it up. */
export function sleeps({ record }: ObservedDomain): boolean {
  return record.state === "suspended";
}

/** As it is once it has been woken up. */
export function asAwake(domain: ObservedDomain): ObservedDomain {
  const { record, run } = domain;
  return {
    ...domain,
    record: { ...record, state: "running", reasonName: "wakeup" },
    run: run && { ...run, paused: false },
  };
}

/** It has crashed, and QEMU is still there with its memory and its disks (`onCrash: "preserve"`). With other actions that lasts a moment. */
export function isKeptCrashed({ record, live }: ObservedDomain): boolean {
  return record.state === "crashed" && live?.onCrash === "preserve";
}

export function asEnded(domain: ObservedDomain): ObservedDomain {
  const record = { ...domain.record, state: "shutOff" as const, reasonName: "crashed", liveXml: undefined };
  return { ...domain, record, live: undefined, run: undefined };
}

/** For messages. */
export function snapshotNames(domain: ObservedDomain | undefined): string {
  const names = domain?.snapshots ?? [];
  return names.length === 0 ? "none that libvirt knows" : names.join(", ");
}

/** Noted as migrating, or half of a migration: only both hosts together tell what it is. */
export function isUnsettled({ record }: ObservedDomain): boolean {
  return isInterrupted(record, undefined) || (!record.persistent && !runsByItself(record));
}

/** A guest that runs without a definition was undefined by hand; one that was never let run came by somebody's migration. */
function runsByItself({ state, reasonName }: DomainRecord): boolean {
  return state !== "paused" || reasonName === "user";
}
