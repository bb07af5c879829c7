import { describe, expect, test } from "vitest";
import {
  buildDisk,
  buildDomain,
  buildInterface,
  type DomainModel,
  describeDifferences,
  diskUses,
  parseDomain,
  patchDomain,
  xmlDiff,
} from "../../provider/libvirt/xml/index.js";
import { fixture } from "../fixtures/xml/fixtures.js";

const mib = 1024 * 1024;

function model(changes: Partial<DomainModel> = {}): DomainModel {
  return {
    name: "web",
    accelerator: "kvm",
    machine: "q35",
    memoryBytes: 512 * mib,
    maxMemoryBytes: 1024 * mib,
    cpus: 1,
    maxCpus: 2,
    firmware: "bios",
    disks: [],
    interfaces: [],
    agentChannel: true,
    rng: { backend: "random", device: "/dev/urandom" },
    hotplugPorts: 8,
    ...changes,
  };
}

describe("reading what libvirt wrote", () => {
  test("a running domain: no noise, and the same as its definition but for what the run changes", () => {
    const live = parseDomain(fixture("domain/running-live"));
    const persistent = parseDomain(fixture("domain/running-persistent"));
    expect(persistent).toEqual({
      name: "running",
      uuid: "11111111-2222-4333-8444-555555555555",
      accelerator: "qemu",
      architecture: "x86_64",
      machine: "pc-q35-7.2",
      emulator: "/usr/bin/qemu-system-x86_64",
      memoryBytes: 96 * mib,
      maxMemoryBytes: 128 * mib,
      cpus: 1,
      maxCpus: 2,
      cpuMode: { model: "qemu64" },
      firmware: "bios",
      disks: [
        {
          target: "vda",
          bus: "virtio",
          device: "disk",
          source: { pool: "default", volume: "v1.qcow2" },
          format: "qcow2",
          readonly: false,
          shareable: false,
        },
        {
          target: "vdb",
          bus: "virtio",
          device: "disk",
          source: { file: "/var/lib/libvirt/images/web.qcow2" },
          format: "qcow2",
          readonly: false,
          shareable: false,
        },
      ],
      interfaces: [
        { source: { network: "default" }, mac: "52:54:00:f9:dd:f0", model: "virtio", link: "up" },
        { source: { bridge: "br0" }, mac: "52:54:00:42:05:79", model: "virtio", link: "down" },
      ],
      consoleLog: "/var/log/libvirt/running.log",
      agentChannel: true,
      rng: { backend: "random", device: "/dev/urandom" },
      hotplugPorts: 1,
      onPoweroff: "destroy",
      onReboot: "restart",
      onCrash: "destroy",
    });
    expect(describeDifferences(persistent, live).map(({ path }) => path)).toEqual([
      "memoryBytes",
      "cpuFeatures",
    ]);
  });

  test("the CPU that libvirt puts where none was asked for is none", () => {
    expect(fixture("domain/minimal")).toContain("<model fallback='forbid'>qemu64</model>");
    expect(parseDomain(fixture("domain/minimal")).cpuMode).toBeUndefined();
    expect(parseDomain(fixture("domain/rich")).cpuMode).toEqual({ model: "Nehalem" });
    expect(parseDomain(fixture("domain/windows")).cpuMode).toBe("maximum");
    expect(parseDomain(fixture("domain/bridged-persistent")).cpuMode).toBe("host-model");
    expect(parseDomain(fixture("domain/bridged-live")).cpuMode).toEqual({ model: "EPYC", vendor: "AMD" });
  });

  test("memory modules are memory, beside what the guest boots with", () => {
    expect(parseDomain(fixture("domain/rich"))).toMatchObject({
      memoryBytes: 2048 * mib,
      maxMemoryBytes: 8192 * mib,
      memoryHotplug: { type: "dimm", slots: 4, bootBytes: 1536 * mib, modulesBytes: 512 * mib },
    });
  });

  test.each([
    ["minimal", "bios"],
    ["uefi", "uefi"],
    ["uefi-unspecified", "uefi"],
    ["windows", "uefi-secure-boot"],
  ])("the firmware of %s is %s", (name, firmware) => {
    expect(parseDomain(fixture(`domain/${name}`)).firmware).toBe(firmware);
  });

  test("firmware that was chosen already is known by its loader", () => {
    const withLoader = (loader: string) =>
      fixture("domain/minimal").replace("<boot dev='hd'/>", `${loader}<nvram>/x.fd</nvram>`);
    expect(parseDomain(withLoader("<loader readonly='yes' type='pflash'>/x</loader>")).firmware).toBe("uefi");
    expect(parseDomain(withLoader("<loader secure='yes' type='pflash'>/x</loader>")).firmware).toBe(
      "uefi-secure-boot",
    );
    expect(parseDomain(withLoader("<loader type='rom'>/x</loader>")).firmware).toBe("bios");
  });

  test("an interface of a network that is a bridge is the network's, also while it runs", () => {
    expect(fixture("domain/bridged-live")).toContain("<interface type='bridge'>");
    const of = (name: string) => parseDomain(fixture(name)).interfaces;
    expect(of("domain/bridged-live")).toEqual(of("domain/bridged-persistent"));
    expect(of("domain/bridged-live")[0]?.source).toEqual({ network: "br", portgroup: "default" });
  });

  test("disks and interfaces that the model doesn't describe are kept apart", () => {
    const rich = parseDomain(fixture("domain/rich"));
    expect(rich.disks.map((disk) => [disk.target, disk.source])).toEqual([
      ["vda", { file: "/var/lib/libvirt/images/web.qcow2" }],
      ["vdb", { pool: "default", volume: "data.raw" }],
      ["sdc", { block: "/dev/null" }],
      ["sdd", { other: "network" }],
      ["sda", { file: "/var/lib/libvirt/images/data.raw" }],
      ["sdb", undefined],
    ]);
    expect(diskUses(fixture("domain/rich")).map(({ target }) => target)).toEqual([
      "vda",
      "vdb",
      "sdc",
      "sdd",
      "sda",
      "sdb",
      "fda",
    ]);
    expect(rich.interfaces.map((item) => item.source)).toEqual([
      { network: "default" },
      { bridge: "br0" },
      { device: "lo", mode: "bridge" },
      { other: "user" },
    ]);
  });

  test("memory that isn't whole MiB is what libvirt makes of it at a start, node by node, and stays as it is written", () => {
    const odd = `<domain type='qemu'><name>a</name><memory unit='KiB'>219100</memory><currentMemory unit='KiB'>219100</currentMemory>
      <cpu><numa><cell id='0' cpus='0' memory='109500' unit='KiB'/><cell id='1' cpus='1' memory='109600' unit='KiB'/></numa></cpu><devices/></domain>`;
    const model = parseDomain(odd);
    expect([
      model.memoryBytes,
      model.maxMemoryBytes,
      ...(model.numa ?? []).map((cell) => cell.memoryBytes),
    ]).toEqual([214, 215, 107, 108].map((mib) => mib * 2 ** 20));
    expect(xmlDiff(odd, patchDomain(odd, { ...model, description: "odd" })).match(/^[+-].*/gm)).toEqual([
      "+  <description>odd</description>",
    ]);
  });

  test("who uses a file is told of any domain and any of its disks, whether or not the rest of it can be read", () => {
    const strange = `<domain type='strange'><name>a</name><memory unit='EiB'>8</memory><devices>
      <disk type='file' device='floppy'><source file='/a'/><target dev='fda' bus='fdc'/></disk>
      <disk type='block' device='lun'><source dev='/dev/b'/><target dev='sda' bus='scsi'/></disk>
      <disk type='file' device='cdrom'><target dev='hda' bus='ide'/></disk></devices></domain>`;
    expect(diskUses(strange)).toEqual([
      { target: "fda", source: { file: "/a" }, readonly: false },
      { target: "sda", source: { block: "/dev/b" }, readonly: false },
      { target: "hda", source: undefined, readonly: true },
    ]);
  });

  test.each([
    // As libvirt starts it: in whole MiB.
    ["<memory unit='GB'>1</memory>", 954 * 2 ** 20],
    ["<memory unit='GiB'>1</memory>", 1024 ** 3],
    ["<memory unit='g'>1</memory>", 1024 ** 3],
    ["<memory unit='KB'>5000</memory>", 5 * 2 ** 20],
    ["<memory unit='b'>5242880</memory>", 5 * 2 ** 20],
    ["<memory unit='bytes'>5242880</memory>", 5 * 2 ** 20],
    ["<memory> 7168 </memory>", 7 * 2 ** 20],
  ])("%s is %i bytes", (memory, bytes) => {
    const { memoryBytes, maxMemoryBytes } = parseDomain(
      `<domain type='kvm'><name>a</name>${memory}</domain>`,
    );
    expect([memoryBytes, maxMemoryBytes]).toEqual([bytes, bytes]);
  });

  test.each([
    ["<domain type='xen'><name>a</name><memory>1</memory></domain>", "notModelled"],
    ["<domain type='kvm'><memory>1</memory></domain>", "invalidValue"],
    ["<domain type='kvm'><name>a</name></domain>", "invalidValue"],
    ["<domain type='kvm'><name>a</name><memory>-1</memory></domain>", "invalidValue"],
    ["<domain type='kvm'><name>a</name><memory unit='XB'>1</memory></domain>", "invalidValue"],
    ["<domain type='kvm'><name>a</name><memory unit='EiB'>9999</memory></domain>", "invalidValue"],
    ["<domain type='kvm'><name>a</name><memory>1</memory><vcpu>many</vcpu></domain>", "invalidValue"],
    ["<network/>", "unexpectedRoot"],
  ])("%s is refused: %s", (xml, kind) => {
    expect(() => parseDomain(xml)).toThrow(expect.objectContaining({ name: "XmlError", kind }));
  });
});

describe("a new definition", () => {
  test("switches secure boot off where it isn't wanted, and keeps its variables by its UUID", () => {
    const uefi = buildDomain(model({ firmware: "uefi" }));
    expect(uefi).toContain("<os firmware='efi'>");
    expect(uefi).toContain("<feature enabled='no' name='secure-boot'/>");
    expect(uefi).toContain("<feature enabled='no' name='enrolled-keys'/>");
    expect(uefi).not.toContain("nvram");
    const secure = buildDomain(model({ firmware: "uefi-secure-boot" }));
    expect(secure).toContain("<feature enabled='yes' name='secure-boot'/>");
    const uuid = "923ce594-c648-494e-b8c4-54ed99172e2f";
    const named = buildDomain(model({ firmware: "uefi", uuid }));
    expect(named).toContain(`<nvram>/var/lib/libvirt/qemu/nvram/${uuid}_VARS.fd</nvram>`);
    expect(buildDomain(model())).not.toContain("firmware");
  });

  test("has ports to spare on PCIe machines only", () => {
    const ports = (xml: string) => xml.match(/model='pcie-root-port'/g)?.length ?? 0;
    // usb, virtio-serial, memballoon, rng
    expect(ports(buildDomain(model()))).toBe(4 + 8);
    expect(ports(buildDomain(model({ hotplugPorts: 0 })))).toBe(0);
    expect(ports(buildDomain(model({ machine: "pc", hotplugPorts: 8 })))).toBe(0);
  });

  test("can't be made of what the model only keeps", () => {
    const disk = {
      target: "vda",
      bus: "virtio",
      device: "disk",
      format: "raw",
      readonly: false,
      shareable: false,
    } as const;
    const kept = { ...disk, source: { other: "network" } };
    expect(() => buildDomain(model({ disks: [kept] }))).toThrow(
      expect.objectContaining({ kind: "notModelled" }),
    );
    const port = { source: { other: "user" }, mac: "52:54:00:00:00:01", link: "up" } as const;
    expect(() => buildDomain(model({ interfaces: [port] }))).toThrow(
      expect.objectContaining({ kind: "notModelled" }),
    );
    expect(() => buildDomain(model({ name: "a\0b" }))).toThrow(
      expect.objectContaining({ kind: "forbiddenCharacter" }),
    );
  });

  test("devices alone are written as they stand in it", () => {
    const disk = {
      target: "vdb",
      bus: "virtio",
      device: "disk",
      format: "raw",
      readonly: true,
      shareable: false,
    } as const;
    expect(buildDisk({ ...disk, source: { file: "/a&b" } })).toBe(
      "<disk type='file' device='disk'>\n  <driver name='qemu' type='raw'/>\n  <source file='/a&amp;b'/>\n" +
        "  <target dev='vdb' bus='virtio'/>\n  <readonly/>\n</disk>\n",
    );
    expect(buildInterface({ source: { bridge: "br0" }, mac: "52:54:00:00:00:01", link: "down" })).toBe(
      "<interface type='bridge'>\n  <mac address='52:54:00:00:00:01'/>\n  <source bridge='br0'/>\n" +
        "  <link state='down'/>\n</interface>\n",
    );
  });
});
