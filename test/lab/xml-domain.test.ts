/** What libvirt makes of the XML that is written here, and what is read of what it makes. Needs root, libvirtd, virsh and QEMU. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  buildDisk,
  buildDomain,
  type DomainDisk,
  type DomainModel,
  describeDifferences,
  leaseKind,
  migrationJournalKind,
  ownerMarkKind,
  parseDomain,
  patchDomain,
  readLease,
  readMigrationJournal,
  readOwnerMark,
  survivesLibvirtAttribute,
  survivesLibvirtText,
  withLease,
  writeLease,
  writeMigrationJournal,
  writeOwnerMark,
  xmlDiff,
} from "../../provider/libvirt/xml/index.js";
import { fixture } from "../fixtures/xml/fixtures.js";
import { hostile, lease, migrationJournal, ownerMark } from "../property/xml-arbitraries.js";
import { startVirsh, type Virsh } from "./xml-virsh.js";

const mib = 1024 * 1024;
let virsh: Virsh;

beforeAll(async () => {
  virsh = await startVirsh();
});

afterAll(async () => {
  await virsh.stop();
});

async function define(xml: string): Promise<string> {
  await virsh.submit(["define", "--validate"], xml);
  return await virsh.persistentXml(parseDomain(xml).uuid ?? parseDomain(xml).name);
}

function uuid(number: number): string {
  return `5f9f3f1e-9f6c-4c55-8d0c-${String(number).padStart(12, "0")}`;
}

function model(number: number, changes: Partial<DomainModel> = {}): DomainModel {
  return {
    name: `vm${number}`,
    uuid: uuid(number),
    accelerator: "qemu",
    architecture: "x86_64",
    machine: "pc-q35-7.2",
    memoryBytes: 48 * mib,
    maxMemoryBytes: 64 * mib,
    cpus: 1,
    maxCpus: 4,
    firmware: "bios",
    disks: [],
    interfaces: [],
    agentChannel: true,
    hotplugPorts: 8,
    ...changes,
  };
}

function disk(target: string, changes: Partial<DomainDisk> = {}): DomainDisk {
  return {
    target,
    bus: "virtio",
    device: "disk",
    source: { file: `/nowhere/${target}.raw` },
    format: "raw",
    readonly: false,
    shareable: false,
    ...changes,
  };
}

/** What libvirt fills in where the model leaves it open. */
const filledIn = ["emulator", "onPoweroff", "onReboot", "onCrash"];

function unexpectedDifferences(wanted: DomainModel, xml: string): string[] {
  return describeDifferences({ ...wanted, hotplugPorts: 99 }, parseDomain(xml))
    .filter(({ path, from }) => !(filledIn.includes(path) && from === undefined))
    .map(({ path, from, to }) => `${path}: ${JSON.stringify(from)} -> ${JSON.stringify(to)}`);
}

describe("domains", () => {
  test.each<[string, Partial<DomainModel>]>([
    ["nothing more", {}],
    [
      "everything at once",
      {
        description: "two\nlines & <more>",
        rng: { backend: "random", device: "/dev/urandom", rate: { bytes: 1234, periodMs: 2000 } },
        bootMenu: { enabled: true, timeoutMs: 3000 },
        channels: [{ name: "com.example.a" }, { name: "com.example.b & c", path: "/run/b&<>'.sock" }],
        hostDevices: [
          { type: "pci", address: "0000:01:10.2", managed: true },
          { type: "pci", address: "0001:02:00.0", managed: false },
          { type: "usb", vendor: "1234", product: "beef" },
          { type: "usbPort", bus: 2, device: 7 },
          { type: "mediated", uuid: "9e6a4b0e-6f0f-4f6c-8a6b-0d4b1d1e8a11", model: "vfio-pci" },
        ],
        directBoot: {
          kernel: "/boot/k & <1>",
          initrd: "/boot/i 'x'",
          commandLine: `console=ttyS0 a="b c" d='e' &<>`,
        },
        consoleLog: "/var/log/libvirt/a b&<>'\".log",
        cpuMode: "host-model",
        disks: [
          disk("vda", {
            format: "qcow2",
            cache: "none",
            io: "native",
            discard: "unmap",
            detectZeroes: "unmap",
            queues: 2,
            serial: "SN 1",
            bootOrder: 1,
            limits: {
              steady: { bytesPerSecond: 10 * mib, iops: 500 },
              burst: { iops: 1000 },
              burstSeconds: { iops: 30 },
              iopsSizeBytes: 4096,
            },
          }),
          disk("vdb", { source: { block: "/dev/mapper/a-b" }, shareable: true }),
          disk("vdc", { source: { pool: "default", volume: "a b&<>.qcow2" }, readonly: true }),
          disk("vdd", { limits: { steady: { readBytesPerSecond: 1000, writeIops: 7 } } }),
          disk("sda", { bus: "scsi", wwn: "5000c50015ea71ad" }),
          // The second SCSI controller's.
          disk("sdh", { bus: "scsi" }),
          disk("sdb", { bus: "sata", device: "cdrom", readonly: true, bootOrder: 2, alias: "ua-cdrom-0" }),
          disk("sdc", { bus: "usb" }),
        ],
        interfaces: [
          { source: { network: "a & b" }, mac: "52:54:00:10:00:01", model: "virtio", link: "up" },
          { source: { bridge: "br0" }, mac: "52:54:00:10:00:02", model: "e1000e", link: "down" },
          {
            source: { network: "lan", portgroup: "gold" },
            mac: "52:54:00:10:00:03",
            model: "virtio",
            link: "up",
            queues: 2,
            mtu: 1400,
            bootOrder: 3,
            bandwidth: {
              inbound: {
                averageKilobytesPerSecond: 1000,
                peakKilobytesPerSecond: 2000,
                burstKibibytes: 512,
                floorKilobytesPerSecond: 100,
              },
              outbound: { averageKilobytesPerSecond: 1 },
            },
            filter: {
              name: "clean-traffic",
              parameters: [
                { name: "IP", value: "10.0.0.1" },
                { name: "IP", value: "10.0.0.2" },
              ],
            },
          },
          {
            source: { device: "eth7", mode: "passthrough" },
            mac: "52:54:00:10:00:04",
            model: "e1000",
            link: "up",
            trustGuestRxFilters: true,
            vlan: { tags: [7] },
          },
          {
            source: { bridge: "ovs0" },
            mac: "52:54:00:10:00:05",
            model: "rtl8139",
            link: "up",
            virtualPort: { type: "openvswitch", profile: "gold" },
            vlan: { tags: [7, 9], trunk: true, native: { tag: 7, mode: "untagged" } },
          },
        ],
        onPoweroff: "destroy",
        onReboot: "destroy",
        onCrash: "preserve",
      },
    ],
    ["a named CPU", { cpuMode: { model: "Nehalem" } }],
    ["the CPU that is the default, by name", { cpuMode: { model: "qemu64" } }],
    ["all CPU features", { cpuMode: "maximum" }],
    ["UEFI", { firmware: "uefi" }],
    ["secure boot", { firmware: "uefi-secure-boot", smm: true }],
    [
      "a platform of its own",
      {
        tpm: { model: "tpm-tis", backend: "emulator", version: "1.2" },
        graphics: {
          type: "vnc",
          listen: "127.0.0.1",
          port: 5912,
          password: { secret: "a'b\"c" },
          keymap: "de",
        },
        video: { model: "qxl", heads: 2, memoryKib: 32_768 },
        sound: "ac97",
        watchdog: { model: "i6300esb", action: "reset" },
        inputDevices: [
          { type: "keyboard", bus: "usb" },
          { type: "tablet", bus: "virtio" },
        ],
        serialPorts: [
          { type: "pty", log: "/var/log/a b.log" },
          { type: "unix", path: "/run/a&b.sock", mode: "bind" },
          { type: "tcp", mode: "connect", host: "127.0.0.1", service: "4555", protocol: "telnet" },
        ],
        clock: {
          offset: "timezone",
          timezone: "Europe/Berlin",
          timers: [{ name: "rtc", tickPolicy: "catchup" }],
        },
        osIdentity: "http://debian.org/debian/12",
        pmu: false,
        vmport: false,
        vmcoreinfo: true,
        smm: true,
        kvmHidden: true,
        ioapic: "qemu",
        hyperv: {
          flags: [
            "frequencies",
            "ipi",
            "relaxed",
            "reset",
            "runtime",
            "synic",
            "tlbflush",
            "vapic",
            "vpindex",
          ],
          spinlockRetries: 8191,
          vendorId: "KVM Hv",
          stimer: "direct",
        },
      },
    ],
    [
      "another platform",
      {
        tpm: { model: "tpm-crb", backend: "emulator", version: "2.0" },
        graphics: {
          type: "spice",
          listen: "0.0.0.0",
          password: { secret: "geheim" },
          passwordValidTo: "2030-01-31T12:00:00",
        },
        video: { model: "none" },
        sound: "ich9",
        acpi: false,
        clock: { offset: "localtime", timers: [] },
        serialPorts: [{ type: "file", path: "/var/log/a.log" }],
      },
    ],
    ["no devices to speak of", { agentChannel: false, hotplugPorts: 0 }],
    ["an odd size", { memoryBytes: 48 * mib, maxMemoryBytes: 65 * mib }],
    ["the old machine", { machine: "pc-i440fx-7.2", hotplugPorts: 0, disks: [disk("hda", { bus: "ide" })] }],
  ])("with %s are defined, and read back as they were wanted", async (_what, changes) => {
    const wanted = model(1, changes);
    try {
      const xml = await define(buildDomain(wanted));
      expect(unexpectedDifferences(wanted, xml)).toEqual([]);
      // libvirt adds one spare port of its own where none were declared.
      const spare = wanted.machine.includes("q35") ? Math.max(wanted.hotplugPorts, 1) : 0;
      expect(parseDomain(xml).hotplugPorts).toBe(spare);
      expect(unexpectedDifferences(wanted, await define(patchDomain(xml, parseDomain(xml))))).toEqual([]);
    } finally {
      await virsh.run("undefine", uuid(1), "--nvram").catch(() => undefined);
    }
  });

  test("keep any string that is said to survive", async () => {
    const namable = hostile.filter(
      (text) => survivesLibvirtText(text) && !/[\n/]/.test(text) && text.trim() !== "",
    );
    const path = hostile.filter(survivesLibvirtAttribute).map((text) => `/p${text}`);
    const text = hostile.filter((value) => survivesLibvirtText(value));
    await fc.assert(
      fc.asyncProperty(namable, text, path, path, async (name, description, file, consoleLog) => {
        const wanted = model(2, {
          name,
          description,
          consoleLog,
          disks: [disk("vda", { source: { file } })],
        });
        try {
          await virsh.submit(["define"], buildDomain(wanted));
          expect(unexpectedDifferences(wanted, await virsh.persistentXml(uuid(2)))).toEqual([]);
        } finally {
          await virsh.run("undefine", uuid(2)).catch(() => undefined);
        }
      }),
      { numRuns: 40 },
    );
  });

  test("lose a line end in an attribute, which is why it's said not to survive", async () => {
    const wanted = model(3, { disks: [disk("vda", { source: { file: "/a\nb" } })] });
    await virsh.submit(["define"], buildDomain(wanted));
    await virsh.submit(["define"], await virsh.persistentXml(uuid(3)));
    expect(parseDomain(await virsh.persistentXml(uuid(3))).disks[0]?.source).toEqual({ file: "/a b" });
    await virsh.run("undefine", uuid(3));
  });

  test("are patched from one to another, and nothing else of them changes", async () => {
    // This host has no libvirt network of the fixture's; defining doesn't need it.
    const original = await define(
      fixture("domain/rich").replace(/<uuid>.*<\/uuid>/, `<uuid>${uuid(4)}</uuid>`),
    );
    const before = parseDomain(original);
    const to: DomainModel = {
      ...before,
      description: "by <us>",
      memoryBytes: 1024 * mib,
      maxMemoryBytes: 2048 * mib,
      cpus: 1,
      cpuMode: { model: "SandyBridge" },
      consoleLog: "/tmp/a & b",
      disks: [
        ...before.disks
          .filter(({ target }) => target !== "vdb")
          .map((item) => (item.target === "vda" ? { ...item, cache: "writeback", serial: "SN 2" } : item)),
        disk("vdx", { serial: "x" }),
      ],
      interfaces: before.interfaces.map((item, index) =>
        index === 0 ? { ...item, link: "up", source: { network: "other" } } : item,
      ),
    };
    const defined = await define(patchDomain(original, to));
    expect(describeDifferences(to, parseDomain(defined))).toEqual([]);
    const back = await define(patchDomain(defined, before));
    expect(describeDifferences(before, parseDomain(back))).toEqual([]);
    // What came and went is at another address, and stands elsewhere; nothing that the model doesn't own is missing.
    const lost = xmlDiff(original, back)
      .split("\n")
      .filter((line) => line.startsWith("-") && !line.includes("address"))
      .filter((line) => !back.includes(line.replace(/^-\s*/, "")));
    expect(lost.map((line) => line.replace(/^-\s*/, ""))).toEqual([
      // A model that is asked for isn't replaced by a similar one any more.
      "<cpu mode='custom' match='exact' check='none'>",
      "<model fallback='allow'>Nehalem</model>",
    ]);
    await virsh.run("undefine", uuid(4));
  });

  test("change their firmware and back", async () => {
    let xml = await define(buildDomain(model(5)));
    for (const firmware of ["uefi", "uefi-secure-boot", "uefi", "bios"] as const) {
      xml = await define(patchDomain(xml, { ...parseDomain(xml), firmware }));
      expect(parseDomain(xml).firmware).toBe(firmware);
    }
    await virsh.run("undefine", uuid(5));
  });

  test.each(["uefi", "uefi-secure-boot"] as const)(
    "start with the firmware %s, and with no other",
    async (firmware) => {
      await define(buildDomain(model(6, { firmware, memoryBytes: 128 * mib, maxMemoryBytes: 128 * mib })));
      try {
        await virsh.run("start", uuid(6));
        const live = await virsh.run("dumpxml", uuid(6));
        expect(parseDomain(live).firmware).toBe(firmware);
        expect(/<loader[^>]*secure='yes'/.test(live)).toBe(firmware === "uefi-secure-boot");
      } finally {
        await virsh.run("destroy", uuid(6)).catch(() => undefined);
        await virsh.run("undefine", uuid(6), "--nvram");
      }
    },
  );

  test("take as many devices while they run as ports were left", async () => {
    await define(buildDomain(model(7, { hotplugPorts: 3, cpuMode: { model: "qemu64" } })));
    await virsh.run("start", uuid(7));
    const attach = (plugged: DomainDisk) =>
      virsh.submit(["attach-device", "--live", uuid(7)], buildDisk(plugged));
    try {
      for (const [index, target] of ["vda", "vdb", "vdc"].entries()) {
        const file = join(virsh.folder, "lib", `${target}.raw`);
        await writeFile(file, Buffer.alloc(mib));
        await attach(disk(target, { source: { file: `/var/lib/libvirt/${target}.raw` } }));
        expect(parseDomain(await virsh.run("dumpxml", uuid(7))).hotplugPorts).toBe(2 - index);
      }
      const live = parseDomain(await virsh.run("dumpxml", uuid(7)));
      expect(live.disks.map(({ target, source }) => [target, source])).toEqual([
        ["vda", { file: "/var/lib/libvirt/vda.raw" }],
        ["vdb", { file: "/var/lib/libvirt/vdb.raw" }],
        ["vdc", { file: "/var/lib/libvirt/vdc.raw" }],
      ]);
      await expect(attach(disk("vdd", { source: { file: "/var/lib/libvirt/vda.raw" } }))).rejects.toThrow(
        /No more available PCI slots/,
      );
      // The definition isn't touched by what is plugged in, and the run isn't a difference but for the balloon and what the CPU has by itself.
      const persistent = parseDomain(await virsh.persistentXml(uuid(7)));
      expect(describeDifferences(persistent, { ...live, disks: [] }).map(({ path }) => path)).toEqual([
        "memoryBytes",
        "cpuFeatures",
      ]);
    } finally {
      await virsh.run("destroy", uuid(7));
      await virsh.run("undefine", uuid(7));
    }
  });
});

test("marks of any content survive being set, defined and started", async () => {
  await define(buildDomain(model(8)));
  await virsh.run("start", uuid(8));
  try {
    await fc.assert(
      fc.asyncProperty(ownerMark, lease, migrationJournal, async (owner, held, journal) => {
        for (const [kind, element] of [
          [ownerMarkKind, writeOwnerMark(owner)],
          [leaseKind, writeLease(held)],
          [migrationJournalKind, writeMigrationJournal(journal)],
        ] as const) {
          await virsh.run(
            "metadata",
            uuid(8),
            kind.uri,
            "--key",
            kind.key,
            "--set",
            element,
            "--live",
            "--config",
          );
        }
        const persistent = await virsh.persistentXml(uuid(8));
        for (const xml of [await virsh.run("dumpxml", uuid(8)), persistent]) {
          expect(readOwnerMark(xml)).toEqual(owner);
          expect(readLease(xml)).toEqual(held);
          expect(readMigrationJournal(xml)).toEqual(journal);
        }
        expect(readOwnerMark(await virsh.run("metadata", uuid(8), ownerMarkKind.uri))).toEqual(owner);
        await virsh.submit(["define"], withLease(persistent, { ...held, expiresAtMs: 7 }));
        const redefined = await virsh.persistentXml(uuid(8));
        expect(readLease(redefined)).toEqual({ ...held, expiresAtMs: 7 });
        expect(readMigrationJournal(redefined)).toEqual(journal);
      }),
      { numRuns: 15 },
    );
  } finally {
    await virsh.run("destroy", uuid(8));
    await virsh.run("undefine", uuid(8));
  }
});
