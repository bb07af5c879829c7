import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { labAvailable } from "../hosts/lab.js";
import { StorageWorld } from "./storage-world.js";
import { WalkedMachine } from "./walked-machine.js";

const { available, missing } = labAvailable();

describe.skipIf(!available)(`xml patches ${missing.join("; ")}`, () => {
  let world: StorageWorld;
  beforeAll(async () => {
    world = await StorageWorld.up("patches");
  });
  afterAll(() => world?.lab.close());

  it("are made last, once, wait for the next boot, go along and are undone", async () => {
    const balloon = { xpath: "/domain/devices/memballoon/@freePageReporting", set: "on" };
    const qemu = {
      xpath: "/domain",
      append: "<qemu:commandline><qemu:arg value='-no-hpet'/></qemu:commandline>",
    };
    await using vm = new WalkedMachine(world, "patched", { memory: "256MiB", xml: [balloon, qemu] });
    const wrong = async (...xml: object[]) => (await vm.declared.preview({ ...vm.inputs, xml })).refusals;
    // What is wrong shows before there is anything.
    expect(await wrong(balloon, { xpath: "/domain/devices/hostdev", remove: true })).toEqual([
      'xml[1]: the XPath "/domain/devices/hostdev" selects nothing in a new definition, which lacks what libvirt adds to it by itself; append what is needed, or patch once the virtual machine is there',
    ]);
    // libvirt's schema is asked without anything being defined: elements, places, attributes and their values.
    for (const patch of [
      { xpath: "/domain/devices", append: "<nonsense/>" },
      { xpath: "/domain", append: "<hub type='usb'/>" },
      { xpath: "/domain/devices/console", append: "<target colour='red'/>" },
      { xpath: "/domain/devices", append: "<memballoon model='rubber'/>" },
    ])
      expect(await wrong(balloon, qemu, patch)).toEqual([
        expect.stringMatching(
          /^xml\[2\]: alpha doesn't take the definition with this patch \(append to \S+\): .*fail.* to validate/,
        ),
      ]);
    expect(await wrong(balloon, qemu)).toEqual([]);
    expect((await vm.host.virsh("list", "--all", "--name")).trim()).toBe("");
    await vm.start();
    const plain = await vm.persistentXml();
    expect(plain).toContain("freePageReporting='on'");
    expect(await vm.declared.preview(vm.inputs)).toMatchObject({ effects: [], refusals: [] });
    expect(
      await vm.host.shell("tr '\\0' ' ' < /proc/$(cat /run/libvirt/qemu/patched.pid)/cmdline"),
    ).toContain(" -no-hpet");

    for (const [patch, message] of [
      [
        { xpath: "//disk/driver/@io", set: "native" },
        'the XPath "//disk/driver/@io" selects nothing in the definition of patched on alpha; compare it with: virsh dumpxml --inactive patched',
      ],
      [
        { xpath: "/domain/uuid", set: "859f4a66-5bc3-4859-b253-b6f68a3452ae" },
        "a patch can't change the name, the UUID or this program's own notes",
      ],
      [
        { xpath: "/domain/metadata", remove: true },
        "a patch can't change the name, the UUID or this program's own notes",
      ],
      [
        { xpath: "/domain/devices", append: "<graphics type='vnc' passwd='x'/>" },
        "a patch can't hold a password: it would stand in previews and in the domain's metadata; use graphics.password",
      ],
      [{ xpath: "count(//disk)", set: "1" }, 'the XPath "count(//disk)" selects no nodes but gives a value'],
    ] as const)
      expect(await wrong(patch)).toEqual([`xml[0]: ${message}`]);
    // A value that libvirt doesn't know shows in the preview, by its parser's own word.
    expect(await wrong({ ...balloon, set: "perhaps" })).toEqual([
      expect.stringMatching(
        /^xml\[0\]: alpha doesn't take the definition with this patch \(set \/domain\/devices\/memballoon\/@freePageReporting\): .*perhaps/,
      ),
    ]);
    await expect(
      vm.declared.up({ ...vm.inputs, xml: [{ xpath: "/domain/devices", append: "<nonsense/>" }] }),
    ).rejects.toThrow(/^xml\[0\]: alpha doesn't take the definition .*fail.* to validate/);
    expect(await vm.persistentXml()).toBe(plain);

    // What somebody has edited there is drift, and comes back.
    const edit = (script: string) =>
      vm.host.shell(
        `virsh dumpxml --inactive patched | sed ${script} > /tmp/e.xml && virsh define /tmp/e.xml`,
      );
    await edit("-e \"s/freePageReporting='on'/freePageReporting='off'/\" -e '/-no-hpet/d'");
    expect((await vm.declared.preview(vm.inputs)).effects).toEqual([
      "xml set /domain/devices/memballoon/@freePageReporting -> set /domain/devices/memballoon/@freePageReporting, append to /domain",
    ]);
    await vm.declared.up(vm.inputs);
    expect(await vm.persistentXml()).toContain("freePageReporting='on'");
    expect(await vm.persistentXml()).toContain("-no-hpet");
    expect(await vm.declared.preview(vm.inputs)).toMatchObject({ effects: [], refusals: [] });

    // Another value, one more, one less; what somebody has added by hand stays.
    const hub = { xpath: "/domain/devices", append: "<hub type='usb'/>" };
    await vm.host.shell(
      "virsh dumpxml --inactive patched | sed 's|</devices>|<panic model=\"isa\"/></devices>|' > /tmp/p.xml && virsh define /tmp/p.xml",
    );
    await vm.change({
      inputs: { xml: [{ ...balloon, set: "off" }, hub], memory: "256MiB", description: "with it" },
      announced: [
        "xml set /domain/devices/memballoon/@freePageReporting, append to /domain -> set /domain/devices/memballoon/@freePageReporting, append to /domain/devices, at the next boot",
        'description none -> "with it"',
      ],
    });
    const changed = await vm.persistentXml();
    expect(changed).toContain("freePageReporting='off'");
    expect(changed).toContain("<panic");
    expect(changed).not.toContain("-no-hpet");
    expect(changed.match(/<hub/g)).toHaveLength(1);
    expect(vm.declared.state.pendingRestart).toEqual([expect.stringMatching(/^xml /)]);
    await vm.change({ inputs: { restartPolicy: "whenNeeded" }, announced: [/^restart the guest/] });
    expect(await vm.liveXml()).toContain("<hub");

    // It goes along, and isn't made again there.
    const to = { host: "beta", connection: world.connection("beta"), migration: { unsafe: true } };
    vm.inputs = { ...vm.inputs, ...to };
    await vm.declared.up(vm.inputs);
    expect(await vm.declared.preview(vm.inputs)).toMatchObject({ effects: [], refusals: [] });
    const there = await world.host("beta").virsh("dumpxml", "--inactive", "patched");
    expect(there.match(/<hub/g)).toHaveLength(1);

    // None any more: as if there never had been one.
    await vm.declared.up({
      ...vm.inputs,
      xml: undefined,
      powerState: "stopped",
      forceStop: true,
      shutdownTimeout: "1s",
    });
    const after = await world.host("beta").virsh("dumpxml", "--inactive", "patched");
    expect(after).not.toMatch(/<hub|freePageReporting|kvm-xml/);
    expect(after).toContain("<panic");
  });

  it("what a patch has made otherwise changes at the next start, when the patch goes", async () => {
    const gone = { xpath: "/domain/on_crash", remove: true as const };
    await using vm = new WalkedMachine(world, "overridden", { onCrash: "preserve", xml: [gone] });
    await vm.start();
    await vm.change({
      inputs: { onCrash: "coredump-destroy" },
      announced: ['onCrash "preserve" -> "coredump-destroy"'],
    });
    await vm.change({
      inputs: { xml: undefined },
      announced: ["xml remove /domain/on_crash -> none, at the next boot"],
    });
    expect(vm.declared.state.pendingRestart).toEqual(
      expect.arrayContaining(['onCrash "preserve" -> "coredump-destroy"']),
    );
    expect(await vm.liveXml()).toContain("<on_crash>destroy<");
    await vm.change({ inputs: { restartPolicy: "whenNeeded" }, announced: [/^restart the guest/] });
    expect(await vm.liveXml()).toContain("<on_crash>coredump-destroy<");
  });
});
