import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { virtualMachine } from "../../provider/resources/virtual-machine/index.js";
import { ConsoleWatch } from "../hosts/console-watch.mjs";
import type { LabHost } from "../hosts/host.js";
import { labAvailable } from "../hosts/lab.js";
import { tickCommandLine, tickGuest } from "../hosts/tick-guest.js";
import { Declared, Deployed, StorageWorld } from "./storage-world.js";

const { available, missing } = labAvailable();
const images = "/var/lib/libvirt/images";

/** The domain of the integration tests of a public project, as its module on the Go proxy has it. */
function publicTestDomain(): string {
  const module = "github.com/digitalocean/go-libvirt@v0.0.0-20240308204700-df736b2945cf";
  const json = execFileSync("go", ["mod", "download", "-json", module], {
    cwd: tmpdir(),
    encoding: "utf8",
    env: { ...process.env, GOFLAGS: "-mod=mod" },
  });
  const { Dir } = JSON.parse(json) as { Dir: string };
  return readFileSync(join(Dir, "testdata/test-domain.xml"), "utf8");
}

describe.skipIf(!available)(`taking over what people made by hand ${missing.join("; ")}`, () => {
  let world: StorageWorld;
  let alpha: LabHost;
  beforeAll(async () => {
    world = await StorageWorld.up("adopt");
    alpha = world.host("alpha");
    for (const host of [alpha, world.host("beta")]) {
      await host.virsh("pool-define-as", "images", "dir", "--target", images);
      await host.virsh("pool-start", "images");
    }
    await alpha.shell("ip link add br7 type bridge; ip link set br7 up");
  });
  afterAll(() => world?.lab.close());

  const documentsOf = async (name: string) => ({
    persistent: await alpha.virsh("dumpxml", "--inactive", "--security-info", name),
    live: await alpha.virsh("dumpxml", name),
    state: (await alpha.virsh("domstate", name)).trim(),
  });
  /** Our marks in the metadata are all that may come. */
  const withoutMarks = (xml: string) =>
    xml
      .replace(/\s*<kvm:(\w+)[^>]*xmlns:kvm="urn:pulumi-kvm[^>]*?(\/>|>[\s\S]*?<\/kvm:\1>)/g, "")
      .replace(/\s*<(\S+) xmlns:\S+="urn:pulumi-kvm[^>]*?(\/>|>[\s\S]*?<\/\1>)/g, "")
      .replace(/\s*<metadata>\s*<\/metadata>|\s*<metadata\/>/g, "");

  const inputsOf = (name: string, described: Record<string, unknown>) => ({
    pulumiUrn: `urn:pulumi:lab::test::pulumi-nodejs:dynamic/kvm:VirtualMachine::${name}`,
    ...{ name, host: "alpha", connection: world.connection("alpha"), credentials: world.credentials },
    ...{ adopt: true, ...described },
  });

  /** Adopts it with inputs that describe it: nothing changes on the host, and nothing is left to do. */
  async function adopt(name: string, described: Record<string, unknown>): Promise<Declared> {
    const inputs = inputsOf(name, described);
    const before = await documentsOf(name);
    const vm = new Declared(virtualMachine);
    const refused = await vm.preview({ ...inputs, adopt: undefined, disks: undefined });
    expect(refused.refusals).toEqual([expect.stringMatching(/there is a domain .* already/)]);
    const takeOver = [`take over ${name} on alpha as it is, no guest notices`];
    expect(await vm.preview(inputs)).toMatchObject({ refusals: [], effects: takeOver });
    expect(await vm.up(inputs)).toEqual(takeOver);
    const after = await documentsOf(name);
    expect(after.persistent).toContain("urn:pulumi-kvm");
    expect({
      ...after,
      persistent: withoutMarks(after.persistent),
      live: withoutMarks(after.live),
    }).toEqual({
      ...before,
      persistent: withoutMarks(before.persistent),
      live: withoutMarks(before.live),
    });
    expect(await vm.preview(inputs)).toMatchObject({ refusals: [], effects: [], diff: { changes: false } });
    // The first preview says as well what would be other than it is.
    const changed = await new Declared(virtualMachine).preview({ ...inputs, description: "ours now" });
    expect(changed.effects.length).toBeGreaterThan(0);
    return vm;
  }

  it("a running guest of virt-install", async () => {
    const { kernelPath, initrdPath } = tickGuest();
    const log = "/var/log/libvirt/qemu/installed-console.log";
    await alpha.shell("truncate -s 64K /srv/seed.iso");
    await alpha.shell(
      `virt-install --connect qemu:///system --name installed --memory 160 --vcpus 2,maxvcpus=4 --virt-type qemu --machine q35 --import \
        --disk pool=images,size=0.05,format=qcow2,bus=virtio,serial=root --disk size=0.02,pool=images,bus=sata --disk /srv/seed.iso,device=cdrom,bus=sata --network bridge=br7,model=virtio \
        --osinfo detect=on,require=off --graphics vnc,password=secret --video qxl --watchdog i6300esb,action=pause --tpm none \
        --boot kernel=${kernelPath},initrd=${initrdPath},kernel_args="${tickCommandLine}" --serial pty,log.file=${log} --noautoconsole`,
      { timeoutMs: 120_000 },
    );
    await using watch = await ConsoleWatch.start([alpha], log);
    await watch.untilTicks(2);
    const described = {
      memory: "160MiB",
      cpus: 2,
      maxCpus: 4,
      interfaces: [{ bridge: "br7" }],
      disks: [
        { volume: "installed.qcow2", pool: "images", serial: "root" },
        { volume: "installed-1.qcow2", pool: "images", bus: "sata" },
      ],
      kernel: kernelPath,
      initrd: initrdPath,
      commandLine: tickCommandLine,
      machine: "q35",
    };
    const vm = await adopt("installed", described);
    await watch.untilTicks(2);
    expect(watch.report()).toMatchObject({ restarts: 0, missing: [], repeated: [] });
    // It may be a seed: cloud-init would take either.
    const seeded = (more: object) =>
      new Declared(virtualMachine).preview(
        inputsOf("installed", { ...described, adopt: true, cloudInit: { hostname: "web" }, ...more }),
      );
    expect((await seeded({})).refusals).toEqual([
      expect.stringMatching(
        /has a medium in drive sdb \(seed\.iso in pool srv\) already: .* cdroms: \[{}\] takes it out, cdroms: \[{ source: { pool: "srv", volume: "seed\.iso" } }\] keeps it/,
      ),
    ]);
    const seed = expect.stringMatching(/^write cloud-init seed .*as its instance-id .*as on a first boot\)$/);
    const taken = await seeded({ cdroms: [{}] });
    expect(taken.effects).toEqual(expect.arrayContaining([seed, expect.stringMatching(/sdb.* -> .*live$/)]));
    const kept = await seeded({ cdroms: [{ source: { pool: "srv", volume: "seed.iso" } }] });
    expect([taken.refusals, kept.refusals]).toEqual([[], []]);
    expect(kept.effects).toContainEqual(seed);
    expect(kept.effects.join()).not.toMatch(/sdb.*live/);
    await vm.remove();
    expect(await world.ls("alpha", images)).toEqual([]);
  });

  it("a domain that is off, with devices that the model doesn't know", async () => {
    await alpha.virsh("vol-create-as", "images", "odd.qcow2", "16MiB", "--format", "qcow2");
    const odd = `<domain type='qemu' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
      <name>odd &amp; "old"</name><title>An old one</title>
      <metadata><ours:note xmlns:ours='urn:example:notes'>ask Ada</ours:note></metadata>
      <memory unit='MiB'>128</memory><currentMemory unit='MiB'>128</currentMemory><vcpu placement='static' current='1'>3</vcpu>
      <os><type arch='x86_64' machine='pc'>hvm</type><boot dev='network'/><bootmenu enable='yes' timeout='3000'/></os>
      <features><acpi/><pae/></features><cpu mode='custom' match='exact'><model fallback='allow'>qemu64</model><feature policy='disable' name='svm'/></cpu>
      <clock offset='localtime'><timer name='hpet' present='no'/></clock><on_poweroff>restart</on_poweroff><on_crash>preserve</on_crash>
      <devices>
        <disk type='file' device='disk'><driver name='qemu' type='qcow2' cache='none' discard='unmap'/><source file='${images}/odd.qcow2'/><target dev='hda' bus='ide'/></disk>
        <disk type='network' device='disk'><driver name='qemu' type='raw'/><source protocol='nbd' name='x'><host name='127.0.0.1' port='10809'/></source><target dev='vdx' bus='virtio'/></disk>
        <disk type='file' device='floppy'><target dev='fda' bus='fdc'/></disk>
        <disk type='file' device='cdrom'><target dev='hdc' bus='ide'/><readonly/></disk>
        <interface type='user'><mac address='52:54:00:11:22:33'/><model type='rtl8139'/></interface>
        <serial type='tcp'><source mode='bind' host='127.0.0.1' service='4555'/><protocol type='telnet'/></serial>
        <channel type='spicevmc'><target type='virtio' name='com.redhat.spice.0'/></channel>
        <sound model='ich6'/><video><model type='cirrus'/></video><graphics type='vnc' autoport='yes' passwd='hidden'/>
        <redirdev bus='usb' type='spicevmc'/><graphics type='spice' autoport='yes'/><panic model='isa'/>
      </devices>
      <qemu:commandline><qemu:arg value='-name'/><qemu:arg value='renamed'/></qemu:commandline></domain>`;
    await alpha.writeFile("/run/odd.xml", odd);
    await alpha.virsh("define", "/run/odd.xml");
    const described = { memory: "128MiB", maxCpus: 3, machine: "pc", powerState: "stopped" };
    const vm = await adopt('odd & "old"', described);
    const cdroms = [{}, { name: "drivers" }, { name: "tools" }, { name: "more" }];
    expect((await vm.preview({ ...inputsOf('odd & "old"', described), cdroms })).refusals).toEqual([
      'odd & "old" would have 5 disks and drives on IDE (hda, hdb, hdc, hdd, hde), which has room for 4; have others on another bus, such as "sata"',
    ]);
    await vm.remove();
    expect(await alpha.virsh("list", "--all", "--name")).not.toContain("odd");
    // What was never declared isn't its to delete.
    await alpha.virsh("vol-delete", "--pool", "images", "odd.qcow2");
  });

  it("a domain with devices that can't be told apart, which keeps them as they are", async () => {
    const mac = "52:54:00:11:22:44";
    const card = (link: string) =>
      `<interface type='bridge'><mac address='${mac}'/><source bridge='br7'/><link state='${link}'/></interface>`;
    const module = `<memory model='virtio-mem'><target><size unit='MiB'>256</size><node>0</node><block unit='KiB'>2048</block><requested unit='KiB'>0</requested></target></memory>`;
    await alpha.writeFile(
      "/run/twins.xml",
      `<domain type='qemu'><name>old twins</name><maxMemory slots='4' unit='MiB'>2048</maxMemory><memory unit='MiB'>1024</memory><currentMemory unit='MiB'>512</currentMemory><vcpu>1</vcpu>
        <cpu><numa><cell id='0' cpus='0' memory='512' unit='MiB'/></numa></cpu><os><type arch='x86_64' machine='q35'>hvm</type></os>
        <devices>${card("up")}${card("down")}${module}${module}</devices></domain>`,
    );
    await alpha.virsh("define", "/run/twins.xml");
    const described = { memory: "512MiB", powerState: "stopped" };
    const vm = await adopt("old twins", described);
    const inputs = inputsOf("old twins", described);
    const edit = "(virsh edit 'old twins', with the guest off)";
    const refusedOf = async (more: object) => (await vm.preview({ ...inputs, ...more })).refusals;
    const memory = [
      `memory of old twins would change, and it has 2 virtio-mem devices: memory, maxMemory, memoryHotplug and numa don't say how much is to be of which; leave these as they are, or have one device only ${edit}`,
    ];
    expect(await refusedOf({ memory: "768MiB" })).toEqual(memory);
    const memoryHotplug = { type: "virtio-mem", slots: 4, bootMemory: "512MiB" };
    expect(await refusedOf({ maxMemory: "2GiB", memoryHotplug })).toEqual([]);
    expect(await refusedOf({ maxMemory: "4GiB", memoryHotplug })).toEqual(memory);
    expect(await refusedOf({ interfaces: [{ bridge: "br7", mac, mtu: 1400 }] })).toEqual([
      `interfaces[${mac}] of old twins would change, and 2 of its interfaces have this address: none of them can be told from the others; give each its own first ${edit}`,
    ]);
    const before = (await documentsOf("old twins")).persistent;
    await vm.up({ ...inputs, description: "ours" });
    const after = (await documentsOf("old twins")).persistent;
    expect(withoutMarks(after).replace(/\s*<description>ours<.description>/, "")).toBe(withoutMarks(before));
    await vm.remove();
  });

  it("a domain that libvirt's schema doesn't know, and that has no USB", async () => {
    await alpha.writeFile(
      "/run/bare.xml",
      `<domain type='qemu'><name>bare</name><memory unit='MiB'>128</memory><vcpu>1</vcpu><os><type arch='x86_64' machine='q35'>hvm</type></os>
        <devices><controller type='usb' model='none'/><interface type='bridge'><mac address='52:54:00:11:22:55'/><source bridge='br7'/><model type='virtio'/><rom file=''/></interface></devices></domain>`,
    );
    await alpha.virsh("define", "/run/bare.xml");
    const described = { memory: "128MiB", powerState: "stopped" };
    const vm = await adopt("bare", described);
    const inputs = inputsOf("bare", described);
    const definition = async () => withoutMarks((await documentsOf("bare")).persistent);
    const before = await definition();
    expect(before).toContain("<rom file=''/>");
    await vm.up({ ...inputs, description: "ours" });
    expect((await definition()).replace(/\s*<description>ours<.description>/, "")).toBe(before);
    const inputDevices = [{ type: "tablet" }];
    const wayOut = `xml: [{ xpath: "/domain/devices/controller[@type='usb']/@model", set: "qemu-xhci" }]`;
    expect((await vm.preview({ ...inputs, inputDevices })).refusals).toEqual([
      `inputDevices needs USB, which bare hasn't on alpha (its definition has a USB controller of model "none"): have it on another bus, leave it out, or give the guest a controller, by ${wayOut}`,
    ]);
    const xml = [{ xpath: "/domain/devices/controller[@type='usb']/@model", set: "qemu-xhci" }];
    await vm.up({ ...inputs, inputDevices, xml });
    expect(await definition()).toMatch(/<input type='tablet' bus='usb'>/);
    expect(await definition()).toMatch(/<controller type='usb' index='0' model='qemu-xhci'/);
    expect(await vm.preview({ ...inputs, inputDevices, xml })).toMatchObject({ effects: [], refusals: [] });
    await vm.up(inputs);
    expect(await definition()).toMatch(/<controller type='usb' index='0' model='none'/);
    await vm.remove();
  });

  it("a domain of which the model has only part, and of that no more than what is declared is changed", async () => {
    const nbd = (target: string) =>
      `<disk type='network' device='disk'><driver name='qemu' type='raw'/><source protocol='nbd' name='${target}'><host name='127.0.0.1' port='10809'/></source><target dev='${target}' bus='virtio'/></disk>`;
    const cpus = Number(await alpha.shell("nproc --all"));
    const last = cpus > 1 ? `0-${cpus - 1}` : "0";
    await alpha.writeFile(
      "/run/partly.xml",
      `<domain type='qemu'><name>partly</name><genid>b2f0cd5d-1d12-4a4f-8a0c-6f3b0f1c9d7e</genid><description>of before</description>
        <memory unit='MiB'>128</memory><vcpu>1</vcpu><cputune><vcpupin vcpu='0' cpuset='${last}'/><emulatorpin cpuset='${last}'/></cputune>
        <os><type arch='x86_64' machine='q35'>hvm</type></os>
        <devices>${nbd("vda")}${nbd("vdb")}<controller type='scsi' index='0' model='virtio-scsi'/>
          <disk type='block' device='lun'><driver name='qemu' type='raw'/><source dev='/dev/mapper/shelf'/><target dev='sda' bus='scsi'/></disk>
        </devices></domain>`,
    );
    await alpha.virsh("define", "/run/partly.xml");
    const described = { memory: "128MiB", powerState: "stopped", description: "of before" };
    const vm = await adopt("partly", described);
    const inputs = inputsOf("partly", { ...described, description: "ours" });
    const definition = async () => withoutMarks((await documentsOf("partly")).persistent);
    const before = await definition();
    expect(await vm.up(inputs)).toEqual(['description "of before" -> "ours"']);
    const asDeclared = before.replace("<description>of before<", "<description>ours<");
    expect(await definition()).toBe(asDeclared);
    expect(await vm.preview(inputs)).toMatchObject({ effects: [], diff: { changes: false } });
    const more = { ...inputs, disks: [{ size: "1MiB", pool: "images", bus: "scsi" }] };
    await vm.up(more);
    const added =
      /\n {4}<disk type='file'(?:(?!<\/disk>)[\s\S])*<target dev='sdb' bus='scsi'\/>[\s\S]*?<\/disk>/;
    expect((await definition()).replace(added, "")).toBe(asDeclared);
    expect(await vm.preview(more)).toMatchObject({ effects: [], diff: { changes: false } });
    await vm.remove();
  });

  it("the domain of another project's tests", async () => {
    await alpha.virsh("vol-create-as", "images", "test.raw", "1MiB", "--format", "raw");
    await alpha.writeFile("/run/public.xml", publicTestDomain());
    await alpha.virsh("define", "/run/public.xml");
    const vm = await adopt("test", {
      memory: "1MiB",
      powerState: "stopped",
      machine: "pc",
      disks: [{ volume: "test.raw", pool: "images", size: "1MiB", format: "raw" }],
    });
    await vm.remove();
    expect(await world.ls("alpha", images)).toEqual([]);
  });

  it("a copy of a managed one, made with its mark and all, which is nobody's until then", async () => {
    const described = { memory: "64MiB", powerState: "stopped", adopt: undefined };
    const original = new Declared(virtualMachine);
    const inputs = inputsOf("original", described);
    await original.up(inputs);
    // As virt-clone does.
    await alpha.shell(`virsh dumpxml --inactive original | sed '
      s,<name>original<,<name>a-copy<,; s,<uuid>.*</uuid>,<uuid>${crypto.randomUUID()}</uuid>,' >/tmp/copy.xml
      grep -q kvm-owner /tmp/copy.xml; virsh define /tmp/copy.xml`);
    const unchanged = { refusals: [], effects: [] };
    expect(await original.preview(inputs)).toMatchObject(unchanged);
    const copy = await adopt("a-copy", { ...described, adopt: true });
    expect(await original.preview(inputs)).toMatchObject(unchanged);
    await original.remove();
    expect(await copy.preview(inputsOf("a-copy", { ...described, adopt: true }))).toMatchObject(unchanged);
    await copy.remove();
  });

  it("of a name that another of the program gives up is foreseen, and done once that has", async () => {
    const hosts = [world.ref("alpha"), world.ref("beta")];
    const at = (resource: string, name: string, host: string) => ({
      pulumiUrn: `urn:pulumi:lab::test::pulumi-nodejs:dynamic/kvm:VirtualMachine::${resource}`,
      ...{ name, host, connection: world.connection(host), credentials: world.credentials },
      ...{ memory: "64MiB", powerState: "stopped" },
      disks: resource === "first" ? [] : [{ size: "1MiB", pool: "images" }],
    });
    await using before = new Deployed(hosts);
    await using run = new Deployed(hosts);
    const first = new Declared(virtualMachine, hosts, run);
    const second = new Declared(virtualMachine, hosts, run);
    await first.up(at("first", "shared", "alpha"));
    await second.up(at("second", "shared", "beta"));
    const taken =
      /there is a domain shared on alpha already, which belongs to "first" of Pulumi stack .*dependsOn.*Pulumi deletes last; where it is this one as it was declared before, .* give aliases as long as it is in the state, and adopt: true once it isn't/;
    const alone = await new Declared(virtualMachine, hosts, before).preview(at("third", "shared", "alpha"));
    expect(alone.refusals).toEqual([expect.stringMatching(taken)]);
    const within = at("first", "shared", "alpha");
    within.pulumiUrn = within.pulumiUrn.replace("::pulumi-nodejs", "::my:web:Site$pulumi-nodejs");
    expect((await new Declared(virtualMachine, hosts).preview(within)).refusals).toEqual([
      expect.stringMatching(/which belongs to "first" outside of any component of Pulumi stack/),
    ]);
    const moves = at("second", "shared", "alpha");
    const { id, state } = second;
    const adopting = Object.assign(new Declared(virtualMachine, hosts), { id, state });
    expect((await adopting.preview({ ...moves, adopt: true })).refusals).toEqual([
      expect.stringMatching(/there is a domain shared on alpha already.* has a domain of its own/),
    ]);
    const renamed = at("first", "former", "alpha");
    expect(await first.preview(renamed)).toMatchObject({ refusals: [] });
    expect(await second.preview(moves)).toMatchObject({ refusals: [], diff: { changes: true } });
    // It has a domain of its own, so that adopt: true is no way out.
    await expect(second.up(moves)).rejects.toThrow(
      /which belongs to "first" of Pulumi stack \S+ \(UUID \S+\); give another name, as this virtual machine has a domain of its own.*dependsOn.*by way of a third name, one name in a deployment/,
    );
    await first.up(renamed);
    await second.up(moves);
    expect((await alpha.virsh("list", "--all", "--name")).split("\n")).toEqual(
      expect.arrayContaining(["former", "shared"]),
    );
    // With the disk that is named after it.
    const third = new Declared(virtualMachine, hosts, run);
    const back = at("second", "shared", "beta");
    expect(await second.preview(back)).toMatchObject({ refusals: [] });
    expect(await third.preview(at("third", "shared", "alpha"))).toMatchObject({ refusals: [] });
    await second.up(back);
    await third.up(at("third", "shared", "alpha"));
    for (const vm of [first, second, third]) await vm.remove();
  });

  it.each(["alpha", "beta"])(
    "each of two whose resources have swapped their names keeps its own, the second on %s",
    async (host) => {
      const hosts = [world.ref("alpha"), world.ref("beta")];
      const at = (resource: string, name: string, on: string) => ({
        pulumiUrn: `urn:pulumi:lab::test::pulumi-nodejs:dynamic/kvm:VirtualMachine::${resource}`,
        ...{ name, host: on, connection: world.connection(on), credentials: world.credentials },
        ...{ memory: "64MiB", powerState: "stopped", disks: [{ size: "1MiB", pool: "images" }] },
      });
      await using before = new Deployed(hosts);
      const [one, two] = [0, 1].map(() => new Declared(virtualMachine, hosts, before)) as [
        Declared,
        Declared,
      ];
      await one.up(at("a", "one", "alpha"));
      await two.up(at("b", "two", host));
      const inodes = async () => [
        await alpha.shell(`stat -c %i ${images}/one-0`),
        await world.host(host).shell(`stat -c %i ${images}/two-0`),
      ];
      const kept = await inodes();
      await using run = new Deployed(hosts);
      const inRun = ({ id, state }: Declared) =>
        Object.assign(new Declared(virtualMachine, hosts, run), { id, state });
      const [b, a, cutOff] = [inRun(one), inRun(two), inRun(two)];
      const marked = (name: string, former: string) => ({
        refusals: [],
        effects: [
          `record the owner of ${name} (it was "${former}" of Pulumi stack test/lab), no guest notices`,
        ],
      });
      expect(await a.preview(at("a", "two", host))).toMatchObject(marked("two", "b"));
      expect(await b.preview(at("b", "one", "alpha"))).toMatchObject(marked("one", "a"));
      await cutOff.up(at("a", "two", host)); // what came of it isn't on record
      expect(await a.preview(at("a", "two", host))).toMatchObject({ refusals: [], effects: [] });
      await a.up(at("a", "two", host));
      await b.up(at("b", "one", "alpha"));
      expect(await a.preview(at("a", "two", host))).toMatchObject({ effects: [], diff: { changes: false } });
      expect(await b.preview(at("b", "one", "alpha"))).toMatchObject({
        effects: [],
        diff: { changes: false },
      });
      expect(await inodes()).toEqual(kept);
      await a.remove();
      expect(await alpha.shell(`stat -c %i ${images}/one-0`)).toBe(kept[0]);
      await b.remove();
      expect(await alpha.shell(`ls ${images}`)).not.toMatch(/one-0|two-0/);
    },
  );
});
