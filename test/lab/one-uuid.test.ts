import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { virtualMachine } from "../../provider/resources/virtual-machine/index.js";
import { labAvailable } from "../hosts/lab.js";
import { Declared, StorageWorld } from "./storage-world.js";

const { available, missing } = labAvailable();

// As boards have it whose maker gave all of them the same, and machines that were cloned with libvirt's configuration.
describe.skipIf(!available)(`two hosts with one UUID of libvirt's ${missing.join("; ")}`, () => {
  let world: StorageWorld;
  const configuration = "/etc/libvirt/libvirtd.conf";
  const useUuid = async (line: string) => {
    const beta = world.host("beta");
    await beta.stopLibvirtd();
    await beta.shell(`sed -i '/^host_uuid/d' ${configuration}; echo '${line}' >>${configuration}`);
    await beta.startLibvirtd();
  };
  beforeAll(async () => {
    world = await StorageWorld.up("one-uuid");
    for (const name of ["alpha", "beta"])
      await world.host(name).shell(`mkdir -p /var/lib/libvirt/disks
        virsh -q pool-create-as disks dir --target /var/lib/libvirt/disks`);
    await useUuid((await world.host("alpha").shell(`grep '^host_uuid' ${configuration}`)).trim());
  });
  afterAll(() => world?.lab.close());

  it("don't have a VM made a second time, and move it once one of them has another", async () => {
    const vm = new Declared(virtualMachine, [world.ref("alpha"), world.ref("beta")]);
    const inputs = {
      pulumiUrn: "urn:pulumi:lab::test::pulumi-nodejs:dynamic/kvm:VirtualMachine::web",
      ...{ name: "web", memory: "64MiB", powerState: "stopped", disks: [{ size: "16MiB", pool: "disks" }] },
    };
    await vm.up({ ...inputs, ...world.onHost("alpha") });
    const moved = { ...inputs, ...world.onHost("beta") };
    const refusal =
      /are two machines with one libvirt host UUID \(.*give one of them another: a line host_uuid/;
    expect((await vm.preview(moved)).effects).toEqual([expect.stringMatching(refusal)]);
    await expect(vm.up(moved)).rejects.toThrow(refusal);
    expect(await world.host("beta").virsh("list", "--all", "--name")).toBe("");
    expect(await world.ls("beta", "/var/lib/libvirt/disks")).toEqual([]);

    await useUuid(`host_uuid = "${crypto.randomUUID()}"`);
    expect(await vm.up(moved)).toEqual(["move alpha -> beta while off, copying web-0"]);
    expect(await world.host("alpha").virsh("list", "--all", "--name")).toBe("");
    expect(await world.ls("alpha", "/var/lib/libvirt/disks")).toEqual([]);
    await vm.remove();
  });
});
