import * as pulumi from "@pulumi/pulumi";
import * as kvm from "pulumi-kvm";

const config = new pulumi.Config();
const login = {
  user: config.get("user"),
  identityFile: config.get("identityFile"),
  knownHosts: config.get("knownHosts"),
  sshConfig: config.get("sshConfig"),
};
const alpha = new kvm.Host("alpha", { address: config.get("alpha") ?? "alpha", ...login });
const beta = new kvm.Host("beta", { address: config.get("beta") ?? "beta", ...login });

// Both hosts have mounted the same file system here (NFS, CephFS, GFS2, ...). What one writes the other sees.
const shared = new kvm.StoragePool("shared", {
  hosts: [alpha, beta],
  path: config.get("sharedPath") ?? "/srv/vm",
});

const app = new kvm.VirtualMachine("app", {
  host: config.get("appHost") === "beta" ? beta : alpha,
  memory: config.get("memory") ?? "512MiB",
  disks: [{ size: "256MiB", pool: shared }],
  kernel: config.get("kernel"),
  initrd: config.get("initrd"),
  commandLine: config.get("commandLine"),
  console: { log: "/var/log/libvirt/qemu/app-console.log" },
  migration: {
    storage: "shared",
    // libvirt knows NFS and other network file systems and checks that they are safe for a move. It refuses what it doesn't
    // recognise as shared. Set this only where you know better: on storage that isn't coherent it costs you the disk's content.
    unsafe: config.getBoolean("unsafe"),
  },
});

export const appRunsOn = app.host;
export const appLastMigration = app.lastMigration.apply((move) => move ?? "none yet");
