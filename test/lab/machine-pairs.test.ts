import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { describeDifferences, parseDomain } from "../../provider/libvirt/xml/index.js";
import { virtualMachine } from "../../provider/resources/virtual-machine/index.js";
import { labAvailable } from "../hosts/lab.js";
import { machineInputs, NETWORKS, POOLS } from "../property/machine-inputs.js";
import { runs } from "../support/runs.js";
import { Declared, Deployed, StorageWorld } from "./storage-world.js";

const { available, missing } = labAvailable();
// A few hundred: KVM_TEST_RUNS=8 npx vitest run --project lab test/lab/machine-pairs.test.ts
const PAIRS = runs(40);

/** As people put it there: elements that the model doesn't know, beside the ones that it does. */
const NOTE = "<note>ask Ada</note>";

describe.skipIf(!available)(
  `any two VMs, one made of the other by a real libvirt ${missing.join("; ")}`,
  () => {
    let world: StorageWorld;
    beforeAll(async () => {
      world = await StorageWorld.up("pairs");
      const alpha = world.host("alpha");
      for (const pool of POOLS) {
        await alpha.shell(`mkdir -p /var/lib/libvirt/${pool}`);
        await alpha.virsh("pool-define-as", pool, "dir", "--target", `/var/lib/libvirt/${pool}`);
        await alpha.virsh("pool-start", pool);
      }
      for (const [i, network] of NETWORKS.entries()) {
        await alpha.writeFile(
          "/run/net.xml",
          `<network><name>${network}</name><ip address='10.77.${i}.1' prefix='24'/></network>`,
        );
        await alpha.shell(`virsh -q net-define /run/net.xml; virsh -q net-start ${network}`);
      }
    });
    afterAll(() => world?.lab.close());

    const off = (inputs: object) => ({
      ...inputs,
      ...{ host: "alpha", connection: world.connection("alpha"), credentials: world.credentials },
      powerState: "stopped",
    });
    /** Targets, MAC addresses and the order of devices are history's. */
    const essenceOf = async (name: string) => {
      const xml = await world.host("alpha").virsh("dumpxml", "--inactive", "--security-info", name);
      const { uuid: _, hotplugPorts: __, ...model } = parseDomain(xml);
      const disks = model.disks.map(({ target: _target, ...disk }) =>
        JSON.stringify(disk, Object.keys(disk).sort()),
      );
      const nics = model.interfaces.map(({ mac: _mac, ...nic }) => JSON.stringify(nic));
      return { ...model, disks: disks.sort(), interfaces: nics.sort() };
    };

    it("is the same as made anew, has nothing left to do, and keeps what people added", {
      timeout: Math.max(900_000, PAIRS * 30_000),
    }, async () => {
      const alpha = world.host("alpha");
      const hosts = [world.ref("alpha")];
      await using deployed = new Deployed(hosts);
      await fc.assert(
        fc.asyncProperty(machineInputs, machineInputs, async (a, b) => {
          const changed = new Declared(virtualMachine, hosts, deployed);
          const from = off({ ...a, machine: "q35" });
          const to = off({ ...b, machine: "q35" });
          await changed.up(from);
          await alpha.virsh(
            "metadata",
            a.name,
            "--config",
            "--uri",
            "urn:example:notes",
            "--key",
            "ours",
            "--set",
            NOTE,
          );
          await alpha.shell(
            `virsh -q dumpxml --inactive ${a.name} | sed "s|</devices>|<panic model='isa'/></devices>|" >/run/added.xml; virsh -q define /run/added.xml`,
          );
          const before = await alpha.virsh("dumpxml", "--inactive", a.name);
          await changed.up(to);
          expect(await changed.preview(to)).toMatchObject({
            effects: [],
            refusals: [],
            diff: { changes: false },
          });
          const reached = await essenceOf(b.name);
          const xml = await alpha.virsh("dumpxml", "--inactive", b.name);
          expect(xml).toContain("ask Ada");
          expect(xml).toContain("<panic model='isa'");
          // The second change back is a change as well.
          await changed.up(from);
          const back = await alpha.virsh("dumpxml", "--inactive", a.name);
          expect(
            describeDifferences(withoutHistory(parseDomain(before)), withoutHistory(parseDomain(back))),
          ).toEqual([]);
          await changed.remove();

          const made = new Declared(virtualMachine, hosts, deployed);
          await made.up(to);
          expect(reached).toEqual(await essenceOf(b.name));
          await made.remove();
          for (const pool of POOLS) expect(await world.ls("alpha", `/var/lib/libvirt/${pool}`)).toEqual([]);
        }),
        { numRuns: PAIRS, endOnFailure: true },
      );
    });
  },
);

/** Which name and address a disk or interface got is history's; so are ports, of which none is taken away again. */
function withoutHistory(model: ReturnType<typeof parseDomain>): ReturnType<typeof parseDomain> {
  const byText = <T>(a: T, b: T) => JSON.stringify(a).localeCompare(JSON.stringify(b));
  return {
    ...model,
    hotplugPorts: 0,
    disks: model.disks
      .map((disk) => ({ ...disk, target: "" }))
      .sort(byText)
      .map((disk, i) => ({ ...disk, target: String(i) })),
    interfaces: model.interfaces
      .map((nic) => ({ ...nic, mac: "" }))
      .sort(byText)
      .map((nic, i) => ({ ...nic, mac: String(i) })),
  };
}
