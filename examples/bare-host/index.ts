import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import * as kvm from "pulumi-kvm";

const config = new pulumi.Config();
const address = config.require("host");
// What `ssh-keyscan -t ed25519 HOST` prints after the name, once you know that it is the host's.
const hostKey = config.require("hostKey");
const user = config.get("user") ?? "root";
const keyFile = config.get("keyFile") ?? join(homedir(), ".ssh", "id_ed25519");
const privateKey = pulumi.secret(readFileSync(keyFile, "utf8"));

// Packages, the group libvirt, daemons, the pool "default", a bridge if one is configured. On a host that has them nothing is changed.
const bridge = config.get("bridge");
const bare = new kvm.HostBootstrap("bare", {
  connection: { host: address, user, privateKey, hostKey },
  bridge: bridge === undefined ? undefined : { name: bridge, port: config.get("bridgePort") },
});

// It has the address once the host is fit: until then nothing looks for libvirt there.
const host = new kvm.Host("bare", { address: bare.address, user, privateKey, hostKey, sshConfig: false });

const first = new kvm.VirtualMachine("first", {
  host,
  memory: config.get("memory") ?? "1GiB",
  disks: [{ size: "4GiB", pool: "default" }],
  interfaces: bridge === undefined ? [] : [{ bridge }],
  powerState: "stopped", // it has nothing to boot yet
});

export const changes = bare.changes;
export const notes = bare.notes;
/** What isn't as one would wish: without KVM, for instance. */
export const findings = bare.findings.apply((all) =>
  all.filter(({ level }) => level !== "fine").map(({ level, what }) => `${level}: ${what}`),
);
export const libvirt = host.libvirtVersion;
export const vm = first.uuid;
