import * as pulumi from "@pulumi/pulumi";
import * as kvm from "pulumi-kvm";

const config = new pulumi.Config();

// How to reach the hosts. Whatever isn't set is taken from where `ssh` takes it: ~/.ssh/config, the agent, known_hosts.
const login = {
  user: config.get("user"),
  identityFile: config.get("identityFile"),
  knownHosts: config.get("knownHosts"),
  sshConfig: config.get("sshConfig"),
};
const alpha = new kvm.Host("alpha", { address: config.get("alpha") ?? "alpha", ...login });
const beta = new kvm.Host("beta", { address: config.get("beta") ?? "beta", ...login });

const hosts: Record<string, kvm.Host> = { alpha, beta };
const webHostName = config.get("webHost") ?? "alpha";
const webHost = hosts[webHostName];
if (!webHost) {
  throw new pulumi.RunError(`webHost is "${webHostName}"; it must be ${Object.keys(hosts).join(" or ")}`);
}

// The same pool and the same network on both hosts: a VM finds on one what it had on the other.
const images = new kvm.StoragePool("quickstart-images", {
  hosts: [alpha, beta],
  path: config.get("poolPath") ?? "/var/lib/libvirt/quickstart",
});
const lan = new kvm.Network("quickstart-lan", {
  hosts: [alpha, beta],
  mode: "nat",
  cidr: "10.76.0.1/24",
  dhcp: true,
});

const memory = config.get("memory") ?? "512MiB";
// Booting a kernel from the host's file system needs no disk image. Without these the VMs run their firmware and find no system.
const system = {
  kernel: config.get("kernel"),
  initrd: config.get("initrd"),
  commandLine: config.get("kernel") ? "console=ttyS0 quiet" : undefined,
};
const consoleLog = (vm: string) => `/var/log/libvirt/qemu/${vm}-console.log`;

// A VM whose disk lives and goes with it. Change webHost and run `pulumi up`: it moves while it runs, its disk too.
const web = new kvm.VirtualMachine("web", {
  host: webHost,
  cpus: 1,
  memory,
  ...system,
  disks: [{ size: "64MiB", pool: images }],
  interfaces: [{ network: lan }],
  console: { log: consoleLog("web") },
});

// A VM whose disk is a resource of its own, which outlives the VM.
const data = new kvm.Disk("db-data", { host: beta, pool: images, size: "64MiB" });
const db = new kvm.VirtualMachine("db", {
  host: beta,
  cpus: 1,
  memory,
  ...system,
  disks: [{ disk: data }],
  interfaces: [{ network: lan }],
  console: { log: consoleLog("db") },
});

export const webRunsOn = web.host;
export const webConsole = consoleLog("web");
export const webLastMigration = web.lastMigration.apply((move) => move ?? "none yet");
export const dbRunsOn = db.host;
