import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import * as kvm from "pulumi-kvm";

const config = new pulumi.Config();
const answers = config.get("answers");
const drivers = config.get("drivers");

const host = new kvm.Host("host", {
  address: config.require("host"),
  user: config.get("hostUser") ?? "root",
});
const pool = new kvm.StoragePool("windows", {
  hosts: [host],
  path: config.get("poolPath") ?? "/var/lib/libvirt/windows",
});
const lan = new kvm.Network("windows-lan", { hosts: [host], mode: "nat", cidr: "10.79.0.1/24", dhcp: true });

// Secure Boot, TPM 2.0, Hyper-V enlightenments, local time and devices that Windows knows come with `os`.
const desktop = new kvm.VirtualMachine("desktop", {
  host,
  cpus: 4,
  memory: config.get("memory") ?? "8GiB",
  os: { type: "windows", version: config.get("version") ?? "11", virtioDrivers: drivers },
  disks: [{ size: config.get("diskSize") ?? "80GiB", pool, bootOrder: 1 }],
  cdroms: [{ source: config.require("installer"), bootOrder: 2 }],
  interfaces: [{ network: lan }],
  graphics: { type: "vnc", password: config.requireSecret("vncPassword") },
  answerFile: answers === undefined ? undefined : { windows: readFileSync(answers, "utf8") },
  shutdownTimeout: "5m",
});

export const vncPort = desktop.vncPort;
export const pendingRestart = desktop.pendingRestart;
