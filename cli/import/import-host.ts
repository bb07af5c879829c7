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
import type { ImportedKind, ImportedResource, LeftAlone } from "./resource.js";
import type { SharedFolders } from "./shared-folders.js";
import { takeOver } from "./takeover.js";

export interface ImportOptions {
  /** Which VMs. */
  isChosen(name: string): boolean;
  /** Also pools, networks and disks that none of them uses. */
  all: boolean;
  project: string;
  /** Told of each object that is looked at. */
  progress(text: string): void;
}

/** Which of a host's objects can be taken over without changing anything, with which inputs. */
export async function importHost(
  found: FoundHost,
  /** The other hosts of the same program: those that have been looked at, and those that come after. */
  {
    before,
    after,
    shared,
  }: { before: readonly FoundHost[]; after: readonly FoundHost[]; shared: SharedFolders },
  deployment: Deployment,
  options: ImportOptions,
): Promise<{ resources: ImportedResource[]; left: LeftAlone[] }> {
  const { ref } = found;
  const others = [...before, ...after];
  const left: LeftAlone[] = [];
  const leave = (kind: ImportedKind, name: string, why: string, isManaged = false) =>
    void left.push({ kind, host: ref.name, name, why, isManaged });
  const known = storageOf(found, shared);

  const take = async (
    kind: ImportedKind,
    libvirtName: string,
    needed: Bag,
    optional: Bag,
    notes: readonly string[] = [],
    /** In which people write them. */
    order: readonly string[] = [...Object.keys(needed), ...Object.keys(optional)],
  ): Promise<ImportedResource | undefined> => {
    options.progress(`looking at ${libvirtName}`);
    const { project } = options;
    const taken = await takeOver({ kind, libvirtName, on: [ref], project }, deployment, needed, optional);
    if (taken.kind === "left") {
      leave(kind, libvirtName, taken.why);
      return undefined;
    }
    if (taken.kind !== "taken") return undefined;
    const given = Object.entries(taken.inputs).sort(([a], [b]) => order.indexOf(a) - order.indexOf(b));
    const inputs = Object.fromEntries(given);
    return { kind, hosts: [ref.name], libvirtName, inputs, notes: [...notes, ...taken.notes] };
  };

  const disks: ImportedResource[] = [];
  const takeDisk = async (pool: string, volume: string): Promise<void> => {
    const of = known.find({ pool, volume });
    if (of.kind === "unusable") return;
    const format = of.format === "qcow2" ? {} : { format: of.format };
    const disk = await take("Disk", volume, { pool, size: sizeText(of.sizeBytes), ...format }, {});
    if (disk !== undefined) disks.push(disk);
  };
  for (const key of sharedVolumes(found, known, options)) await takeDisk(key.pool, key.volume);
  // What several VMs have is no disk of one of them.
  const storage: Storage = {
    ...known,
    find: (key) => {
      const of = known.find(key);
      const isTaken = disks.some(
        ({ inputs, libvirtName }) => inputs.pool === key.pool && libvirtName === key.volume,
      );
      return of.kind === "volume" && of.isShared && !isTaken
        ? { kind: "unusable", why: "several virtual machines have it" }
        : of;
    },
  };

  const machines: ImportedResource[] = [];
  for (const domain of found.domains) {
    const { record, owner } = domain;
    if (!options.isChosen(record.name)) continue;
    if (owner !== undefined) {
      leave("VirtualMachine", record.name, `it is ${ownerLabel(owner)}`, true);
      continue;
    }
    const described = twinOf(domain, others) ?? describe(domain, found, storage);
    if (typeof described === "string") {
      leave("VirtualMachine", record.name, described);
      continue;
    }
    const { needed, optional, notes, order } = described;
    const machine = await take("VirtualMachine", record.name, needed, optional, notes, order);
    if (machine !== undefined) machines.push(machine);
  }

  const uses = machines.map(({ inputs }) => references(inputs));
  const isUsed = (kind: "pools" | "networks", name: string) =>
    options.all || uses.some((used) => used[kind].has(name));

  const networks: ImportedResource[] = [];
  for (const { record, owner } of found.networks) {
    if (!isUsed("networks", record.name)) continue;
    if (owner !== undefined) {
      leave("Network", record.name, `it is ${ownerLabel(owner)}`, true);
      continue;
    }
    const inputs = networkInputs(parseNetwork(record.xml), record.autostart);
    if (inputs === undefined) {
      leave("Network", record.name, "no inputs are for networks of its kind");
      continue;
    }
    const { mode, bridge, forwardDevice, forwardDevices, ...optional } = inputs;
    const needed = withoutAbsent({ mode, bridge, forwardDevice, forwardDevices });
    const network = await take("Network", record.name, needed, optional);
    if (network !== undefined) networks.push(network);
  }

  if (options.all)
    for (const pool of found.pools)
      for (const { name, path } of spareDisks(found, pool)) {
        const same = shared.sameAs(ref.name, { pool: pool.name, volume: name });
        const first = same.find((other) => before.includes(other.found));
        const user = others.find((other) => textsOn(other).has(path));
        if (first !== undefined)
          leave("Disk", name, `it is the same file as on ${first.found.ref.name}`, true);
        else if (user === undefined) await takeDisk(pool.name, name);
        else
          leave(
            "Disk",
            name,
            `${path} is a disk on ${user.ref.name}: the same one, if they share that folder`,
          );
      }

  const pools: ImportedResource[] = [];
  const poolsOfDisks = new Set(disks.map(({ inputs }) => inputs.pool));
  for (const pool of found.pools) {
    if (!isUsed("pools", pool.name) && !poolsOfDisks.has(pool.name)) continue;
    if (isIdentityUuid(pool.uuid)) {
      leave("StoragePool", pool.name, "a Pulumi stack made it, as its UUID tells", true);
      continue;
    }
    if (kindOf(pool.type) === undefined) {
      leave("StoragePool", pool.name, `no inputs are for pools of type ${pool.type}`);
      continue;
    }
    const imported = await take("StoragePool", pool.name, poolInputs(modelOf(pool), pool.autostart), {});
    if (imported !== undefined) pools.push(imported);
  }
  return { resources: [...pools, ...networks, ...disks, ...machines], left };
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
function describe(
  { record, model }: FoundDomain,
  found: FoundHost,
  storage: Storage,
): { needed: Bag; optional: Bag; notes: string[]; order: string[] } | string {
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
