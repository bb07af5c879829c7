import type { DomainModel } from "../../libvirt/xml/index.js";
import type { Plan } from "../../planning/plan.js";
import type { ObservedDomain, ObservedHost } from "./observed.js";
import type { MachineRequest } from "./request.js";
import type { Inputs } from "./schema.js";

/** What an input names of the host: by its path, or as a device of its network, which has one as well. */
interface HostFile {
  input: string;
  path: string;
  device?: string;
}

/** What a guest can't be started without. */
function hostFilesOf({ kernel, initrd, filesystems = [], cdroms = [], interfaces = [] }: Inputs): HostFile[] {
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
  return [...files.filter((file): file is HostFile => typeof file.path === "string"), ...devices];
}

/** What the kernel has of each of its network devices. */
function deviceFile(device: string): string {
  return `/sys/class/net/${device}`;
}

/** Those that this deployment brings: a VM that is started again without a change is none the worse for it. */
export function newHostFiles({ inputs, previous }: MachineRequest): HostFile[] {
  const before = new Set(previous === undefined ? [] : hostFilesOf(previous).map(({ path }) => path));
  return hostFilesOf(inputs).filter(({ path }) => !before.has(path));
}

/** libvirt takes a definition that names what isn't there, and fails to start the guest, which may have been shut down for it. */
export function judgeHostFiles(
  request: MachineRequest,
  { ref, missing = [] }: Pick<ObservedHost, "ref" | "missing">,
  domain: Pick<ObservedDomain, "persistent" | "live"> | undefined,
  plan: Plan,
): void {
  if (plan.steps.length === 0) return;
  const has = new Set([domain?.persistent, domain?.live].flatMap((model) => (model ? pathsIn(model) : [])));
  for (const { input, path, device } of newHostFiles(request)) {
    if (!missing.includes(path) || has.has(path)) continue;
    const problem = `${input}: there is no ${device ?? path} on ${ref.name}`;
    if (request.inputs.powerState === "stopped")
      plan.warnings.push(`${problem} as yet, without which ${request.inputs.name} can't be started`);
    // Until then the same deployment may put it there.
    else if (request.chosen === undefined)
      plan.warnings.push(`${problem} as yet; "pulumi up" is refused unless it is there by then`);
    else
      plan.refusals.push({
        kind: "missing",
        message: `${problem}; ${device === undefined ? "put" : "make"} it there, or name another`,
      });
  }
}

function pathsIn({ directBoot, filesystems = [], disks, interfaces }: DomainModel): string[] {
  const media = disks.flatMap(({ source }) =>
    source !== undefined && "file" in source ? [source.file] : [],
  );
  const folders = filesystems.map(({ source }) => source);
  const devices = networkDevices(interfaces).map(({ path }) => path);
  return [directBoot?.kernel, directBoot?.initrd, ...media, ...folders, ...devices].filter(
    (path) => path !== undefined,
  );
}

/** The bridges and devices of the host that interfaces are on, but for those of networks. */
export function networkDevices(interfaces: DomainModel["interfaces"]): { device: string; path: string }[] {
  return interfaces.flatMap(({ source }) => {
    if ("bridge" in source) return { device: `bridge ${source.bridge}`, path: deviceFile(source.bridge) };
    return "device" in source ? { device: `device ${source.device}`, path: deviceFile(source.device) } : [];
  });
}
