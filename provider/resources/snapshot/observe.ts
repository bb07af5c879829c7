import type { Host } from "../../hosts/host.js";
import type { HostRef } from "../../hosts/host-ref.js";
import type { SnapshotRecord } from "../../libvirt/index.js";
import {
  type Firmware,
  parseDomain,
  parseSnapshot,
  readDiskChains,
  type SnapshotModel,
  variablesFormat,
} from "../../libvirt/xml/index.js";
import { identityHash } from "../../planning/owner.js";
import { identitiesOf, type ObserveContext, type Request } from "../definition.js";
import { poolOf } from "../pool-of.js";
import { isAgentConnected } from "../virtual-machine/wait/addresses.js";
import { readDescription, type SnapshotMark } from "./mark.js";
import type { Inputs, Outputs } from "./schema.js";

export type SnapshotRequest = Request<Inputs, Outputs>;

/** A snapshot, and whose it is. */
export interface FoundSnapshot {
  record: SnapshotRecord;
  model: SnapshotModel;
  /** The description without the mark. */
  text: string | undefined;
  mark: SnapshotMark | undefined;
}

/** A disk that a snapshot may take. */
export interface MachineDisk {
  target: string;
  /** The file that the guest writes to; undefined when it is none. */
  path: string | undefined;
  format: string;
  /** A medium, or a disk that the guest can't write to. */
  isReadonly: boolean;
  /** A job copies it to another file. */
  isCopied: boolean;
  /** The file that the guest writes to is. */
  isEncrypted: boolean;
}

/** The domain of which the snapshot is. */
export interface ObservedMachine {
  uuid: string;
  name: string;
  isActive: boolean;
  /** Its guest has suspended itself to RAM. */
  isAsleep: boolean;
  firmware: Firmware;
  /** Of the file with the firmware's variables, where it is UEFI. */
  variablesFormat: string;
  hasAgentChannel: boolean;
  /** The agent answers there; false of a guest that is off or hasn't booted yet. */
  hasAgent: boolean;
  disks: MachineDisk[];
}

export interface ObservedSnapshot {
  ref: HostRef;
  libvirtVersion: string;
  machine: ObservedMachine | undefined;
  /** This resource's, or one that has its name. */
  snapshot: FoundSnapshot | undefined;
  /** The domain's others. */
  others: FoundSnapshot[];
  /** Files that the snapshot is kept in and that are gone; looked for when the guest is to go back. */
  lostFiles?: string[];
}

export function refOf(inputs: Pick<Inputs, "host" | "connection" | "credentials">): HostRef {
  return { name: inputs.host, connection: inputs.connection, credentials: inputs.credentials ?? {} };
}

export async function observe(request: SnapshotRequest, context: ObserveContext): Promise<ObservedSnapshot> {
  const { inputs, recorded } = request;
  const ref = refOf(inputs);
  const { observations } = context.hosts.get(ref);
  const { libvirtVersion } = await observations.facts();
  if (context.fresh) await observations.refreshDomain({ uuid: recorded?.outputs.uuid, name: inputs.vm });
  const domains = await observations.domains();
  const domain =
    domains.find(({ uuid }) => uuid === recorded?.outputs.uuid) ??
    domains.find(({ name }) => name === inputs.vm);
  const xml = domain?.liveXml ?? domain?.persistentXml;
  if (domain === undefined || xml === undefined)
    return { ref, libvirtVersion, machine: undefined, snapshot: undefined, others: [] };
  const all = (await observations.snapshots(domain.uuid)).map(toFound);
  const snapshot =
    all.find(({ mark }) => mark !== undefined && isOwn(mark, request)) ??
    all.find(({ model }) => model.name === inputs.name);
  const isToGoBack = inputs.revert !== undefined && inputs.revert !== request.previous?.revert;
  const machine = machineOf(xml);
  return {
    ref,
    libvirtVersion,
    machine: {
      ...{ uuid: domain.uuid, name: domain.name, isActive: domain.liveXml !== undefined },
      isAsleep: domain.state === "suspended",
      ...machine,
    },
    snapshot,
    ...(isToGoBack ? { lostFiles: await lostOf(context.hosts.get(ref), snapshot) } : {}),
    others: all.filter((other) => other !== snapshot),
  };
}

/** Where no pool that runs has the folder of a file, nothing tells. */
async function lostOf(host: Host, snapshot: FoundSnapshot | undefined): Promise<string[]> {
  const lost: string[] = [];
  for (const path of snapshot?.model.keptIn ?? []) {
    const pool = await poolOf(host, path);
    if (pool === undefined) continue;
    const { volumes } = await host.observations.contents(pool.name);
    if (!volumes.some((volume) => volume.path === path)) lost.push(path);
  }
  return lost;
}

/** The recorded nonce decides; where none is on record, who is named. */
export function isOwn(mark: SnapshotMark, request: SnapshotRequest): boolean {
  const nonce = request.recorded?.outputs.nonce;
  if (nonce) return mark.nonce === nonce;
  return identitiesOf(request).some((each) => identityHash(each) === mark.identityHash);
}

function toFound(record: SnapshotRecord): FoundSnapshot {
  const model = parseSnapshot(record.xml);
  return { record, model, ...readDescription(model.description) };
}

function machineOf(
  xml: string,
): Pick<ObservedMachine, "firmware" | "variablesFormat" | "hasAgentChannel" | "hasAgent" | "disks"> {
  const { disks, firmware, agentChannel } = parseDomain(xml);
  const chains = readDiskChains(xml);
  return {
    firmware,
    variablesFormat: variablesFormat(xml),
    hasAgentChannel: agentChannel,
    hasAgent: isAgentConnected(xml),
    disks: disks.map(({ target, format, readonly, device }) => {
      const chain = chains.find((other) => other.target === target);
      const isReadonly = readonly || device === "cdrom";
      const [isCopied, isEncrypted] = [chain?.mirror !== undefined, chain?.encrypted === true];
      return { target, format, isReadonly, path: chain?.paths[0], isCopied, isEncrypted };
    }),
  };
}
