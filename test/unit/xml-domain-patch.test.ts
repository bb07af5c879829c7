import { describe, expect, test } from "vitest";
import {
  applyPatches,
  buildDomain,
  type DomainModel,
  parseDomain,
  patchDomain,
  patchNotesAsKept,
  patchNotesKind,
  XmlError,
  xmlDiff,
} from "../../provider/libvirt/xml/index.js";
import { fixture } from "../fixtures/xml/fixtures.js";

const mib = 1024 * 1024;

/** What a patch of a fixture changes, as the lines of a diff without their context. */
function changedLines(name: string, change: (before: DomainModel) => DomainModel): string[] {
  const xml = fixture(name);
  const before = parseDomain(xml);
  return xmlDiff(xml, patchDomain(xml, change(before)))
    .split("\n")
    .filter((line) => /^[+-]/.test(line))
    .map((line) => line.replace(/^([+-])\s*/, "$1"));
}

describe("a patch changes these lines and no others", () => {
  test("nothing", () => {
    expect(changedLines("domain/rich", (before) => structuredClone(before))).toEqual([]);
  });

  test("memory: with its modules, and in the NUMA cell that libvirt goes by", () => {
    expect(
      changedLines("domain/rich", (before) => ({
        ...before,
        memoryBytes: 1536 * mib,
        maxMemoryBytes: 4096 * mib,
        memoryHotplug: { type: "dimm", slots: 4, bootBytes: 2048 * mib, modulesBytes: 512 * mib },
      })),
    ).toEqual([
      "-<maxMemory slots='4' unit='KiB'>8388608</maxMemory>",
      "-<memory unit='KiB'>2097152</memory>",
      "-<currentMemory unit='KiB'>2097152</currentMemory>",
      "+<maxMemory slots='4' unit='KiB'>4194304</maxMemory>",
      "+<memory unit='KiB'>2621440</memory>",
      "+<currentMemory unit='KiB'>1572864</currentMemory>",
      "-<cell id='0' cpus='0-3' memory='1572864' unit='KiB'/>",
      "+<cell id='0' cpus='0-3' memory='2097152' unit='KiB'/>",
    ]);
  });

  test("memory hotplug: what it needs comes and goes with it", () => {
    const virtioMem = { type: "virtio-mem", slots: 1, bootBytes: 512 * mib, modulesBytes: 0 } as const;
    const plugged = patchDomain(fixture("domain/minimal"), {
      ...parseDomain(fixture("domain/minimal")),
      memoryBytes: 576 * mib,
      maxMemoryBytes: 1024 * mib,
      memoryHotplug: virtioMem,
    });
    expect(plugged).toContain("<maxMemory slots='1' unit='KiB'>1048576</maxMemory>");
    expect(plugged).toContain("<memory unit='KiB'>1048576</memory>");
    expect(plugged).toMatch(/<cell id='0' cpus='0' memory='524288' unit='KiB'\/>/);
    expect(plugged).toMatch(/<requested unit='KiB'>65536<\/requested>/);
    // The port that was added for the module stays, a free one.
    const port = "    <controller type='pci' index='4' model='pcie-root-port'/>\n";
    const back = patchDomain(plugged, parseDomain(fixture("domain/minimal")));
    expect(back).toContain(port);
    expect(back.replace(port, "")).toBe(fixture("domain/minimal"));
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
      "+<nvram>/var/lib/libvirt/qemu/nvram/923ce594-c648-494e-b8c4-54ed99172e2f_SECURE_VARS.fd</nvram>",
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
    const from = parseDomain(fixture("domain/running-persistent"));
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

  test("that somebody has edited are told with what is there, and are made and undone as before", () => {
    const plain = patchDomain(xml, { ...parseDomain(xml), patches: [] });
    const patches = [
      { xpath: "/domain/title", set: "ours" },
      { xpath: "/domain/devices/memballoon/@model", set: "none" },
      { xpath: "//sound", remove: true as const },
      { xpath: "/domain/devices", append: "<hub type='usb'/>" },
    ];
    const patched = patchDomain(plain, { ...parseDomain(plain), patches });
    const edited = patched
      .replace("<title>ours<", "<title>theirs<")
      .replace(/<hub type='usb'\/>/, "")
      .replace("</devices>", "<sound model='ich6'/></devices>");
    const found = parseDomain(edited).patches;
    expect(found?.slice(0, 2)).toEqual([{ xpath: "/domain/title", set: "theirs" }, patches[1]]);
    expect(found).not.toContainEqual(patches[3]);
    const again = patchDomain(edited, { ...parseDomain(edited), patches });
    expect(parseDomain(again).patches).toEqual(patches);
    expect(parseDomain(patchDomain(again, { ...parseDomain(again), patches: [] }))).toEqual(
      parseDomain(plain),
    );
    // A live document has values of its run.
    const live = (text: string) => text.replace(/<domain /, "<domain id='3' ");
    expect(parseDomain(live(edited)).patches).toEqual(patches);
  });

  test("that libvirt keeps in other words are not taken for edits, once that is noted", () => {
    const patches = [{ xpath: "/domain/devices/memballoon/@model", set: "virtio-non-transitional" }];
    const kept = patchDomain(xml, { ...parseDomain(xml), patches }).replace(
      "model='virtio-non-transitional'",
      "model='virtio'",
    );
    expect(parseDomain(kept).patches).not.toEqual(patches);
    const note = patchNotesAsKept(kept) ?? "";
    const noted = kept.replace(
      /<([\w-]+:)?patches[\s\S]*<\/([\w-]+:)?patches>/,
      note.replace("<patches", `<patches xmlns="${patchNotesKind.uri}"`),
    );
    expect(parseDomain(noted).patches).toEqual(patches);
    expect(patchNotesAsKept(noted)).toBeUndefined();
    const { title: _, ...untitled } = parseDomain(noted);
    const titled = patchDomain(noted, { ...untitled, title: "new" });
    expect(titled).toContain("virtio-non-transitional");
    expect(parseDomain(titled.replace("model='virtio-non-transitional'", "model='virtio'")).patches).toEqual(
      patches,
    );
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
