import * as pulumi from "@pulumi/pulumi";
import * as kvm from "pulumi-kvm";

const config = new pulumi.Config();

const host = new kvm.Host("host", { address: config.require("host"), sshConfig: config.get("sshConfig") });
const pool = new kvm.StoragePool("appliance-images", {
  host,
  path: config.get("poolPath") ?? "/var/lib/libvirt/appliances",
});
const lan = new kvm.Network("appliance-lan", { host, mode: "nat", cidr: "10.78.0.1/24", dhcp: true });

// A file of this machine, or an address: then only its description is read here, and the host downloads it.
const appliance = kvm.ova(config.require("appliance"), {
  // What the appliance calls its networks: VMware's programs and VirtualBox write these.
  networks: {
    "VM Network": lan,
    NAT: lan,
    ...(config.get("network") && { [config.require("network")]: lan }),
  },
  sha256: config.get("sha256"),
});

const vm = new kvm.VirtualMachine("appliance", {
  ...appliance.machine,
  host,
  disks: appliance.disks.map(({ name, bus, image, sizeBytes }) =>
    image === undefined
      ? { size: sizeBytes, pool, bus } // the appliance has it blank
      : { image: new kvm.Image(`appliance-${name}`, { ...image, host, pool }), pool, bus },
  ),
  console: { log: "/var/log/libvirt/qemu/appliance-console.log" },
});

export const called = appliance.name;
export const state = vm.state;
