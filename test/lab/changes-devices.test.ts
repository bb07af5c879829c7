import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { labAvailable } from "../hosts/lab.js";
import { StorageWorld } from "./storage-world.js";
import { WalkedMachine } from "./walked-machine.js";

const { available, missing } = labAvailable();
const MIB = 2 ** 20;

describe.skipIf(!available)(`disks and interfaces of a running guest ${missing.join("; ")}`, () => {
  let world: StorageWorld;
  beforeAll(async () => {
    world = await StorageWorld.up("devices");
    const alpha = world.host("alpha");
    await alpha.virsh("pool-define-as", "images", "dir", "--target", "/var/lib/libvirt/images");
    await alpha.virsh("pool-start", "images");
    for (const bridge of ["br1", "br2"])
      await alpha.shell(`ip link add ${bridge} type bridge; ip link set ${bridge} up`);
  });
  afterAll(() => world?.lab.close());

  it("come, change and go while it counts", async () => {
    const root = { pool: "images", name: "root", size: "16MiB" };
    const data = { pool: "images", name: "data", size: "32MiB", serial: "data-1" };
    const mac = "52:54:00:aa:00:01";
    await using vm = new WalkedMachine(world, "plugged", { disks: [root], interfaces: [{ bridge: "br1" }] });
    await vm.start();
    const [made] = vm.declared.state.macAddresses as string[];

    await vm.change({
      inputs: { disks: [root, data] },
      announced: [
        "create disk plugged-data (32 MiB, qcow2) in pool images on alpha",
        "disks[vdb] none -> plugged-data in images, live",
      ],
      prints: [new RegExp(`^disk vdb ${32 * MIB}$`, "m")],
    });
    const addressOf = (xml: string) => /target dev='vdb'[\s\S]*?<address ([^>]*)\/>/.exec(xml)?.[1];
    expect(addressOf(await vm.liveXml())).toBe(addressOf(await vm.persistentXml()));

    await vm.change({
      inputs: { interfaces: [{ bridge: "br1" }, { bridge: "br2", mac }] },
      announced: [`interfaces[${mac}] none -> bridge br2, live`],
    });
    await vm.change({
      inputs: {
        interfaces: [
          { bridge: "br1", link: "down" },
          { bridge: "br1", mac },
        ],
      },
      announced: [
        `interfaces[${made}].link "up" -> "down", live`,
        `interfaces[${mac}].source bridge br2 -> bridge br1, live`,
      ],
    });
    expect(await vm.host.shell("ls /sys/class/net/br1/brif | wc -l")).toBe("2\n");
    await vm.change({
      inputs: { interfaces: [{ bridge: "br1" }] },
      announced: [
        `interfaces[${made}].link "down" -> "up", live`,
        `interfaces[${mac}] bridge br1 -> none, live`,
      ],
    });

    await vm.change({
      inputs: { disks: [root] },
      announced: [
        "disks[vdb] plugged-data in images -> none, live",
        "delete disk plugged-data (32 MiB) in pool images on alpha: its data is lost",
      ],
      prints: [/^disk vdb gone$/m],
    });
    expect(await world.ls("alpha", "/var/lib/libvirt/images")).not.toContain("plugged-data");

    await vm.change({
      inputs: { disks: [root, { ...data, bus: "sata" }] },
      announced: [
        "disks[sda] none -> plugged-data in images, at the next boot",
        "create disk plugged-data (32 MiB, qcow2) in pool images on alpha",
      ],
    });
    expect(vm.declared.state.pendingRestart).toEqual(["disks[sda] none -> plugged-data in images"]);
  });
});
