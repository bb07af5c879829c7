import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { HostRef } from "../../provider/hosts/host-ref.js";
import { virtualMachine } from "../../provider/resources/virtual-machine/index.js";
import { labAvailable } from "../hosts/lab.js";
import { Declared, StorageWorld } from "./storage-world.js";

const { available, missing } = labAvailable();

describe.skipIf(!available)(`a VM that is gone from its host ${missing.join("; ")}`, () => {
  let world: StorageWorld;
  beforeAll(async () => {
    world = await StorageWorld.up("gone");
  });
  afterAll(() => world?.lab.close());

  const here = "create virtual machine web on alpha (it is gone from its host)";
  const anywhere =
    "alpha is no Host of this program, which so doesn't know on which other hosts web may be by now";

  it.each<[string, declared: string[], effects: string[], warning: string | undefined]>([
    ["is made anew where the program's hosts have been asked", ["alpha"], [here], undefined],
    ["is made anew with a warning where there may be hosts of which nobody knows", [], [here], anywhere],
    ["is found on a host that is only read", ["beta"], ["move beta -> alpha while off"], undefined],
  ])("%s", async (_what, declared, effects, warning) => {
    const inputs = {
      pulumiUrn: "urn:pulumi:lab::test::pulumi-nodejs:dynamic/kvm:VirtualMachine::web",
      ...{ name: "web", memory: "64MiB", powerState: "stopped", ...world.onHost("alpha") },
    };
    const hosts: HostRef[] = declared.map((name) => world.ref(name));
    const vm = new Declared(virtualMachine, hosts);
    await vm.up(inputs);
    const [alpha, beta] = [world.host("alpha"), world.host("beta")];
    // By hand, as an evacuation would.
    await beta.writeFile("/tmp/web.xml", await alpha.virsh("dumpxml", "--inactive", "web"));
    await alpha.virsh("undefine", "web");
    if (declared.includes("beta")) await beta.virsh("define", "/tmp/web.xml");
    expect((await vm.preview(inputs)).effects).toEqual(effects);
    const told = vm.said.filter((text) => text.includes("no Host of this program"));
    expect(told).toEqual(warning === undefined ? [] : [expect.stringContaining(warning)]);
    expect(await vm.up(inputs)).toEqual(effects);
    await vm.remove();
    for (const host of [alpha, beta]) expect(await host.virsh("list", "--all", "--name")).toBe("");
  });
});
