import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { remote } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import * as kvm from "pulumi-kvm";

const config = new pulumi.Config();
const hostAddress = config.require("host");
const hostUser = config.get("hostUser") ?? "root";
const guestUser = config.get("guestUser") ?? "ops";

// One key for both: it logs in to the host, and through the host to the guest, which learns its public half from cloud-init.
const keyFile = config.get("keyFile") ?? join(homedir(), ".ssh", "id_ed25519");
const privateKey = pulumi.secret(readFileSync(keyFile, "utf8"));
const publicKey = readFileSync(`${keyFile}.pub`, "utf8").trim();

const host = new kvm.Host("host", {
  address: hostAddress,
  user: hostUser,
  identityFile: keyFile,
  knownHosts: config.get("knownHosts"),
});

const pool = new kvm.StoragePool("cloud-images", {
  hosts: [host],
  path: config.get("poolPath") ?? "/var/lib/libvirt/cloud-images",
});
const lan = new kvm.Network("cloud-lan", { hosts: [host], mode: "nat", cidr: "10.78.0.1/24", dhcp: true });

// The host downloads it, once, and keeps it under a name made of its content.
const image = config.get("image");
const ofDebian = "https://cloud.debian.org/images/cloud/bookworm/latest";
const debian = new kvm.Image("debian", {
  hosts: [host],
  pool,
  source: image ?? `${ofDebian}/debian-12-genericcloud-amd64.qcow2`,
  sha256: config.get("imageSha256"),
  checksumUrl: image ? undefined : `${ofDebian}/SHA512SUMS`,
});

// Its disk is a thin layer over the image. Make diskSize larger and run `pulumi up`: the running guest sees it.
const web = new kvm.VirtualMachine("web", {
  host,
  cpus: 2,
  memory: config.get("memory") ?? "1GiB",
  disks: [{ image: debian, size: config.get("diskSize") ?? "10GiB", pool }],
  interfaces: [{ network: lan }],
  cloudInit: {
    hostname: "web",
    users: [{ name: guestUser, sudo: true, shell: "/bin/bash", sshAuthorizedKeys: [publicKey] }],
  },
  waitFor: "ssh",
  waitTimeout: config.get("waitTimeout") ?? "5m",
});

// The guest is on the host's own network: the way to it leads through the host.
const greeting = new remote.Command("greeting", {
  connection: {
    host: web.ipAddress.apply((address) => address ?? ""),
    user: guestUser,
    privateKey,
    proxy: { host: hostAddress, user: hostUser, privateKey },
  },
  create: 'echo "$(whoami) on $(hostname), $(. /etc/os-release; echo $PRETTY_NAME)"',
});

export const address = web.ipAddress;
export const says = greeting.stdout;
