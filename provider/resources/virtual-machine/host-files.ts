import type { DomainModel } from "../../libvirt/xml/index.js";
import type { Plan } from "../../planning/plan.js";
import type { Step } from "../../planning/step.js";
import { modelOf } from "../volume-model.js";
import { isActive, type ObservedDomain, type ObservedHost } from "./observed.js";
import type { MachineRequest } from "./request.js";
import type { Inputs } from "./schema.js";

/** What an input names of the host: by its path, or as a device of its network, which has one as well. */
interface HostFile {
  input: string;
  path: string;
  device?: string;
  /** Of what a disk is a layer over, which no input names by its path. */
  isBase?: true;
}

type WithPools = Pick<ObservedHost, "pools">;

/** What a guest can't be started without. */
function hostFilesOf(inputs: Inputs): HostFile[] {
  const { kernel, initrd, filesystems = [], cdroms = [], interfaces = [], hostDevices = [] } = inputs;
  const files = [
    { input: "kernel", path: kernel },
    { input: "initrd", path: initrd },
    ...filesystems.map(({ source }, i) => ({ input: `filesystems[${i}].source`, path: source })),
    ...cdroms.map(({ source }, i) => ({ input: `cdroms[${i}].source`, path: source })),
  ];
  const devices = interfaces.flatMap(({ bridge, direct }, i): HostFile[] => [
    ...(bridge === undefined
      ? []
      : [{ input: `interfaces[${i}].bridge`, path: deviceFile(bridge), device: `bridge ${bridge}` }]),
    ...(direct === undefined
      ? []
      : [
          {
            input: `interfaces[${i}].direct.dev`,
            path: deviceFile(direct.dev),
            device: `device ${direct.dev}`,
          },
        ]),
  ]);
  const passedThrough = hostDevices.flatMap(({ address }, i): HostFile[] =>
    address === undefined
      ? []
      : [{ input: `hostDevices[${i}].address`, path: pciFile(address), device: `PCI device ${address}` }],
  );
  return [
    ...files.filter((file): file is HostFile => typeof file.path === "string"),
    ...devices,
    ...passedThrough,
  ];
}

/** What the kernel has of each of its network devices. */
function deviceFile(device: string): string {
  return `/sys/class/net/${device}`;
}

function pciFile(address: string): string {
  return `/sys/bus/pci/devices/${address}`;
}

/** What disks are layers over, as far as what is in the pools says it. */
function basesOf({ pools }: WithPools, disks: DomainModel["disks"]): HostFile[] {
  return disks.flatMap(({ target, source }) => {
    if (source === undefined || !("volume" in source)) return [];
    const bases: HostFile[] = [];
    const pool = pools.find(({ name }) => name === source.pool);
    let layer = pool?.contents.volumes.find(({ name }) => name === source.volume);
    // Each path once: what somebody has made may go round in a circle.
    while (layer !== undefined) {
      const path = modelOf(layer).backing?.path;
      if (path?.startsWith("/") !== true || bases.some((base) => base.path === path)) break;
      bases.push({ input: `disks[${target}]`, path, isBase: true });
      layer = volumeAt(path, pools);
    }
    return bases;
  });
}

function volumeAt(path: string, pools: WithPools["pools"]) {
  for (const { contents } of pools) {
    const found = contents.volumes.find((volume) => volume.path === path);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Those worth a look: all of them where a guest may be started, or restarted, by this deployment. */
export function hostFilesToFind(
  request: MachineRequest,
  domain: ObservedDomain | undefined,
  place: WithPools,
): HostFile[] {
  const { inputs, previous } = request;
  const isRunning = domain !== undefined && isActive(domain);
  const mayStart = isRunning
    ? inputs.restartPolicy === "whenNeeded" && previous !== inputs
    : inputs.powerState !== "stopped";
  return mayStart
    ? [...hostFilesOf(inputs), ...basesOf(place, domain?.persistent?.disks ?? [])]
    : newHostFiles(request);
}

/** Those that this deployment brings: a guest that runs on is none the worse for what it began with. */
export function newHostFiles({ inputs, previous }: MachineRequest): HostFile[] {
  const before = new Set(previous === undefined ? [] : hostFilesOf(previous).map(({ path }) => path));
  return hostFilesOf(inputs).filter(({ path }) => !before.has(path));
}

const STARTING: ReadonlySet<Step["kind"]> = new Set(["start", "restart"]);

/**
 * libvirt takes a definition that names what isn't there, and fails to start the guest, which may have been shut down for it. `becomes` are the disks
 * that a VM which is there is to have: one that goes needs nothing.
 */
export function judgeHostFiles(
  request: MachineRequest,
  { ref, missing = [], pools }: Pick<ObservedHost, "ref" | "missing" | "pools">,
  domain: Pick<ObservedDomain, "persistent" | "live"> | undefined,
  plan: Plan,
  becomes: () => DomainModel["disks"] = () => [],
): void {
  if (plan.steps.length === 0) return;
  const has = new Set([domain?.persistent, domain?.live].flatMap((model) => (model ? pathsIn(model) : [])));
  const starts = plan.steps.some(({ kind }) => STARTING.has(kind));
  const needed = starts
    ? [...hostFilesOf(request.inputs), ...basesOf({ pools }, becomes())]
    : newHostFiles(request);
  for (const { input, path, device, isBase } of needed) {
    if (!missing.includes(path) || (has.has(path) && !starts)) continue;
    const problem = `${input}: there is no ${device ?? path}${isBase ? ", over which it is a layer," : ""} on ${ref.name}`;
    if (request.inputs.powerState === "stopped")
      plan.warnings.push(`${problem} as yet, without which ${request.inputs.name} can't be started`);
    // Until then the same deployment may put it there.
    else if (request.chosen === undefined)
      plan.warnings.push(`${problem} as yet; "pulumi up" is refused unless it is there by then`);
    else
      plan.refusals.push({
        kind: "missing",
        message: `${problem}; ${device === undefined ? "put" : "make"} it there${isBase ? " again" : ", or name another"}`,
      });
  }
}

function pathsIn({
  directBoot,
  filesystems = [],
  disks,
  interfaces,
  hostDevices = [],
}: DomainModel): string[] {
  const media = disks.flatMap(({ source }) =>
    source !== undefined && "file" in source ? [source.file] : [],
  );
  const folders = filesystems.map(({ source }) => source);
  const devices = networkDevices(interfaces).map(({ path }) => path);
  const passedThrough = hostDevices.flatMap((device) =>
    device.type === "pci" ? [pciFile(device.address)] : [],
  );
  const files = [directBoot?.kernel, directBoot?.initrd, ...media, ...folders];
  return [...files, ...devices, ...passedThrough].filter((path) => path !== undefined);
}

/** The bridges and devices of the host that interfaces are on, but for those of networks. */
export function networkDevices(interfaces: DomainModel["interfaces"]): { device: string; path: string }[] {
  return interfaces.flatMap(({ source }) => {
    if ("bridge" in source) return { device: `bridge ${source.bridge}`, path: deviceFile(source.bridge) };
    return "device" in source ? { device: `device ${source.device}`, path: deviceFile(source.device) } : [];
  });
}
