import { describe, expect, test } from "vitest";
import {
  applyPatches,
  buildDisk,
  buildDomain,
  buildInterface,
  type DomainModel,
  describeDifferences,
  diskTargets,
  parseDomain,
  patchDomain,
  XmlError,
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
    rng: true,
    hotplugPorts: 8,
    ...changes,
  };
}

/** What a patch of a fixture changes, as the lines of a diff without their context. */
function changedLines(name: string, change: (before: DomainModel) => DomainModel): string[] {
  const xml = fixture(name);
  const before = parseDomain(xml);
  return xmlDiff(xml, patchDomain(xml, change(before)))
    .split("\n")
    .filter((line) => /^[+-]/.test(line))
    .map((line) => line.replace(/^([+-])\s*/, "$1"));
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
      rng: true,
      hotplugPorts: 1,
      onPoweroff: "destroy",
      onReboot: "restart",
      onCrash: "destroy",
    });
    expect(describeDifferences(persistent, live).map(({ path }) => path)).toEqual(["memoryBytes"]);
  });

  test("the CPU that libvirt puts where none was asked for is none", () => {
    expect(fixture("domain/minimal")).toContain("<model fallback='forbid'>qemu64</model>");
    expect(parseDomain(fixture("domain/minimal")).cpuMode).toBeUndefined();
    expect(parseDomain(fixture("domain/rich")).cpuMode).toEqual({ model: "Nehalem" });
    expect(parseDomain(fixture("domain/windows")).cpuMode).toBe("maximum");
    expect(parseDomain(fixture("domain/bridged-persistent")).cpuMode).toBe("host-model");
    expect(parseDomain(fixture("domain/bridged-live")).cpuMode).toEqual({ model: "EPYC" });
  });

  test("memory modules are not counted as memory", () => {
    const { memoryBytes, maxMemoryBytes } = parseDomain(fixture("domain/rich"));
    expect({ memoryBytes, maxMemoryBytes }).toEqual({ memoryBytes: 1536 * mib, maxMemoryBytes: 1536 * mib });
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
    expect(of("domain/bridged-live")[0]?.source).toEqual({ network: "br" });
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
    expect(diskTargets(fixture("domain/rich"))).toEqual(["vda", "vdb", "sdc", "sdd", "sda", "sdb", "fda"]);
    expect(rich.interfaces.map((item) => item.source)).toEqual([
      { network: "default" },
      { bridge: "br0" },
      { other: "direct" },
      { other: "user" },
    ]);
  });

  test.each([
    ["<memory unit='GB'>1</memory>", 1000 ** 3],
    ["<memory unit='GiB'>1</memory>", 1024 ** 3],
    ["<memory unit='g'>1</memory>", 1024 ** 3],
    ["<memory unit='KB'>5</memory>", 5000],
    ["<memory unit='b'>5</memory>", 5],
    ["<memory unit='bytes'>5</memory>", 5],
    ["<memory> 7 </memory>", 7 * 1024],
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
  test("switches secure boot off where it isn't wanted, and SMM on where it is", () => {
    const uefi = buildDomain(model({ firmware: "uefi" }));
    expect(uefi).toContain("<os firmware='efi'>");
    expect(uefi).toContain("<feature enabled='no' name='secure-boot'/>");
    expect(uefi).toContain("<feature enabled='no' name='enrolled-keys'/>");
    expect(uefi).not.toContain("smm");
    const secure = buildDomain(model({ firmware: "uefi-secure-boot" }));
    expect(secure).toContain("<feature enabled='yes' name='secure-boot'/>");
    expect(secure).toContain("<smm state='on'/>");
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
    const port = { source: { other: "direct" }, mac: "52:54:00:00:00:01", link: "up" } as const;
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

describe("a patch changes these lines and no others", () => {
  test("nothing", () => {
    expect(changedLines("domain/rich", (before) => structuredClone(before))).toEqual([]);
  });

  test("memory: with its modules, and in the NUMA cell that libvirt goes by", () => {
    expect(
      changedLines("domain/rich", (before) => ({
        ...before,
        memoryBytes: 1024 * mib,
        maxMemoryBytes: 2048 * mib,
      })),
    ).toEqual([
      "-<memory unit='KiB'>2097152</memory>",
      "-<currentMemory unit='KiB'>2097152</currentMemory>",
      "+<memory unit='KiB'>2621440</memory>",
      "+<currentMemory unit='KiB'>1572864</currentMemory>",
      "-<cell id='0' cpus='0-3' memory='1572864' unit='KiB'/>",
      "+<cell id='0' cpus='0-3' memory='2097152' unit='KiB'/>",
    ]);
  });

  test("CPUs: the count keeps its other attributes, the list of single CPUs goes", () => {
    expect(changedLines("domain/rich", (before) => ({ ...before, cpus: 4 }))).toEqual([
      "-<vcpu placement='static' cpuset='0-1' current='2'>4</vcpu>",
      "+<vcpu placement='static' cpuset='0-1'>4</vcpu>",
    ]);
    const plugged = fixture("domain/rich").replace(
      "<iothreads>",
      "<vcpus><vcpu id='0' enabled='yes' hotpluggable='no'/></vcpus>\n  <iothreads>",
    );
    const patched = patchDomain(plugged, { ...parseDomain(plugged), cpus: 3 });
    expect(patched).toContain("current='3'");
    expect(patched).not.toContain("<vcpus>");
  });

  test("a link, an address of a network, a model", () => {
    expect(
      changedLines("domain/rich", (before) => ({
        ...before,
        interfaces: before.interfaces.map((item, index) =>
          index === 0
            ? { ...item, link: "up", source: { network: "lan & more" } }
            : { ...item, model: "e1000" },
        ),
      })),
    ).toEqual([
      "-<source network='default'/>",
      "+<source network='lan &amp; more'/>",
      "-<link state='down'/>",
      "-<model type='e1000e'/>",
      "+<model type='e1000'/>",
      "-<model type='virtio'/>",
      "+<model type='e1000'/>",
      "-<model type='rtl8139'/>",
      "+<model type='e1000'/>",
    ]);
  });

  test("a disk that comes, and one that goes with its lines", () => {
    expect(
      changedLines("domain/running-persistent", (before) => ({
        ...before,
        disks: [
          ...before.disks.filter((disk) => disk.target !== "vdb"),
          {
            target: "vdc",
            bus: "virtio",
            device: "disk",
            source: { block: "/dev/sdx" },
            format: "raw",
            cache: "none",
            readonly: false,
            shareable: false,
          },
        ],
      })),
    ).toEqual([
      "-<disk type='file' device='disk'>",
      "-<driver name='qemu' type='qcow2'/>",
      "-<source file='/var/lib/libvirt/images/web.qcow2'/>",
      "-<target dev='vdb' bus='virtio'/>",
      "-<address type='pci' domain='0x0000' bus='0x06' slot='0x00' function='0x0'/>",
      "+<disk type='block' device='disk'>",
      "+<driver name='qemu' type='raw' cache='none'/>",
      "+<source dev='/dev/sdx'/>",
      "+<target dev='vdc' bus='virtio'/>",
    ]);
  });

  test("a medium goes into a drive and out of it", () => {
    const media = (source: { file: string } | undefined, target: string) => (before: DomainModel) => ({
      ...before,
      disks: before.disks.map((disk) => {
        const { source: _old, ...drive } = disk;
        return disk.target !== target ? disk : source === undefined ? drive : { ...drive, source };
      }),
    });
    expect(changedLines("domain/rich", media(undefined, "sda"))).toEqual([
      "-<source file='/var/lib/libvirt/images/data.raw'/>",
    ]);
    expect(changedLines("domain/rich", media({ file: "/a.iso" }, "sdb"))).toEqual([
      "+<source file='/a.iso'/>",
    ]);
  });

  test("another image takes the noted chain below the old one along", () => {
    const lines = changedLines("domain/running-live", (before) => ({
      ...before,
      disks: before.disks.map((disk) =>
        disk.target === "vda" ? { ...disk, source: { pool: "p", volume: "v" } } : disk,
      ),
    }));
    expect(lines).toContain("+<source pool='p' volume='v' index='2'/>");
    expect(lines.filter((line) => line.includes("backingStore"))).toHaveLength(3);
  });

  test("a boot order of devices puts the general one out, which libvirt refuses beside it", () => {
    expect(
      changedLines("domain/running-persistent", (before) => ({
        ...before,
        disks: before.disks.map((disk) => (disk.target === "vda" ? { ...disk, bootOrder: 1 } : disk)),
      })),
    ).toEqual(["-<boot dev='hd'/>", "+<boot order='1'/>"]);
  });

  test("firmware: what was chosen for the old one goes", () => {
    expect(changedLines("domain/uefi-unspecified", (before) => ({ ...before, firmware: "bios" }))).toEqual([
      "-<os firmware='efi'>",
      "+<os>",
    ]);
    expect(changedLines("domain/uefi", (before) => ({ ...before, firmware: "uefi-secure-boot" }))).toEqual([
      "-<feature enabled='no' name='enrolled-keys'/>",
      "-<feature enabled='no' name='secure-boot'/>",
      "+<feature enabled='yes' name='enrolled-keys'/>",
      "+<feature enabled='yes' name='secure-boot'/>",
      "+<smm state='on'/>",
    ]);
  });

  test("the CPU: topology and cells stay", () => {
    expect(changedLines("domain/windows", (before) => ({ ...before, cpuMode: { model: "EPYC" } }))).toEqual([
      "-<cpu mode='maximum' check='none'>",
      "+<cpu mode='custom' match='exact' check='partial'>",
      "+<model fallback='forbid'>EPYC</model>",
    ]);
    expect(changedLines("domain/rich", (before) => ({ ...before, cpuMode: "host-passthrough" }))).toEqual([
      "-<cpu mode='custom' match='exact' check='none'>",
      "-<model fallback='allow'>Nehalem</model>",
      "+<cpu mode='host-passthrough'>",
    ]);
  });

  test("the console's log, in both descriptions of the port", () => {
    const lines = changedLines("domain/running-persistent", (before) => ({ ...before, consoleLog: "/b" }));
    expect(lines).toEqual([
      "-<log file='/var/log/libvirt/running.log' append='on'/>",
      "+<log file='/b' append='on'/>",
      "-<log file='/var/log/libvirt/running.log' append='on'/>",
      "+<log file='/b' append='on'/>",
    ]);
  });

  test("the description stands where libvirt puts it", () => {
    const xml = fixture("domain/minimal");
    expect(patchDomain(xml, { ...parseDomain(xml), description: "a <b>" })).toContain(
      "</uuid>\n  <description>a &lt;b&gt;</description>\n  <memory",
    );
  });

  test("of a difference that is given, even when the document is further on", () => {
    const from = model();
    const xml = buildDomain({ ...from, description: "by hand" });
    const patched = parseDomain(patchDomain(xml, { ...from, cpus: 2 }, from));
    expect([patched.cpus, patched.description]).toEqual([2, "by hand"]);
  });

  test("a source of which only the type is known can't be patched in", () => {
    const xml = fixture("domain/minimal");
    const port = { source: { other: "direct" }, mac: "52:54:00:00:00:01", link: "up" } as const;
    expect(() => patchDomain(xml, { ...parseDomain(xml), interfaces: [port] })).toThrow(XmlError);
  });
});

describe("a diff for people", () => {
  test("shows no password, but that one changed", () => {
    const xml = fixture("domain/windows");
    expect(xml).toContain("s3cret");
    const changed = xml.replace("s3cret", "0ther");
    const diff = xmlDiff(xml, changed);
    expect(diff).toContain("passwd='(secret 1)'");
    expect(diff).toContain("passwd='(secret 2)'");
    expect(diff).not.toMatch(/s3cret|0ther/);
    expect(xmlDiff(xml, xml)).toBe("");
  });

  test("doesn't mind indentation", () => {
    expect(xmlDiff("<a>\n <b/>\n\n<c>x y</c></a>", "<a><b/><c>x y</c></a>")).toBe("");
    expect(xmlDiff("<a><c>x  y</c></a>", "<a><c>x y</c></a>")).toBe(
      "@@ -1,3 +1,3 @@\n <a>\n-  <c>x  y</c>\n+  <c>x y</c>\n </a>\n",
    );
  });
});

describe("XPath patches", () => {
  const xml = fixture("domain/rich");
  const apply = (...patches: Parameters<typeof applyPatches>[1]) => xmlDiff(xml, applyPatches(xml, patches));

  test("set, remove and append", () => {
    expect(applyPatches(xml, [])).toBe(xml);
    const changed = applyPatches(xml, [
      { xpath: "/domain/devices/memballoon/@model", set: "none" },
      { xpath: "/domain/devices/memballoon/@freePageReporting", set: "on" },
      { xpath: "/domain/title", set: "<new>" },
      { xpath: "//sound | //watchdog", remove: true },
      { xpath: "/domain/vcpu/@cpuset", remove: true },
      {
        xpath: "/domain/qemu:commandline",
        append: "<qemu:arg xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0' value='-S'/>",
      },
    ]);
    expect(changed).toContain("<memballoon model='none' freePageReporting='on'>");
    expect(changed).toContain("<title>&lt;new&gt;</title>");
    expect(changed).not.toMatch(/<sound|<watchdog|cpuset/);
    expect(changed).toContain("value='-S'/>\n  </qemu:commandline>");
  });

  test("that match nothing or are none are errors that name them", () => {
    for (const xpath of ["/domain/nothing", "//@nothing/x"]) {
      expect(() => apply({ xpath, set: "x" })).toThrow(
        expect.objectContaining({ kind: "patchMatchesNothing", message: expect.stringContaining(xpath) }),
      );
    }
    expect(() => apply({ xpath: "/domain/nothing", remove: true })).toThrow(
      expect.objectContaining({ kind: "patchMatchesNothing" }),
    );
    for (const xpath of ["((", "count(//disk)", "/unknown:a", ""]) {
      expect(() => apply({ xpath, set: "x" })).toThrow(expect.objectContaining({ kind: "patchInvalid" }));
    }
    expect(() => apply({ xpath: "/domain", remove: true })).toThrow(
      expect.objectContaining({ kind: "patchInvalid" }),
    );
    expect(() => apply({ xpath: "/domain/devices", append: "<a></a><b/>" })).toThrow(
      expect.objectContaining({ kind: "malformed" }),
    );
    expect(() => apply({ xpath: "/domain/@type", append: "<a/>" })).toThrow(
      expect.objectContaining({ kind: "patchInvalid" }),
    );
  });
});
