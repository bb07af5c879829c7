import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { describeDifferences, parseDomain } from "../../provider/libvirt/xml/index.js";
import { virtualMachine } from "../../provider/resources/virtual-machine/index.js";
import { labAvailable } from "../hosts/lab.js";
import { tickCommandLine } from "../hosts/tick-guest.js";
import { Declared, Deployed, StorageWorld } from "./storage-world.js";
import { WalkedMachine } from "./walked-machine.js";

const { available, missing } = labAvailable();
const MIB = 2 ** 20;
const IMAGES = "/var/lib/libvirt/images";

/** Where each disk and interface is plugged in. */
function places(xml: string): Map<string, string> {
  return new Map(
    [...xml.matchAll(/<(disk|interface|rng) [\s\S]*?<\/\1>/g)].map(([element]) => {
      const name = /target dev='((?:vd|sd)[a-z]+)'|mac address='([^']*)'/.exec(element);
      return [name?.[1] ?? name?.[2] ?? "rng", /<address ([^>]*)\/>/.exec(element)?.[1] ?? ""];
    }),
  );
}

describe.skipIf(!available)(`disks and interfaces of a running guest ${missing.join("; ")}`, () => {
  let world: StorageWorld;
  beforeAll(async () => {
    world = await StorageWorld.up("devices");
    const alpha = world.host("alpha");
    await alpha.virsh("pool-define-as", "images", "dir", "--target", IMAGES);
    await alpha.virsh("pool-start", "images");
    for (const bridge of ["br1", "br2"])
      await alpha.shell(`ip link add ${bridge} type bridge; ip link set ${bridge} up`);
    for (const [i, network] of ["lan", "dmz"].entries()) {
      await alpha.writeFile(
        "/run/net.xml",
        `<network><name>${network}</name><ip address='10.78.${i}.1' prefix='24'/></network>`,
      );
      await alpha.shell(`virsh -q net-define /run/net.xml; virsh -q net-start ${network}`);
    }
  });
  afterAll(() => world?.lab.close());

  const expectSamePlaces = async (vm: WalkedMachine, ...names: string[]) => {
    const [live, persistent] = [places(await vm.liveXml()), places(await vm.persistentXml())];
    for (const name of names) {
      expect(live.get(name)).toMatch(/type=/);
      expect(live.get(name)).toBe(persistent.get(name));
    }
  };

  it("come, change and go while it counts", async () => {
    const root = { pool: "images", name: "root", size: "16MiB" };
    // libvirt has it uncached while it is in use, which nobody has declared.
    const shared = { format: "raw", shareable: true };
    const data = { pool: "images", name: "data", size: "32MiB", serial: "data-1", ...shared };
    const mac = "52:54:00:aa:00:01";
    await using vm = new WalkedMachine(world, "plugged", { disks: [root], interfaces: [{ bridge: "br1" }] });
    await vm.start();
    const [made] = vm.declared.state.macAddresses as string[];

    await vm.change({
      inputs: { disks: [root, data] },
      announced: [
        "create disk plugged-data (32 MiB, raw) in pool images on alpha",
        "disks[vdb] none -> plugged-data in images, live",
      ],
      prints: [new RegExp(`^disk vdb ${32 * MIB}$`, "m")],
    });
    await expectSamePlaces(vm, "vda", "vdb");
    expect(vm.declared.state.pendingRestart).toEqual([]);

    await vm.change({
      inputs: { interfaces: [{ bridge: "br1" }, { bridge: "br2", mac, bootOrder: 3 }] },
      announced: [
        `interfaces[${mac}].bootOrder none -> 3, at the next boot`,
        `interfaces[${mac}] none -> bridge br2, live`,
      ],
    });
    expect(vm.declared.state.pendingRestart).toEqual([`interfaces[${mac}].bootOrder none -> 3`]);
    await expectSamePlaces(vm, mac);
    await vm.change({
      inputs: {
        interfaces: [
          { bridge: "br1", link: "down" },
          { bridge: "br1", mac },
        ],
      },
      announced: [
        `interfaces[${mac}].bootOrder 3 -> none`,
        `interfaces[${made}].link "up" -> "down", live: the guest loses its link`,
        `interfaces[${mac}].source bridge br2 -> bridge br1, live: the guest is in another network then`,
      ],
    });
    expect(await vm.host.shell("ls /sys/class/net/br1/brif | wc -l")).toBe("2\n");
    await vm.change({
      inputs: { interfaces: [{ bridge: "br1" }] },
      announced: [
        `interfaces[${made}].link "down" -> "up", live`,
        `interfaces[${mac}] bridge br1 -> none, live: the guest loses it`,
      ],
    });

    await vm.change({
      inputs: { disks: [root] },
      announced: [
        "disks[vdb] plugged-data in images -> none, live: the guest loses it, mounted or not",
        "delete disk plugged-data (32 MiB) in pool images on alpha: its data is lost",
      ],
      prints: [/^disk vdb gone$/m],
    });
    expect(await world.ls("alpha", IMAGES)).not.toContain("plugged-data");

    await vm.change({
      inputs: { disks: [root, { ...data, bus: "sata" }] },
      announced: [
        "disks[sda] none -> plugged-data in images, at the next boot",
        "create disk plugged-data (32 MiB, raw) in pool images on alpha",
      ],
    });
    expect(vm.declared.state.pendingRestart).toEqual(["disks[sda] none -> plugged-data in images"]);
  });

  it("stay as somebody else has put them: into the guest as it runs, or into its definition alone", async () => {
    const root = { pool: "images", name: "root", size: "16MiB" };
    await using vm = new WalkedMachine(world, "shared", { disks: [root], interfaces: [{ bridge: "br1" }] });
    await vm.start();
    const by = (...words: string[]) => vm.host.virsh(...words);
    await by("vol-create-as", "images", "stick", "1MiB", "--format", "raw");
    await vm.host.shell("truncate -s 1M /run/later.img");
    await by("attach-disk", "shared", `${IMAGES}/stick`, "vdx", "--live", "--subdriver", "raw");
    await by("attach-disk", "shared", "/run/later.img", "vdy", "--config", "--subdriver", "raw");
    const [now, later] = ["52:54:00:bb:00:01", "52:54:00:bb:00:02"];
    for (const [mac, where] of [
      [now, "--live"],
      [later, "--config"],
    ] as const)
      await by("attach-interface", "shared", "bridge", "br2", "--mac", mac, "--model", "virtio", where);
    await vm.host.writeFile(
      "/run/rng.xml",
      "<rng model='virtio'><backend model='random'>/dev/random</backend></rng>",
    );
    await by("attach-device", "shared", "/run/rng.xml", "--live");

    await vm.change({
      inputs: {
        description: "with more in it",
        disks: [root, { pool: "images", name: "own", size: "1MiB" }],
      },
      announced: [
        'description none -> "with more in it"',
        "create disk shared-own (1 MiB, qcow2) in pool images on alpha",
        "disks[vdb] none -> shared-own in images, live",
      ],
    });
    const [live, persistent] = [await vm.liveXml(), await vm.persistentXml()];
    for (const [part, inLive, inPersistent] of [
      [`${IMAGES}/stick`, true, false],
      ["/run/later.img", false, true],
      [now, true, false],
      [later, false, true],
      ["/dev/random<", true, false],
      ["shared-own", true, true],
    ] as const)
      expect([part, live.includes(part), persistent.includes(part)]).toEqual([part, inLive, inPersistent]);
    expect(vm.declared.state.pendingRestart).toEqual([
      "disks[vdx] stick in images -> none",
      "disks[vdy] none -> file /run/later.img",
      `interfaces[${now}] bridge br2 -> none`,
      `interfaces[${later}] none -> bridge br2`,
    ]);
    await by("vol-delete", "stick", "images");
  });

  it("take limits, other buses and the last port, and a restart gives new ports", async () => {
    const root = { pool: "images", name: "root", size: "16MiB" };
    const disk = (name: string, size: string, more = {}) => ({ pool: "images", name, size, ...more });
    await using vm = new WalkedMachine(world, "buses", { disks: [root], hotplugSlots: 2, forceStop: false });
    await vm.start();
    const limits = async () => await vm.host.virsh("blkdeviotune", "buses", "vda");
    await vm.change({
      inputs: {
        disks: [
          { ...root, limits: { bytesPerSecond: "10MiB", iops: 100, burst: { iops: 200, seconds: 5 } } },
        ],
      },
      announced: ["disks[vda].limits none -> bytesPerSecond 10 MiB, iops 100 (200 in bursts of 5 s), live"],
    });
    expect(await limits()).toMatch(/total_bytes_sec: 10485760\n[\s\S]*total_iops_sec_max_length: 5\n/);
    await vm.change({
      inputs: { disks: [{ ...root, limits: { readIops: 50 } }] },
      announced: [
        "disks[vda].limits bytesPerSecond 10 MiB, iops 100 (200 in bursts of 5 s) -> readIops 50, live",
      ],
    });
    expect(await limits()).toMatch(/total_bytes_sec: 0\n[\s\S]*read_iops_sec {2}: 50\n/);
    await vm.change({
      inputs: { disks: [root] },
      announced: ["disks[vda].limits readIops 50 -> none, live"],
    });

    // The first SCSI disk brings its controller along, which takes one of the two ports; the others are on it.
    const scsi = [
      disk("data", "32MiB", { bus: "scsi", wwn: "5000c50015ea71ad" }),
      disk("log", "8MiB", { bus: "scsi" }),
    ];
    await vm.change({
      inputs: { disks: [root, ...scsi] },
      announced: [
        /^create disk buses-data /,
        /^create disk buses-log /,
        "disks[sda] none -> buses-data in images, live",
        "disks[sdb] none -> buses-log in images, live",
      ],
      // The guest looks at both at the same time, and gives its names as they answer.
      prints: [new RegExp(`^disk sd[ab] ${32 * MIB}$`, "m"), new RegExp(`^disk sd[ab] ${8 * MIB}$`, "m")],
    });
    await expectSamePlaces(vm, "sda", "sdb");
    const kept = disk("kept", "8MiB", { retainOnDelete: true });
    await vm.change({
      inputs: { disks: [root, ...scsi, kept, disk("usb", "8MiB", { bus: "usb" })] },
      announced: [
        /^create disk buses-kept /,
        /^create disk buses-usb /,
        "disks[vdb] none -> buses-kept in images, live",
        "disks[sdc] none -> buses-usb in images, live",
      ],
      prints: [new RegExp(`^disk vdb ${8 * MIB}$`, "m")],
    });
    await vm.change({
      inputs: {
        disks: [
          { ...root, cache: "none", io: "native", discard: "unmap" },
          ...scsi,
          kept,
          disk("more", "24MiB"),
        ],
      },
      announced: [
        'disks[vda].cache none -> "none", at the next boot',
        'disks[vda].io none -> "native", at the next boot',
        'disks[vda].discard none -> "unmap", at the next boot',
        "disks[vdc] none -> buses-more in images, at the next boot",
        /^create disk buses-more /,
        "disks[sdc] buses-usb in images -> none, live: the guest loses it, mounted or not",
        /^delete disk buses-usb /,
      ],
    });
    await vm.change({
      inputs: { restartPolicy: "whenNeeded" },
      announced: [/^restart the guest for .*disks\[vdc\] none -> buses-more in images$/],
      prints: [new RegExp(`^disk vdc ${24 * MIB}$`, "m")],
    });
    await expectSamePlaces(vm, "vda", "vdb", "vdc", "sda", "sdb");
    // With as many free ports as before.
    expect(parseDomain(await vm.liveXml()).hotplugPorts).toBe(2);
    await vm.change({
      inputs: { disks: [{ ...root, cache: "none", io: "native", discard: "unmap" }, ...scsi] },
      announced: [
        "disks[vdb] buses-kept in images -> none, live: the guest loses it, mounted or not",
        "disks[vdc] buses-more in images -> none, live: the guest loses it, mounted or not",
        "keep disk buses-kept in pool images on alpha: it is nobody's from now on",
        /^delete disk buses-more /,
      ],
      prints: [/^disk vdb gone$/m, /^disk vdc gone$/m],
    });
    expect((await world.ls("alpha", IMAGES)).filter((name) => name.includes("buses-kept"))).toEqual([
      "buses-kept",
    ]);
    await vm.change({
      inputs: { hotplugSlots: 6, restartPolicy: "never" },
      announced: ["hotplugSlots 4 -> 6, at the next boot"],
    });
  });

  it("what is to outlive its VM is there for the one that replaces it, and asks before another has it", async () => {
    const hosts = [world.ref("alpha")];
    const kept = { pool: "images", name: "kept", size: "8MiB", format: "raw", retainOnDelete: true };
    const inputs = {
      pulumiUrn: "urn:pulumi:lab::test::pulumi-nodejs:dynamic/kvm:VirtualMachine::replaced",
      ...{ name: "replaced", host: "alpha", connection: world.connection("alpha") },
      ...{ credentials: world.credentials, memory: "64MiB", powerState: "stopped" },
      disks: [{ pool: "images", name: "root", size: "8MiB" }, kept],
    };
    const volumes = async () =>
      (await world.ls("alpha", IMAGES)).filter((file) => file.includes("replaced-kept"));
    await using deployed = new Deployed(hosts);
    const first = new Declared(virtualMachine, hosts, deployed);
    await first.up(inputs);
    await world.host("alpha").shell(`printf precious | dd conv=notrunc of=${IMAGES}/replaced-kept`);
    await first.remove();
    expect(await volumes()).toEqual(["replaced-kept"]);

    const second = new Declared(virtualMachine, hosts, deployed);
    await second.up(inputs);
    expect(await world.host("alpha").shell(`head -c 8 ${IMAGES}/replaced-kept`)).toBe("precious");
    expect(await volumes()).toHaveLength(2);
    await second.remove();
    // Another deployment knows nothing of it.
    const third = new Declared(virtualMachine, hosts);
    expect((await third.preview(inputs)).refusals).toEqual([
      "there is a volume replaced-kept in pool images on alpha already, which this virtual machine didn't make; give the disk another name, or set adopt: true to take it over",
    ]);
    await third.up({ ...inputs, adopt: true, disks: [inputs.disks[0], { ...kept, retainOnDelete: false }] });
    expect(await world.host("alpha").shell(`head -c 8 ${IMAGES}/replaced-kept`)).toBe("precious");
    await third.remove();
    expect(await volumes()).toEqual([]);

    // A guest that keeps it until its next boot doesn't have it deleted then, when nothing says any more how it was declared.
    const running = { ...inputs, powerState: "running", forceStop: true, shutdownTimeout: "1s" };
    const sata = { ...kept, bus: "sata" };
    const fourth = new Declared(virtualMachine, hosts, deployed);
    await fourth.up({ ...running, disks: [inputs.disks[0], sata] });
    const without = { ...running, disks: [inputs.disks[0]] };
    expect(await fourth.up(without)).toEqual([
      "disks[sda] replaced-kept in images -> none, at the next boot",
      "keep disk replaced-kept in pool images on alpha: it is nobody's from now on",
    ]);
    const again = await fourth.preview({ ...running, disks: [inputs.disks[0], sata] });
    expect(again.refusals).toEqual([]);
    expect(await fourth.up({ ...without, powerState: "stopped" })).toEqual([
      expect.stringMatching(/^shut down|^stop/),
    ]);
    await fourth.remove();
    expect(await volumes()).toEqual(["replaced-kept"]);
    await world.host("alpha").shell(`rm ${IMAGES}/replaced-kept`);
  });

  it("randomness, channels and filters come live, and all that QEMU has from its start waits for the next boot", async () => {
    const alpha = world.host("alpha");
    const root = { pool: "images", name: "root", size: "16MiB" };
    const nic = { network: "lan", mac: "52:54:00:aa:00:09" };
    const os = { name: "os", bus: "scsi" };
    const rule = "<rule action='drop' direction='in'><ip srcipaddr='10.9.9.9'/></rule>";
    await alpha.writeFile("/run/filter.xml", `<filter name='quiet' chain='ipv4'>${rule}</filter>`);
    await alpha.virsh("nwfilter-define", "/run/filter.xml");
    await using vm = new WalkedMachine(world, "rest", { disks: [root], cdroms: [os], interfaces: [nic] });
    await vm.start();
    await vm.change({
      inputs: {
        ...{ title: "the rest", description: "all of it" },
        rng: { source: "/dev/random", bytes: 1024 },
        channels: [{ name: "org.example.0" }],
        interfaces: [{ ...nic, filter: { name: "quiet" } }],
      },
      announced: [
        'description none -> "all of it"',
        'title none -> "the rest"',
        "channels none -> org.example.0, live",
        "rng /dev/urandom -> /dev/random, 1024 bytes in 1000 ms, live",
        "interfaces[52:54:00:aa:00:09].filter none -> quiet, live",
      ],
    });
    expect(await alpha.shell("ebtables -t nat -L")).toContain("10.9.9.9");
    await vm.change({
      inputs: { rng: false, channels: [], interfaces: [nic] },
      announced: [
        "channels org.example.0 -> none, live",
        "rng /dev/random, 1024 bytes in 1000 ms -> none, live",
        "interfaces[52:54:00:aa:00:09].filter quiet -> none, live",
      ],
    });
    expect(await alpha.shell("ebtables -t nat -L")).not.toContain("10.9.9.9");
    await vm.change({
      inputs: { features: { acpi: false } },
      announced: ["features.acpi none -> false, at the next boot"],
    });
    await vm.change({ inputs: { features: undefined }, announced: ["features.acpi false -> none"] });
    expect((await vm.declared.preview({ ...vm.inputs, name: "other" })).refusals).toEqual([
      'rest can be renamed to other only while it is off; deploy powerState: "stopped" first, or name: "rest" to leave its name on the host as it is',
      expect.stringMatching(/without losing its disk rest-root .* set disks\[0\]\.volume to "rest-root"/),
    ]);
    await vm.change({
      inputs: { numa: { cells: [{ cpus: "0", memory: "128MiB" }] } },
      announced: [/^numa none -> .*, at the next boot$/],
    });
    await vm.change({ inputs: { numa: undefined }, announced: [/^numa .* -> none$/] });
    await vm.change({
      inputs: {
        ...{ maxMemory: "512MiB", memoryHotplug: { type: "dimm" }, machine: "pc-q35-7.1" },
        cpu: { mode: "maximum", cache: { mode: "emulate", level: 3 } },
        ...{ memoryBacking: { source: "memfd", access: "shared" } },
        ...{ numaTune: { nodeset: "0", mode: "preferred" }, bootMenu: true },
        features: { smm: true, kvmHidden: true, ioapic: "qemu" },
        watchdog: { model: "i6300esb", action: "reset" },
        ...{ answerFile: { kickstart: "text" }, ignition: { ignition: { version: "3.4.0" } } },
        ...{ commandLine: "console=ttyS0", console: { log: "/var/log/libvirt/qemu/rest-other.log" } },
        disks: [{ ...root, bootOrder: 1 }],
        cdroms: [{ ...os, bootOrder: 2 }],
        interfaces: [{ ...nic, model: "e1000e", mtu: 1400 }],
      },
      announced: [
        /^write answer file medium rest-answers-/,
        /^write Ignition config rest-ignition-.*\(new; Ignition reads it at a guest's first boot only: /,
        'machine "pc-q35-7.2" -> "pc-q35-7.1", at the next boot',
        "maxMemory 128 MiB -> 512 MiB, at the next boot",
        "memoryHotplug none -> dimm in 16 slots beside 128 MiB, at the next boot",
        "cpu the machine type's default -> maximum, at the next boot",
        /^kernel .* -> .* "console=ttyS0", at the next boot$/,
        /^console\.log .*-console\.log" -> .*-other\.log", at the next boot$/,
        /^ignition none -> .*, at the next boot$/,
        'cpu.cache none -> {"mode":"emulate","level":3}, at the next boot',
        "memoryBacking none -> source memfd, access shared, at the next boot",
        "numaTune none -> preferred 0, at the next boot",
        "bootMenu none -> shown, at the next boot",
        "watchdog none -> i6300esb (reset), at the next boot",
        "features.smm none -> true, at the next boot",
        'features.ioapic none -> "qemu", at the next boot',
        "features.kvmHidden none -> true, at the next boot",
        "disks[vda].bootOrder none -> 1, at the next boot",
        "cdroms[sda].bootOrder none -> 2, at the next boot",
        /^answerFile none -> .*, at the next boot$/,
        'interfaces[52:54:00:aa:00:09].model "virtio" -> "e1000e", at the next boot',
        "interfaces[52:54:00:aa:00:09].mtu none -> 1400, at the next boot",
      ],
    });
    // One that libvirt refuses leaves nothing behind, and can be taken back.
    const needy = rule.replace("10.9.9.9", "$WHO");
    await alpha.writeFile("/run/filter.xml", `<filter name='needy' chain='ipv4'>${needy}</filter>`);
    await alpha.virsh("nwfilter-define", "/run/filter.xml");
    const filtered = { ...vm.inputs, title: "another", interfaces: [{ ...nic, filter: { name: "needy" } }] };
    await expect(vm.declared.up(filtered)).rejects.toThrow(/cannot change a device/);
    expect(await vm.persistentXml()).not.toMatch(/another|needy/);
    expect(await vm.declared.preview(vm.inputs)).toMatchObject({ effects: [], refusals: [] });
  });

  it("take back what a restart was to bring when the guest didn't shut down for it", async () => {
    const root = { pool: "images", name: "root", size: "16MiB" };
    const nic = { bridge: "br1", mac: "52:54:00:aa:00:0b" };
    const drive = { name: "cd" };
    // Its power button does nothing.
    await using vm = new WalkedMachine(world, "stubborn", {
      ...{ commandLine: `${tickCommandLine} acpi=off`, shutdownTimeout: "1s" },
      ...{ disks: [root], interfaces: [nic], cdroms: [drive] },
    });
    await vm.start();
    const defined = async () => parseDomain(await vm.persistentXml());
    const before = await defined();
    const buses = async () => (await defined()).disks.map(({ target, bus }) => `${target} ${bus}`);
    const impatient = { ...vm.inputs, forceStop: false, restartPolicy: "whenNeeded" };
    const others = {
      ...impatient,
      disks: [{ ...root, bus: "sata", cache: "none" }],
      interfaces: [{ ...nic, model: "e1000e" }],
      cdroms: [{ ...drive, bus: "usb" }],
    };
    await expect(vm.declared.up(others)).rejects.toThrow("did not shut down within 1 s");
    expect(await buses()).toEqual(["sda usb", "sdb sata"]);
    const again = { ...others, disks: [{ ...root, bus: "scsi" }] };
    await expect(vm.declared.up(again)).rejects.toThrow("did not shut down within 1 s");
    expect(await buses()).toEqual(["sda usb", "sdb scsi"]);

    // No bus, model or cache was declared for good, so none of these is somebody's.
    const back = await vm.declared.preview(impatient);
    expect(back).toMatchObject({
      refusals: [],
      effects: [
        'cdroms[sda].bus "usb" -> "sata"',
        'disks[sdb].bus "scsi" -> "virtio" (as disks[vda])',
        'interfaces[52:54:00:aa:00:0b].model "e1000e" -> "virtio"',
      ],
    });
    await vm.declared.up(impatient);
    expect(describeDifferences(before, await defined())).toEqual([]);
    expect(await vm.declared.preview(impatient)).toMatchObject({ effects: [], refusals: [] });
    await vm.watch.untilTicks(2);
    expect(vm.watch.report()).toMatchObject({ restarts: 0, missing: [] });
  });

  it("what the guest doesn't let go of goes with a restart that is to come anyway, or with the next where it may", async () => {
    const restarting = { restartPolicy: "whenNeeded", forceStop: true, shutdownTimeout: "1s" };
    // Without a system nobody in it hears of a device that is to go.
    const inputsOf = (name: string, more: object) => ({
      pulumiUrn: `urn:pulumi:lab::test::pulumi-nodejs:dynamic/kvm:VirtualMachine::${name}`,
      ...{ name, ...world.onHost("alpha"), memory: "64MiB", rng: true, ...restarting, ...more },
    });
    const hasRng = async (name: string) =>
      (await world.host("alpha").virsh("dumpxml", name)).includes("<rng");
    const nothingLeft = { effects: [], refusals: [] };
    const withAnother = async () => {
      await using run = new Deployed([world.ref("alpha")]);
      const vm = new Declared(virtualMachine, [], run);
      const mac = "52:54:00:00:00:77";
      await vm.up(inputsOf("deaf", { interfaces: [{ network: "lan", mac }] }));
      const inputs = inputsOf("deaf", { rng: false, maxCpus: 2 });
      expect(await vm.up(inputs)).toEqual([
        "maxCpus 1 -> 2, at the next boot",
        "rng /dev/urandom -> none, live",
        `interfaces[${mac}] network lan -> none, live: the guest loses it`,
        "restart the guest for maxCpus 1 -> 2, cutting its power if it does not shut down in time",
      ]);
      const waits =
        /(rng|interfaces)\S* .* -> none waits for its next boot: guest deaf does not let go of \w+ \((\d+) s\)/g;
      expect([...run.said.join("\n").matchAll(waits)].map(([, ...told]) => told)).toEqual([
        ["rng", "30"],
        ["interfaces", "5"],
      ]);
      expect(await hasRng("deaf")).toBe(false);
      expect(await vm.preview(inputs)).toMatchObject(nothingLeft);
      await vm.remove();
    };
    const alone = async () => {
      const vm = new Declared(virtualMachine);
      await vm.up(inputsOf("dull", {}));
      const inputs = inputsOf("dull", { rng: false });
      await expect(vm.up(inputs)).rejects.toThrow(
        "guest dull does not let go of rng0 (30 s); its definition has no such device any more, and the next deployment restarts it for that, as restartPolicy allows",
      );
      expect(await hasRng("dull")).toBe(true);
      expect(await vm.up(inputs)).toEqual([
        "restart the guest for rng /dev/urandom -> none, cutting its power if it does not shut down in time",
      ]);
      expect(await hasRng("dull")).toBe(false);
      expect(await vm.preview(inputs)).toMatchObject(nothingLeft);
      await vm.remove();
    };
    await Promise.all([withAnother(), alone()]);
  });

  it("a folder of the host is there from the start, and goes at the next boot", async () => {
    const folder = "/var/lib/libvirt/data";
    await world.host("alpha").shell(`mkdir -p ${folder}/nine; echo good day >${folder}/hello`);
    // The kernel of these guests has no 9p: that folder they are only given.
    await using vm = new WalkedMachine(world, "folders", {
      commandLine: `${tickCommandLine} share=data`,
      filesystems: [
        { source: folder, target: "data" },
        { source: `${folder}/nine`, target: "nine", driver: "9p", readonly: true },
      ],
    });
    await vm.start();
    expect(vm.watch.lines.map(({ text }) => text)).toContain("share data good day");
    expect(await vm.host.readFile(`${folder}/answer`)).toBe("the guest has read: good day\n");
    expect(await vm.liveXml()).toMatch(/<driver type='virtiofs'[\s\S]*<target dir='data'\/>/);
    expect(await vm.host.shell("cat /proc/[0-9]*/cmdline | tr '\\0' ' '")).toMatch(
      /virtio-9p-pci"?,\S*mount_tag[":=]+nine/,
    );
    await vm.change({
      inputs: { filesystems: [] },
      announced: [
        "memoryBacking source memfd, access shared -> none, at the next boot",
        `filesystems data (${folder}), nine (${folder}/nine) -> none, at the next boot`,
      ],
    });
    // Without it the guest would be shut down, and not start again.
    const lacking = {
      ...{ ...vm.inputs, restartPolicy: "whenNeeded", kernel: "/boot/none" },
      filesystems: [{ source: "/srv/none", target: "data" }],
    };
    const missing =
      /kernel: there is no \/boot\/none on alpha.*filesystems\[0\]\.source: there is no \/srv\/none on alpha/s;
    await vm.declared.preview(lacking);
    expect(vm.declared.said.join("\n")).toMatch(missing);
    await expect(vm.declared.up(lacking)).rejects.toThrow(missing);
    await vm.watch.untilTicks(2);
    expect(vm.watch.report()).toMatchObject({ restarts: 0 });
    expect(await vm.declared.preview(vm.inputs)).toMatchObject({ effects: [], refusals: [] });
    // What shows only when it is started takes it back to what it was: to how it was defined, or to what it ran with.
    const port = { ...vm.inputs, serialPorts: [{ type: "file", path: "/srv/none/log" }] };
    for (const restarts of [1, 2]) {
      if (restarts === 2) await vm.declared.up(port);
      await expect(vm.declared.up({ ...port, restartPolicy: "whenNeeded" })).rejects.toThrow(
        /folders couldn't be started again with what was changed, and runs on as it was before: .*\/srv\/none\/log/,
      );
      await expect.poll(() => vm.watch.report().restarts, { timeout: 60_000 }).toBe(restarts);
      expect(await vm.persistentXml()).not.toContain("/srv/none");
      const { effects } = await vm.declared.preview(vm.inputs);
      expect(effects).toEqual(restarts === 2 ? ["record changed serialPorts, no guest notices"] : []);
    }
  });

  it("media of drives are exchanged, ejected, and taken from a guest that holds them only by force", async () => {
    const isos = ["/var/lib/libvirt/c.iso", "/var/lib/libvirt/b.iso"];
    await world
      .host("alpha")
      .shell(
        `truncate -s 1M ${IMAGES}/a.iso ${isos[0]}; truncate -s 2M ${isos[1]}; virsh pool-refresh images`,
      );
    const os = { name: "os", bus: "scsi" };
    const tools = { name: "tools", bus: "scsi", source: isos[0] };
    await using vm = new WalkedMachine(world, "drives", {
      cdroms: [{ ...os, source: { pool: "images", volume: "a.iso" } }, tools],
      commandLine: `${tickCommandLine} hold=sr1`,
    });
    await vm.start();
    const lines = vm.watch.lines.map(({ text }) => text);
    expect(lines).toEqual(expect.arrayContaining([`disk sr0 ${MIB}`, "holds sr1"]));
    await vm.change({
      inputs: { cdroms: [{ ...os, source: isos[1] }, tools] },
      announced: [`cdroms[sda].source a.iso in images -> file ${isos[1]}, live`],
      prints: [new RegExp(`^disk sr0 ${2 * MIB}$`, "m")],
    });
    await vm.change({
      inputs: { cdroms: [os, tools] },
      announced: [`cdroms[sda].source file ${isos[1]} -> none, live`],
    });
    const held = vm.declared.up({ ...vm.inputs, cdroms: [os, { ...tools, source: isos[1] }] });
    await expect(held).rejects.toThrow(/guest drives has locked drive sdb .* set force: true/);
    expect(await vm.liveXml()).toContain(`<source file='${isos[0]}'`);
    await vm.change({
      inputs: { cdroms: [os, { ...tools, source: isos[1], force: true }] },
      announced: [
        `cdroms[sdb].source file ${isos[0]} -> file ${isos[1]}, live: the guest loses the medium even if it is mounted (force)`,
      ],
    });
    // They are known by their names, whatever their order; and one that somebody added stays.
    await vm.host.writeFile(
      "/run/cd.xml",
      "<disk type='file' device='cdrom'><target dev='sdx' bus='sata'/><readonly/></disk>",
    );
    await vm.host.virsh("attach-device", "drives", "/run/cd.xml", "--config");
    await vm.change({
      inputs: { cdroms: [{ ...tools, source: isos[1] }, { name: "late" }] },
      announced: ["cdroms[sdc] none -> empty, at the next boot", "cdroms[sda] empty -> none, live"],
      prints: [/^disk sr0 gone$/m],
    });
    expect(await vm.persistentXml()).toContain("<target dev='sdx'");
  });
});
