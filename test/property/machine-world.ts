import type { VolumeMark } from "../../provider/hosts/volume-mark.js";
import type { DomainRecord, VolumeRecord } from "../../provider/libvirt/index.js";
import {
  type DomainModel,
  type ModelDifference,
  type OwnerMark,
  parseDomain,
  patchDomain,
  scsiControllersOf,
} from "../../provider/libvirt/xml/index.js";
import type { Step } from "../../provider/planning/step.js";
import { rowOf } from "../../provider/resources/virtual-machine/change-table.js";
import { sortChanges } from "../../provider/resources/virtual-machine/changes.js";
import { desiredModel } from "../../provider/resources/virtual-machine/desired.js";
import type { ObservedHost, ObservedMachine } from "../../provider/resources/virtual-machine/observed.js";
import { withDefaults } from "../../provider/resources/virtual-machine/os-defaults.js";
import { identityHashes, type MachineRequest } from "../../provider/resources/virtual-machine/request.js";
import type { RunningGuest } from "../../provider/resources/virtual-machine/running-guest.js";
import { changedGuest, type ImaginedGuest, redefined, startGuest } from "./guest-run.js";

/** One imagined host, as far as a VM's planner looks at one: enough to try ten thousand plans a minute, no proof that libvirt does the same. */
export interface MachineWorld {
  domain?: {
    persistent: DomainModel;
    guest?: ImaginedGuest | undefined;
    state: DomainRecord["state"];
    autostart: boolean;
    owner: OwnerMark;
  };
  volumes: { pool: string; name: string; sizeBytes: number; mark: VolumeMark }[];
}

const facts: ObservedHost["facts"] = {
  uuid: "a50bb195-09f2-4e25-b4c9-646381397308",
  hostname: "alpha",
  cpuModel: "EPYC",
  cpus: 8,
  memoryBytes: 2 ** 34,
  libvirtVersion: "9.0.0",
  qemuVersion: "7.2.0",
  kvm: false,
  machineTypes: ["pc-i440fx-7.2", "pc-q35-7.2"],
  platforms: [
    {
      machine: "pc-q35-7.2",
      accelerator: "qemu",
      capabilities: {
        firmware: ["efi"],
        secureBoot: true,
        tpmModels: ["tpm-tis", "tpm-crb"],
        tpmBackends: ["emulator"],
        tpmVersions: ["1.2", "2.0"],
        graphics: ["vnc", "spice"],
        videoModels: ["vga", "virtio", "qxl", "none"],
        hyperv: ["spinlocks", "vendor_id"],
        cpuModes: ["maximum", "host-model", "custom"],
        cpuModels: ["Nehalem", "Westmere"].map((name) => ({ name, usable: true })),
      },
    },
  ],
  capabilities: {
    hostUuid: "a50bb195-09f2-4e25-b4c9-646381397308",
    architecture: "x86_64",
    guests: [
      {
        architecture: "x86_64",
        emulator: "/usr/bin/qemu-system-x86_64",
        accelerators: ["qemu"],
        machines: [
          { name: "pc-q35-7.2" },
          { name: "q35", canonical: "pc-q35-7.2" },
          { name: "pc-i440fx-7.2" },
          { name: "pc", canonical: "pc-i440fx-7.2" },
        ],
      },
    ],
  },
};

/** Of the document the planner reads no more than what patches make of it. */
function documentWith(patches: DomainModel["patches"]): string {
  const key = JSON.stringify(patches);
  const known = documents.get(key);
  if (known !== undefined) return known;
  const plain =
    "<domain type='qemu'><name>web</name><memory>1</memory><vcpu>1</vcpu><on_crash>destroy</on_crash><devices><memballoon/></devices></domain>";
  const xml = patches === undefined ? plain : patchDomain(plain, { ...parseDomain(plain), patches });
  documents.set(key, xml);
  return xml;
}
const documents = new Map<string | undefined, string>();

export function observedWorld(
  world: MachineWorld,
  pools: readonly string[],
  networks: readonly string[],
): ObservedMachine {
  const { domain } = world;
  const target: ObservedHost = {
    ref: { name: "alpha", connection: { address: "alpha" }, credentials: {} },
    facts,
    networks: [...networks],
    pools: pools.map((name) => {
      const inPool = world.volumes.filter((volume) => volume.pool === name);
      return {
        name,
        path: `/pools/${name}`,
        active: true,
        contents: {
          volumes: inPool.map(
            (volume): VolumeRecord => ({
              pool: name,
              name: volume.name,
              key: `/pools/${name}/${volume.name}`,
              path: `/pools/${name}/${volume.name}`,
              xml: `<volume><name>${volume.name}</name></volume>`,
              type: "file",
              capacityBytes: volume.sizeBytes,
              allocationBytes: 0,
            }),
          ),
          marks: inPool.map((volume) => volume.mark),
          notes: { unfinished: [], leaving: [] },
        },
      };
    }),
    domain:
      domain === undefined
        ? undefined
        : {
            persistent: domain.persistent,
            live: domain.guest?.live,
            run: domain.guest && { ...domain.guest.run, paused: domain.state === "paused" },
            owner: domain.owner,
            record: {
              name: domain.persistent.name,
              uuid: domain.persistent.uuid ?? "",
              id: domain.guest === undefined ? -1 : 1,
              state: domain.state,
              reason: 1,
              reasonName: domain.state === "paused" ? "user" : "booted",
              persistent: true,
              autostart: domain.autostart,
              hasManagedSave: false,
              hasSnapshots: false,
              liveXml: domain.guest === undefined ? undefined : "<domain/>",
              persistentXml: documentWith(domain.persistent.patches),
            },
          },
  };
  return { target, moveRefusals: [], peers: [] };
}

/** What a step is to bring about. */
export function applyToWorld(
  world: MachineWorld,
  step: Step,
  request: MachineRequest,
  observed: ObservedMachine,
): MachineWorld {
  const { inputs, previous } = withDefaults(request, observed);
  const { identity } = request;
  const existing = world.domain?.persistent;
  const model = () =>
    desiredModel(inputs, existing === undefined ? undefined : previous, existing, {
      uuid: request.recorded?.id ?? request.chosen?.uuid ?? "",
      facts: observed.target.facts,
    });
  const nonce = request.recorded?.outputs.nonce ?? request.chosen?.nonce ?? "";
  const owner: OwnerMark = { ...identity, nonce, phase: "created" };
  const domain = world.domain;
  const changed = (change: Partial<NonNullable<MachineWorld["domain"]>>): MachineWorld => {
    if (domain === undefined) throw new Error(`${step.kind} without a domain`);
    return { ...world, domain: { ...domain, ...change } };
  };
  switch (step.kind) {
    case "defineMachine":
      return { ...world, domain: { persistent: model(), state: "shutOff", autostart: false, owner } };
    case "recordOwner":
    case "adopt":
      return changed({ owner });
    case "updateDefinition": {
      const to = inDocumentOrder(existing as DomainModel, { ...model(), name: existing?.name ?? "" });
      const guest = domain?.guest && redefined(domain.guest, existing as DomainModel, to);
      return changed({ persistent: to, guest });
    }
    case "changeRunning": {
      const guest = domain?.guest;
      if (guest === undefined) throw new Error("there is no running guest to change");
      const run = { ...guest.run, paused: domain?.state === "paused" };
      const { live: changes } = sortChanges(existing, guest.live, model(), run);
      const { live, run: now } = changes.reduce(changedGuest, guest);
      const hotplugPorts = live.hotplugPorts - portsTaken(guest.live, changes);
      if (hotplugPorts < 0) throw new Error("more devices were plugged in than there are ports");
      return changed({ guest: { live: { ...withChanges(live, changes, model()), hotplugPorts }, run: now } });
    }
    case "renameMachine":
      return changed({ persistent: { ...(existing as DomainModel), name: step.to } });
    case "setAutostart":
      return changed({ autostart: step.to });
    case "start":
    case "restart":
      return changed({ state: "running", guest: startGuest(existing as DomainModel) });
    case "resume":
      return changed({ state: "running" });
    case "pause":
      return changed({ state: "paused" });
    case "shutdown":
      return changed({ state: "shutOff", guest: undefined });
    case "writeMedium":
    case "createVolume": {
      const mark = { identityHash: identityHashes(request)[0] as string, nonce, volume: step.volume };
      return {
        ...world,
        volumes: [...world.volumes, { pool: step.pool, name: step.volume, sizeBytes: step.sizeBytes, mark }],
      };
    }
    case "growVolume":
      return {
        ...world,
        volumes: world.volumes.map((volume) =>
          volume.pool === step.pool && volume.name === step.volume
            ? { ...volume, sizeBytes: step.toBytes }
            : volume,
        ),
      };
    case "deleteMedium":
    case "deleteVolume":
      return {
        ...world,
        volumes: world.volumes.filter((volume) => volume.pool !== step.pool || volume.name !== step.volume),
      };
    case "moveVolume": {
      const isIt = (pool: string, name: string) => pool === step.from.pool && name === step.subject;
      const moved = (model: DomainModel) => ({
        ...model,
        disks: model.disks.map((disk) =>
          disk.source !== undefined && "pool" in disk.source && isIt(disk.source.pool, disk.source.volume)
            ? { ...disk, source: { pool: step.to.pool, volume: step.subject } }
            : disk,
        ),
      });
      return {
        domain: domain && {
          ...domain,
          persistent: moved(domain.persistent),
          guest: domain.guest && { ...domain.guest, live: moved(domain.guest.live) },
        },
        volumes: world.volumes.map((volume) =>
          isIt(volume.pool, volume.name) ? { ...volume, pool: step.to.pool } : volume,
        ),
      };
    }
    case "record":
      return world;
    default:
      throw new Error(`no step of a VM on one host: ${step.kind}`);
  }
}

/** A model with some of its differences from another taken over. */
function withChanges(from: DomainModel, changes: readonly ModelDifference[], to: DomainModel): DomainModel {
  const model = { ...from, disks: [...from.disks], interfaces: [...from.interfaces] };
  for (const change of changes) {
    if (change.kind === "property") Object.assign(model, { [change.property]: change.to });
    else if (change.kind === "disk") {
      const wanted = to.disks.find((disk) => disk.target === change.target);
      const others = model.disks.filter((disk) => disk.target !== change.target);
      const there = model.disks.find((disk) => disk.target === change.target);
      const made =
        change.property === undefined ? unordered(wanted) : { ...there, [change.property]: change.to };
      model.disks = made === undefined ? others : [...others, made as DomainModel["disks"][number]];
    } else {
      const wanted = to.interfaces.find((nic) => nic.mac === change.mac);
      const others = model.interfaces.filter((nic) => nic.mac !== change.mac);
      const there = model.interfaces.find((nic) => nic.mac === change.mac);
      const made =
        change.property === undefined ? unordered(wanted) : { ...there, [change.property]: change.to };
      if (made === undefined) model.interfaces = others;
      else if (there === undefined) model.interfaces.push(made as DomainModel["interfaces"][number]);
      else
        model.interfaces = model.interfaces.with(
          model.interfaces.indexOf(there),
          made as DomainModel["interfaces"][number],
        );
    }
  }
  return model;
}

/** A definition is edited in place: what is there keeps its place, what is new comes after. */
function inDocumentOrder(before: DomainModel, to: DomainModel): DomainModel {
  const place = ({ mac }: { mac: string }) => {
    const index = before.interfaces.findIndex((other) => other.mac === mac);
    return index < 0 ? before.interfaces.length : index;
  };
  return { ...to, interfaces: [...to.interfaces].sort((a, b) => place(a) - place(b)) };
}

/** A running guest's boot order is what it started with. */
function unordered<T extends { bootOrder?: number }>(device: T | undefined): T | undefined {
  if (device === undefined) return undefined;
  const { bootOrder: _, ...rest } = device;
  return rest as T;
}

/** The ports of PCIe that changes take. */
function portsTaken(live: DomainModel, changes: readonly ModelDifference[]): number {
  const guest = { room: { scsiControllers: scsiControllersOf(live.disks) } } as unknown as RunningGuest;
  return changes.reduce((sum, change) => sum + (rowOf(change).ports?.(change, guest) ?? 0), 0);
}
