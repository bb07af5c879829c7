import * as pulumi from "@pulumi/pulumi";
import * as kvm from "pulumi-kvm";

const config = new pulumi.Config();

// "local" is the libvirt of the machine that runs Pulumi, by its socket. You need to be root or in the group libvirt.
const here = new kvm.Host("here", { address: "local" });

const images = new kvm.StoragePool("local-images", {
  host: here,
  path: config.get("poolPath") ?? "/var/lib/libvirt/local-example",
});
const lan = new kvm.Network("local-lan", { host: here, mode: "isolated", cidr: "10.77.0.1/24", dhcp: true });

const box = new kvm.VirtualMachine("box", {
  host: here,
  memory: config.get("memory") ?? "512MiB",
  kernel: config.get("kernel"),
  initrd: config.get("initrd"),
  commandLine: config.get("commandLine"),
  disks: [{ size: "64MiB", pool: images }],
  interfaces: [{ network: lan }],
  console: { log: "/var/log/libvirt/qemu/box-console.log" },
});

// A VM that something else manages is read, and never changed.
const neighbour = config.get("neighbour");
const other = neighbour === undefined ? undefined : kvm.VirtualMachine.get(neighbour, { host: here });

export const neighbourState = other?.state;
export const hostname = here.hostname;
export const state = box.state;
