import type { Deployment } from "../../provider/engine/deployment.js";
import { parseNetwork } from "../../provider/libvirt/xml/index.js";
import { isIdentityUuid, ownerLabel } from "../../provider/planning/owner.js";
import { kindOf } from "../../provider/resources/storage-pool/kinds.js";
import { modelOf } from "../../provider/resources/storage-pool/observe.js";
import { sizeText } from "./amounts.js";
import type { Bag } from "./bag.js";
import { type FoundDomain, type FoundHost, spareDisks, storageOf, textsOn } from "./found-host.js";
import type { Storage, VolumeKey } from "./machine/disks.js";
import { machineInputs } from "./machine/inputs.js";
import { remnantsOf } from "./machine/remnants.js";
import { networkInputs } from "./network-inputs.js";
import { poolInputs } from "./pool-inputs.js";
import { references } from "./program/references.js";
import type { ImportedResource, LeftAlone } from "./resource.js";
import type { SharedFolders } from "./shared-folders.js";
import { type Described, type Taker, takerOn } from "./taker.js";

export interface ImportOptions {
  /** Which VMs. */
  isChosen(name: string): boolean;
  /** Also pools, networks and disks that none of them uses. */
  all: boolean;
  project: string;
  /** Told of each object that is looked at. */
  progress(text: string): void;
}

/** The other hosts of the same program: those that have been looked at, and those that come after. */
export interface Neighbours {
  before: readonly FoundHost[];
  after: readonly FoundHost[];
  shared: SharedFolders;
}

/** Which of a host's objects can be taken over without changing anything, with which inputs. */
export async function importHost(
  found: FoundHost,
  neighbours: Neighbours,
  deployment: Deployment,
  options: ImportOptions,
): Promise<{ resources: ImportedResource[]; left: readonly LeftAlone[] }> {
  const taker = takerOn(found.ref, deployment, options);
  const known = storageOf(found, neighbours.shared);
  const others = [...neighbours.before, ...neighbours.after];

  const shared: ImportedResource[] = [];
  for (const key of sharedVolumes(found, known, options)) shared.push(...(await takeDisk(taker, known, key)));
  const storage = withoutShared(known, shared);
  const machines: ImportedResource[] = [];
  for (const domain of found.domains)
    if (options.isChosen(domain.record.name))
      machines.push(...(await takeMachine(taker, domain, { found, others, storage })));

  const uses = machines.map(({ inputs }) => references(inputs));
  const isUsed = (kind: "pools" | "networks", name: string) =>
    options.all || uses.some((used) => used[kind].has(name));
  const networks: ImportedResource[] = [];
  for (const network of found.networks)
    if (isUsed("networks", network.record.name)) networks.push(...(await takeNetwork(taker, network)));

  const spare = options.all ? await takeSpareDisks(taker, known, found, neighbours) : [];
  const disks = [...shared, ...spare];
  const pools: ImportedResource[] = [];
  for (const pool of found.pools)
    if (isUsed("pools", pool.name) || disks.some(({ inputs }) => inputs.pool === pool.name))
      pools.push(...(await takePool(taker, pool)));
  return { resources: [...pools, ...networks, ...disks, ...machines], left: taker.left };
}

async function takeDisk(
  taker: Taker,
  known: Storage,
  { pool, volume }: VolumeKey,
): Promise<ImportedResource[]> {
  const of = known.find({ pool, volume });
  if (of.kind === "unusable") return [];
  const format = of.format === "qcow2" ? {} : { format: of.format };
  return await taker.take("Disk", volume, {
    needed: { pool, size: sizeText(of.sizeBytes), ...format },
  });
}

/** What several VMs have is no disk of one of them, unless it could be taken over as a disk of its own. */
function withoutShared(known: Storage, taken: readonly ImportedResource[]): Storage {
  const isTaken = ({ pool, volume }: VolumeKey) =>
    taken.some(({ inputs, libvirtName }) => inputs.pool === pool && libvirtName === volume);
  return {
    ...known,
    find: (key) => {
      const of = known.find(key);
      return of.kind === "volume" && of.isShared && !isTaken(key)
        ? { kind: "unusable", why: "several virtual machines have it" }
        : of;
    },
  };
}

async function takeMachine(
  taker: Taker,
  domain: FoundDomain,
  { found, others, storage }: { found: FoundHost; others: readonly FoundHost[]; storage: Storage },
): Promise<ImportedResource[]> {
  const { record, owner } = domain;
  if (owner !== undefined) {
    taker.leave("VirtualMachine", record.name, `it is ${ownerLabel(owner)}`, true);
    return [];
  }
  const described = twinOf(domain, others) ?? describe(domain, found, storage);
  if (typeof described === "string") {
    taker.leave("VirtualMachine", record.name, described);
    return [];
  }
  return await taker.take("VirtualMachine", record.name, described);
}

async function takeNetwork(
  taker: Taker,
  { record, owner }: FoundHost["networks"][number],
): Promise<ImportedResource[]> {
  const { name, autostart } = record;
  if (owner !== undefined) {
    taker.leave("Network", name, `it is ${ownerLabel(owner)}`, true);
    return [];
  }
  const inputs = networkInputs(parseNetwork(record.xml), autostart);
  if (inputs === undefined) {
    taker.leave("Network", name, "no inputs are for networks of its kind");
    return [];
  }
  const { mode, bridge, forwardDevice, forwardDevices, ...optional } = inputs;
  const needed = withoutAbsent({ mode, bridge, forwardDevice, forwardDevices });
  return await taker.take("Network", name, { needed, optional });
}

/** Those that no VM has. */
async function takeSpareDisks(
  taker: Taker,
  known: Storage,
  found: FoundHost,
  { before, after, shared }: Neighbours,
): Promise<ImportedResource[]> {
  const taken: ImportedResource[] = [];
  for (const pool of found.pools)
    for (const { name: volume, path } of spareDisks(found, pool)) {
      const key = { pool: pool.name, volume };
      const same = shared.sameAs(found.ref.name, key);
      const first = same.find((other) => before.includes(other.found));
      const user = [...before, ...after].find((other) => textsOn(other).has(path));
      if (first !== undefined)
        taker.leave("Disk", volume, `it is the same file as on ${first.found.ref.name}`, true);
      else if (user === undefined) taken.push(...(await takeDisk(taker, known, key)));
      else
        taker.leave(
          "Disk",
          volume,
          `${path} is a disk on ${user.ref.name}: the same one, if they share that folder`,
        );
    }
  return taken;
}

async function takePool(taker: Taker, pool: FoundHost["pools"][number]): Promise<ImportedResource[]> {
  if (isIdentityUuid(pool.uuid)) {
    taker.leave("StoragePool", pool.name, "a Pulumi stack made it, as its UUID tells", true);
    return [];
  }
  if (kindOf(pool.type) === undefined) {
    taker.leave("StoragePool", pool.name, `no inputs are for pools of type ${pool.type}`);
    return [];
  }
  return await taker.take("StoragePool", pool.name, {
    needed: poolInputs(modelOf(pool), pool.autostart),
  });
}

/** Why a VM that is defined on several hosts isn't taken over from this one; from where it alone runs it is. */
function twinOf({ record }: FoundDomain, others: readonly FoundHost[]): string | undefined {
  const twins = others.flatMap(({ ref, domains }) =>
    domains
      .filter(({ record: { uuid } }) => uuid === record.uuid)
      .map((twin) => ({ host: ref.name, isOn: twin.record.liveXml !== undefined })),
  );
  if (twins.length === 0 || (record.liveXml !== undefined && twins.every(({ isOn }) => !isOn)))
    return undefined;
  return `it is defined on ${twins.map(({ host }) => host).join(", ")} as well (the same UUID); "virsh undefine" where it isn't any more`;
}

function withoutAbsent(bag: Bag): Bag {
  return Object.fromEntries(Object.entries(bag).filter(([, value]) => value !== undefined));
}

/** What has to be said of a VM, what can be, and what no input says; or why it isn't taken over. */
function describe({ record, model }: FoundDomain, found: FoundHost, storage: Storage): Described | string {
  if (record.persistentXml === undefined) return "it runs without a definition, which virsh define gives it";
  if (model === undefined) return "it isn't one of QEMU or KVM, or its definition can't be read";
  const { inputs, notes } = machineInputs(
    {
      model,
      powerState: powerStateOf(record.state),
      autostart: record.autostart,
      hasSnapshots: record.hasSnapshots,
    },
    found.facts,
    storage,
  );
  const { memory, autostart, powerState } = inputs;
  const needed = withoutAbsent({ memory, autostart, powerState });
  const optional = Object.fromEntries(Object.entries(inputs).filter(([key]) => !Object.hasOwn(needed, key)));
  const allNotes = [...notes, ...remnantsOf(record.persistentXml)];
  return { needed, optional, notes: allNotes, order: Object.keys(inputs) };
}

function powerStateOf(state: FoundDomain["record"]["state"]): "running" | "stopped" | "paused" {
  if (state === "paused") return "paused";
  return state === "shutOff" || state === "crashed" ? "stopped" : "running";
}

/** Volumes that are disks of several VMs, each once. */
function sharedVolumes(
  { domains }: FoundHost,
  storage: Storage,
  { isChosen }: Pick<ImportOptions, "isChosen">,
): VolumeKey[] {
  const shared = new Map<string, VolumeKey>();
  for (const { record, model, owner } of domains) {
    if (owner !== undefined || !isChosen(record.name)) continue;
    for (const { source, device } of model?.disks ?? []) {
      if (device !== "disk" || source === undefined || !("pool" in source)) continue;
      const of = storage.find(source);
      if (of.kind === "volume" && of.isShared) shared.set(`${source.pool}/${source.volume}`, source);
    }
  }
  return [...shared.values()];
}
