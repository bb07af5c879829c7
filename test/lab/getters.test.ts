import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { read } from "../../provider/engine/lifecycle.js";
import { definitions } from "../../provider/resources/index.js";
import { labAvailable } from "../hosts/lab.js";
import { Deployed, StorageWorld } from "./storage-world.js";

const { available, missing } = labAvailable();
const lacking = missing.length === 0 ? "" : ` (missing: ${missing.join("; ")})`;

type Bag = Record<string, unknown>;

describe.skipIf(!available)(`getters on real hosts${lacking}`, () => {
  let world: StorageWorld;
  beforeAll(async () => {
    world = await StorageWorld.up("lookup");
    const alpha = world.host("alpha");
    for (let i = 1; i <= 22; i++) {
      const name = `vm-${String(i).padStart(2, "0")}`;
      await alpha.writeFile(
        "/run/vm.xml",
        `<domain type='qemu'><name>${name}</name><memory unit='MiB'>64</memory><os><type>hvm</type></os></domain>`,
      );
      await alpha.virsh("define", "/run/vm.xml");
    }
    for (const pool of ["idle", "files"]) {
      await alpha.shell(`mkdir /var/lib/libvirt/${pool}`);
      await alpha.virsh("pool-define-as", pool, "dir", "--target", `/var/lib/libvirt/${pool}`);
    }
    await alpha.virsh("pool-start", "files");
    await alpha.virsh("vol-create-as", "files", "one.raw", "1M");
  });
  afterAll(async () => {
    await world?.[Symbol.asyncDispose]();
  });

  /** As Pulumi calls it for a getter: with the program's inputs, in a refresh with the state. */
  async function get(kind: string, props: Bag): Promise<{ id: string; props: Bag }> {
    await using deployed = new Deployed();
    const definition = definitions[kind];
    if (definition === undefined) throw new Error(`no such kind: ${kind}`);
    const type = `pulumi-nodejs:dynamic/kvm:${kind}`;
    const pulumiUrn = `urn:pulumi:dev::test::${type}::it`;
    return read(definition, deployed.deployment, "it", { pulumiUrn, unmanaged: true, ...props });
  }

  function onAlpha(more: Bag): Bag {
    return { host: "alpha", connection: world.connection("alpha"), credentials: world.credentials, ...more };
  }

  function onBoth(more: Bag): Bag {
    const names = ["alpha", "beta"];
    return {
      hosts: Object.fromEntries(names.map((name) => [name, world.connection(name)])),
      credentials: Object.fromEntries(names.map((name) => [name, world.credentials])),
      ...more,
    };
  }

  it("name what there is instead of what isn't", async () => {
    const many = Array.from({ length: 20 }, (_, i) => `"vm-${String(i + 1).padStart(2, "0")}"`).join(", ");
    const silent = { host: "alpha", connection: { ...world.connection("alpha"), port: 1 } };
    const rows: [kind: string, props: Bag, message: string | RegExp][] = [
      [
        "VirtualMachine",
        onAlpha({ name: "no" }),
        `VirtualMachine it: there is no virtual machine "no" on alpha; there is ${many} and 2 more`,
      ],
      [
        "Network",
        onBoth({ name: "no" }),
        'Network it: there is no network "no" on alpha; there is none at all',
      ],
      [
        "StoragePool",
        onBoth({ name: "files" }),
        'StoragePool it: there is no storage pool "files" on beta; there is none at all',
      ],
      [
        "Disk",
        onAlpha({ pool: "no", name: "it" }),
        'Disk it: there is no storage pool "no" on alpha; there is "files", "idle"',
      ],
      [
        "Disk",
        onAlpha({ pool: "files", name: "it" }),
        'Disk it: there is no volume "it" in pool files on alpha; there is "one.raw"',
      ],
      [
        "Disk",
        onAlpha({ pool: "idle", name: "it" }),
        "Disk it: pool idle on alpha is stopped, so that what is in it can't be read; start it with virsh pool-start",
      ],
      [
        "VirtualMachine",
        onAlpha({ name: "vm-01", memory: "1GiB" }),
        "VirtualMachine it: memory: there is no such input; there are timeouts, host, name",
      ],
      ["VirtualMachine", { ...silent, name: "vm-01" }, /^VirtualMachine it: host alpha is unreachable: /],
      [
        "Snapshot",
        onAlpha({ vm: "vm-01", name: "it" }),
        "Snapshot it: can't be read without being managed; leave out the option id",
      ],
    ];
    for (const [kind, props, message] of rows) await expect(get(kind, props)).rejects.toThrow(message);
  });

  it("forget in a refresh what is gone, and keep there what changes by itself", async () => {
    const disk = await get("Disk", onAlpha({ pool: "files", name: "one.raw" }));
    expect(disk.props).toMatchObject({ format: "raw", sizeBytes: 2 ** 20 });
    const aged = await get("Disk", { ...disk.props, allocationBytes: 1, sizeBytes: 2 });
    expect(aged.props).toEqual({ ...disk.props, allocationBytes: 1 });
    expect((await get("Disk", { ...disk.props, name: "it" })).id).toBe("");
  });
});
