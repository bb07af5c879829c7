import type { LabHost } from "../hosts/host.js";

/** All that libvirt and the provider keep on a host, for comparing before with after. */
export interface HostContents {
  /** By name; "running", "shut off", ... */
  readonly domains: Readonly<Record<string, string>>;
  readonly networks: readonly string[];
  readonly pools: readonly string[];
  /** Marks and logs included; folders only below those that were asked for: libvirt makes its own when it first needs them. */
  readonly files: readonly string[];
}

const libvirtFolders = ["/var/lib/libvirt", "/etc/libvirt", "/var/log/libvirt", "/run/libvirt/qemu"];

/** What there is, with everything below the folders. */
export async function contentsOf(host: LabHost, folders: readonly string[] = []): Promise<HostContents> {
  const names = async (list: string) =>
    lines(await host.virsh(list, "--all", "--name")).map((name) => name.trimEnd());
  const domains: [string, string][] = [];
  for (const name of await names("list")) domains.push([name, await stateOf(host, name)]);
  const found = [
    ...lines(await host.mustExec(["find", ...libvirtFolders, "-type", "f", "-o", "-type", "l"])),
    ...(folders.length === 0 ? [] : lines(await host.mustExec(["find", ...folders]))),
  ];
  return {
    domains: Object.fromEntries(domains),
    networks: await names("net-list"),
    pools: await names("pool-list"),
    files: found.sort(),
  };
}

export async function stateOf(host: LabHost, domain: string): Promise<string> {
  return (await host.virsh("domstate", "--", domain)).trim();
}

/** File names of a folder, those that begin with a dot too. */
export async function filesIn(host: LabHost, folder: string): Promise<string[]> {
  return lines(await host.mustExec(["ls", "-A", "--quoting-style=literal", "--", folder])).sort();
}

/** Those that aren't marks of the provider's. */
export async function volumesIn(host: LabHost, folder: string): Promise<string[]> {
  return (await filesIn(host, folder)).filter((name) => !name.startsWith(".pulumi-kvm."));
}

/** A definition without what the provider notes in it. */
export async function unmarked(host: LabHost, ...dump: string[]): Promise<string> {
  return (await host.virsh(...dump)).replace(/\s*<metadata>[\s\S]*<\/metadata>/, "");
}

export function lines(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}
