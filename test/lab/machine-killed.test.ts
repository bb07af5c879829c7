import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { virtualMachine } from "../../provider/resources/virtual-machine/index.js";
import { labAvailable } from "../hosts/lab.js";
import { tickCommandLine, tickGuest } from "../hosts/tick-guest.js";
import { ProviderProcess } from "./provider-process.js";
import { Declared, StorageWorld } from "./storage-world.js";

const { available, missing } = labAvailable();
const folder = "/var/lib/libvirt/images";
const image = { name: "base", pool: "bases", volume: "base", sizeBytes: 8 * 2 ** 20 };
/** More than there are; the last one ends undisturbed. */
const MOST_CALLS = 40;

describe.skipIf(!available)(
  `a VM whose deployment is killed at any call that changes something ${missing.join("; ")}`,
  () => {
    let world: StorageWorld;
    beforeAll(async () => {
      world = await StorageWorld.up("vm-killed");
      const alpha = world.host("alpha");
      await alpha.virsh("pool-define-as", "images", "dir", "--target", folder);
      await alpha.virsh("pool-start", "images");
      await alpha.shell("mkdir -p /var/lib/libvirt/bases");
      await alpha.virsh("pool-define-as", "bases", "dir", "--target", "/var/lib/libvirt/bases");
      await alpha.virsh("pool-start", "bases");
      await alpha.virsh("vol-create-as", "bases", "base", `${image.sizeBytes}`, "--format", "qcow2");
    });
    afterAll(() => world?.lab.close());

    const inputsOf = (name: string, more: Record<string, unknown> = {}) => {
      const { kernelPath, initrdPath } = tickGuest();
      return {
        pulumiUrn: `urn:pulumi:lab::test::pulumi-nodejs:dynamic/kvm:VirtualMachine::${name}`,
        ...{ name, host: "alpha", connection: world.connection("alpha"), credentials: world.credentials },
        ...{
          memory: "128MiB",
          kernel: kernelPath,
          initrd: initrdPath,
          commandLine: tickCommandLine,
        },
        disks: [
          { pool: "images", name: "root", size: "16MiB", image },
          { pool: "images", name: "data", size: "8MiB" },
        ],
        cloudInit: { hostname: "before" },
        ...more,
      };
    };

    /** Runs a deployment that is killed right after its n-th change; false when it had fewer. */
    async function killedAt(moment: string, vm: Declared, inputs: object): Promise<boolean> {
      const task = {
        kind: "VirtualMachine",
        id: vm.id,
        state: vm.state,
        inputs,
        hosts: [world.ref("alpha")],
      };
      await using deploying = await ProviderProcess.run("resource-child.mjs", task, moment);
      const came = await deploying.killedAtStop();
      if (!came) expect(await deploying.outcome()).toHaveProperty("result");
      return came;
    }

    /** What the next run makes of it is what it was to be, once, and nothing else. */
    async function expectWhole(vm: Declared, inputs: ReturnType<typeof inputsOf>, at: string): Promise<void> {
      const alpha = world.host("alpha");
      expect([at, await vm.preview(inputs)]).toMatchObject([at, { effects: [], refusals: [] }]);
      expect((await alpha.virsh("list", "--all", "--name")).trim()).toBe(inputs.name);
      expect((await alpha.virsh("domstate", inputs.name)).trim()).toBe("running");
      const files = await world.ls("alpha", folder);
      const volumes = files.filter((file) => !file.startsWith(".")).sort();
      // The seed that it starts with next, and the one that the guest was started with.
      const documents = await alpha.shell(
        `virsh dumpxml ${inputs.name}; virsh dumpxml --inactive ${inputs.name}`,
      );
      const seeds = new Set(documents.match(new RegExp(`${inputs.name}-seed-\\w+\\.iso`, "g")));
      const disks = inputs.disks.map(({ name }) => `${inputs.name}-${name}`);
      expect(seeds.size).toBeGreaterThan(0);
      expect([at, volumes]).toEqual([at, [...disks, ...seeds].sort()]);
      const backing = await alpha.shell(`qemu-img info -U ${folder}/${inputs.name}-root`);
      expect(backing).toContain("backing file: /var/lib/libvirt/bases/base");
      const marks = files.filter((file) => file.startsWith("."));
      expect(marks.map((mark) => mark.replace(/^\.pulumi-kvm\.\w+\.\w+\./, "")).sort()).toEqual(volumes);
    }

    // Before a call the world is as after the one before it.
    const moments = Array.from({ length: MOST_CALLS }, (_, i) => `*:after:${i + 1}`);

    it("is made by the next run, once, and goes without a trace", { timeout: 900_000 }, async () => {
      let kills = 0;
      let killed = true;
      for (const at of moments) {
        if (!killed) break;
        const vm = new Declared(virtualMachine, [world.ref("alpha")]);
        const inputs = inputsOf("made");
        killed = await killedAt(at, vm, inputs);
        if (killed) kills += 1;
        await vm.up(inputs);
        await expectWhole(vm, inputs, at);
        await vm.remove();
        expect(await world.ls("alpha", folder)).toEqual([]);
        expect((await world.host("alpha").virsh("list", "--all", "--name")).trim()).toBe("");
      }
      expect(killed).toBe(false);
      expect(kills).toBeGreaterThan(5);
    });

    it("goes without the disk that was on its way to another pool, as the next run has it", async () => {
      const alpha = world.host("alpha");
      const inputs = inputsOf("fewer");
      const [root, data] = inputs.disks;
      const pools = "/var/lib/libvirt/images /var/lib/libvirt/bases";
      const moments = [
        { at: "DomainBlockJobAbort:before", ends: "delete disk" },
        { at: "DomainBlockJobAbort:after", ends: "delete disk" },
        { at: "StorageVolDelete:after:3", ends: "delete disk" },
        { at: "StorageVolDelete:after:3", ends: "keep disk", retainOnDelete: true },
      ];
      for (const { at, ends, ...more } of moments) {
        const vm = new Declared(virtualMachine, [world.ref("alpha")]);
        const withData = (pool: string) => ({ ...inputs, disks: [root, { ...data, ...more, pool }] });
        await vm.up(withData("images"));
        expect(await killedAt(at, vm, withData("bases"))).toBe(true);
        const without = { ...inputs, disks: [root] };
        expect([at, (await vm.preview(without)).effects.join("; ")]).toEqual([
          at,
          expect.stringMatching(new RegExp(`disks\\[vdb\\] fewer-data in \\w+ -> none.*${ends} fewer-data`)),
        ]);
        await vm.up(without);
        expect([at, await vm.preview(without)]).toMatchObject([at, { effects: [], refusals: [] }]);
        for (const document of ["dumpxml fewer", "dumpxml --inactive fewer"])
          expect(await alpha.virsh(...document.split(" "))).not.toContain("fewer-data");
        const left = (await alpha.shell(`ls -A ${pools}`)).match(/.*fewer-data/g) ?? [];
        expect([at, left]).toEqual([at, more.retainOnDelete ? ["fewer-data"] : []]);
        await alpha.shell("rm -f /var/lib/libvirt/bases/fewer-data");
        await vm.remove();
      }
    });

    it("has its disks again where it was deleted by hand and forgotten, as the preview says, and takes them along in the end", async () => {
      const alpha = world.host("alpha");
      const inputs = { ...inputsOf("again"), powerState: "stopped" };
      const volumes = await world.ls("alpha", folder);
      await new Declared(virtualMachine, [world.ref("alpha")]).up(inputs);
      await alpha.virsh("undefine", "again");
      const vm = new Declared(virtualMachine, [world.ref("alpha")]);
      await vm.preview(inputs);
      expect(vm.said.join("\n")).toContain(
        "disks that were made for this virtual machine before are still on alpha and are used with what is on them: again-root in pool images, again-data in pool images; to begin with an empty one delete it first (virsh vol-delete)",
      );
      await vm.up(inputs);
      await vm.remove();
      expect(await world.ls("alpha", folder)).toEqual(volumes);
    });

    it("is on record when its host is lost while its guest is waited for", async () => {
      const alpha = world.host("alpha");
      const { cloudInit: _, ...inputs } = inputsOf("lost", { waitFor: "agent", disks: [] });
      const vm = new Declared(virtualMachine, [world.ref("alpha")]);
      const refuse = "-p tcp --dport 22 -j REJECT --reject-with tcp-reset";
      const failure = vm.up(inputs).then(String, (error: Error) => error.message);
      await vi.waitFor(() => expect(vm.said.join()).toContain("waiting for the guest's agent"), 30_000);
      await alpha.shell(`iptables -w -A INPUT ${refuse}`);
      try {
        expect(await failure).toMatch(
          /^VirtualMachine lost: host alpha is unreachable: .*; it was lost after this had begun: wait for the guest's agent, at most 300 s; what was done stays, and the next "pulumi up" goes on from there$/,
        );
      } finally {
        await alpha.shell(`iptables -w -D INPUT ${refuse}`);
      }
      expect(vm.state).toMatchObject({ uuid: vm.id, state: "running", host: "alpha" });
      const ready = { ...inputs, waitFor: "none" };
      await vm.up(ready);
      expect(await vm.preview(ready)).toMatchObject({ effects: [], refusals: [] });
      await vm.remove();
      expect((await alpha.virsh("list", "--all", "--name")).trim()).toBe("");
    });

    it("is waited for by the next run when this one has started it and was killed", async () => {
      const alpha = world.host("alpha");
      const inputs = inputsOf("awaited", { waitFor: "running", waitTimeout: "30s", disks: [] });
      delete (inputs as Record<string, unknown>).cloudInit;
      const vm = new Declared(virtualMachine, [world.ref("alpha")]);
      await vm.up(inputs);
      expect(vm.state).toMatchObject({ ready: { goal: "running" } });
      expect(await alpha.virsh("dumpxml", "awaited")).not.toContain("urn:pulumi-kvm:wait");
      await alpha.virsh("destroy", "awaited");
      const task = {
        kind: "VirtualMachine",
        id: vm.id,
        state: vm.state,
        inputs,
        hosts: [world.ref("alpha")],
      };
      await using deploying = await ProviderProcess.run(
        "resource-child.mjs",
        task,
        "DomainCreateWithFlags:after:1",
      );
      expect(await deploying.killedAtStop()).toBe(true);
      expect((await alpha.virsh("domstate", "awaited")).trim()).toBe("running");
      expect((await vm.preview(inputs)).effects).toEqual(["wait for the guest to run, at most 30 s"]);
      await vm.up(inputs);
      expect(await vm.preview(inputs)).toMatchObject({ effects: [], refusals: [] });
      expect(await alpha.virsh("dumpxml", "awaited")).not.toContain("urn:pulumi-kvm:wait");
      await vm.remove();
    });

    it("is started by the next run when this one had shut it down for a restart, also where a guest's own shutdown stands", async () => {
      const alpha = world.host("alpha");
      const inputs = inputsOf("halfway", {
        onGuestShutdown: "leave",
        restartPolicy: "whenNeeded",
        disks: [],
      });
      delete (inputs as Record<string, unknown>).cloudInit;
      const vm = new Declared(virtualMachine, [world.ref("alpha")]);
      await vm.up(inputs);
      const larger = { ...inputs, maxCpus: 3 };
      const hosts = [world.ref("alpha")];
      const task = { kind: "VirtualMachine", id: vm.id, state: vm.state, inputs: larger, hosts };
      await using deploying = await ProviderProcess.run(
        "resource-child.mjs",
        task,
        "DomainCreateWithFlags:before:1",
      );
      expect(await deploying.killedAtStop()).toBe(true);
      expect((await alpha.virsh("domstate", "--reason", "halfway")).trim()).toBe("shut off (shutdown)");
      expect((await vm.preview(larger)).effects).toContain("start (it is off)");
      await vm.up(larger);
      expect(await vm.preview(larger)).toMatchObject({ effects: [], refusals: [] });
      // What it does itself from now on stands, also after a restart that was begun and then taken back.
      expect(await alpha.virsh("dumpxml", "halfway")).not.toContain("urn:pulumi-kvm:wait");
      expect(await killedAt("DomainShutdownFlags:before:1", vm, { ...larger, maxCpus: 4 })).toBe(true);
      expect(await alpha.virsh("dumpxml", "--inactive", "halfway")).toContain("urn:pulumi-kvm:wait");
      await vm.up(larger);
      expect(await alpha.virsh("dumpxml", "--inactive", "halfway")).not.toContain("urn:pulumi-kvm:wait");
      await vm.remove();
    });

    it("is as it was before when the next run takes back what this one had begun, undeclared things too", async () => {
      const alpha = world.host("alpha");
      const before = inputsOf("back");
      const more = {
        ...{ title: "after", iothreads: 1, watchdog: { model: "i6300esb" }, graphics: { type: "vnc" } },
        ...{ answerFile: { kickstart: "text" }, ignition: { ignition: { version: "3.4.0" } } },
        xml: [{ xpath: "/domain/devices/memballoon/@freePageReporting", set: "on" }],
      };
      const disks = [...before.disks, { pool: "images", name: "more", size: "4MiB" }];
      const vm = new Declared(virtualMachine, [world.ref("alpha")]);
      await vm.up(before);
      // The first definition is a try of the patches.
      for (const at of ["DomainAttachDeviceFlags:before:1", "DomainDefineXMLFlags:after:2"]) {
        expect(await killedAt(at, vm, { ...before, ...more, disks })).toBe(true);
        expect(await alpha.virsh("dumpxml", "--inactive", "back")).toContain("back-more");
        // Left alone it would come to the guest at its next boot, and nothing would ever take it away.
        expect((await vm.preview(before)).effects).toEqual(
          expect.arrayContaining([
            expect.stringMatching(/^iothreads 1 -> none/),
            "disks[vdc] back-more in images -> none",
          ]),
        );
        await vm.up(before);
        await expectWhole(vm, before, at);
        const documents = await alpha.shell("virsh dumpxml back; virsh dumpxml --inactive back");
        expect(documents).not.toMatch(
          /after|iothread|back-more|i6300esb|graphics|answers|ignition|freePageReporting|pulumi-kvm:attempt/,
        );
      }
      await vm.remove();
    });

    it("is changed by the next run, once, while it runs", { timeout: 900_000 }, async () => {
      const before = inputsOf("changed");
      const after = inputsOf("changed", {
        memory: "160MiB",
        description: "changed",
        disks: [
          { pool: "images", name: "root", size: "24MiB", image },
          { pool: "images", name: "more", size: "4MiB" },
        ],
        cloudInit: { hostname: "after" },
      });
      const vm = new Declared(virtualMachine, [world.ref("alpha")]);
      await vm.up(before);
      const pid = await world.host("alpha").qemuPid("changed");
      let killed = true;
      // There and back again, by way of a kill each time.
      let [from, to] = [before, after];
      for (const at of moments) {
        if (!killed) break;
        to = {
          ...to,
          disks: to.disks.map((disk) => ({ ...disk, ...(disk.name === "root" ? { size: "24MiB" } : {}) })),
        };
        killed = await killedAt(at, vm, to);
        await vm.up(to);
        await expectWhole(vm, to, at);
        [from, to] = [to, from];
      }
      expect(killed).toBe(false);
      expect(await world.host("alpha").qemuPid("changed")).toBe(pid);
      await vm.remove();
      expect(await world.ls("alpha", folder)).toEqual([]);
    });
  },
);
