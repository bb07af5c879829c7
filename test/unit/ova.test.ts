import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseDescriptor } from "../../provider/ova/descriptor.js";
import { readOva } from "../../provider/ova/read-ova.js";
import { unitBytes } from "../../provider/ova/units.js";
import { runs } from "../support/runs.js";

const fixture = (name: string) =>
  readFileSync(fileURLToPath(new URL(`../fixtures/ova/${name}.ovf`, import.meta.url)), "utf8");
const MIB = 2 ** 20;
const vmware = fixture("vmware");

describe("an OVF document", () => {
  it("of VMware's programs is read, in its default configuration", () => {
    expect(parseDescriptor(vmware)).toEqual({
      ...{
        name: "Appliance & more",
        cpus: 2,
        memoryBytes: 256 * MIB,
        firmware: "uefi",
        os: { type: "linux" },
      },
      disks: [
        { file: "system.vmdk", sizeBytes: 8 * MIB, bus: "sata" },
        { file: undefined, sizeBytes: 16 * MIB, bus: "sata" },
      ],
      cards: [{ network: "VM Network", model: "vmxnet3" }],
      files: ["system.vmdk"],
    });
  });

  it("of VirtualBox is read, disks in the order of its controllers", () => {
    expect(parseDescriptor(fixture("virtualbox"))).toEqual({
      ...{ name: "win7", cpus: 1, memoryBytes: 512 * MIB, firmware: "bios", os: { type: "windows" } },
      disks: [
        { file: "system.vmdk", sizeBytes: 8 * MIB, bus: "ide" },
        { file: "data.vmdk", sizeBytes: 4 * MIB, bus: "sata" },
      ],
      cards: [
        { network: "NAT", model: "e1000" },
        { network: "Internal", model: "virtio" },
      ],
      files: ["data.vmdk", "system.vmdk"],
    });
  });

  const wrong: [string, (text: string) => string, string][] = [
    ["another document", () => "<domain/>", "is no OVF document: it begins with <domain>"],
    [
      "several machines",
      (text) =>
        text
          .replaceAll("VirtualSystem>", "VirtualSystemCollection>")
          .replace("<VirtualSystem ", "<VirtualSystemCollection "),
      "holds several virtual machines",
    ],
    [
      "a controller that isn't known",
      (text) => text.replace("VirtualSCSI", "FooBus"),
      'has a disk "Hard disk 1" on a controller that isn\'t known (resource type 6, "FooBus"); known are IDE (PIIX3, PIIX4, ICH6), SCSI',
    ],
    [
      "a disk on no controller",
      (text) => text.replaceAll("<rasd:Parent>3<", "<rasd:Parent>4<"),
      'has a disk "Hard disk 1" on no controller',
    ],
    [
      "a disk that isn't described",
      (text) => text.replace("disk/vmdisk1", "disk/vmdisk7"),
      'refers to "ovf:/disk/vmdisk7", which the document doesn\'t describe',
    ],
    [
      "a file that isn't named",
      (text) => text.replace('fileRef="file1"', 'fileRef="file7"'),
      'has a disk "Hard disk 1" in file "file7", which the document doesn\'t name',
    ],
    [
      "a difference to another disk",
      (text) => text.replace('ovf:fileRef="file1"', 'ovf:parentRef="vmdisk2" ovf:fileRef="file1"'),
      "is the difference to another (parentRef)",
    ],
    [
      "a file in pieces",
      (text) => text.replace('ovf:href="system.vmdk"', 'ovf:href="system.vmdk" ovf:chunkSize="100"'),
      'has "system.vmdk" in pieces (chunkSize)',
    ],
    [
      "memory in no unit",
      (text) => text.replace("byte * 2^20</rasd", "pages</rasd"),
      'counts memory in "pages"',
    ],
    [
      "no CPUs",
      (text) => text.replaceAll(">3</rasd:ResourceType>", ">99</rasd:ResourceType>"),
      "doesn't say how many CPUs",
    ],
    [
      "an entity",
      (text) => text.replace("<Envelope", '<!DOCTYPE x [<!ENTITY a SYSTEM "/etc/passwd">]><Envelope'),
      "document type declaration is refused",
    ],
  ];
  it.each(wrong)("with %s is refused", (_, change, says) => {
    const changed = change(vmware);
    expect(changed).not.toBe(vmware);
    expect(() => parseDescriptor(changed)).toThrow(says);
  });

  it("that is damaged anywhere is read or refused, and nothing else happens", () => {
    const place = fc.nat({ max: vmware.length - 1 });
    fc.assert(
      fc.property(place, fc.nat({ max: 30 }), fc.string({ maxLength: 5 }), (at, cut, put) => {
        try {
          const { cpus, memoryBytes } = parseDescriptor(vmware.slice(0, at) + put + vmware.slice(at + cut));
          expect(Number.isSafeInteger(cpus) && cpus > 0 && memoryBytes > 0).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
          expect(error).not.toBeInstanceOf(TypeError);
        }
      }),
      { numRuns: runs(100) },
    );
  });

  it("counts in all usual units", () => {
    const units = {
      byte: 1,
      "byte * 2^30": 2 ** 30,
      "byte*2^10": 1024,
      MegaBytes: MIB,
      "byte * 10^6": 1e6,
      "bytes * 1024": 1024,
      GB: 2 ** 30,
    };
    for (const [text, bytes] of Object.entries(units)) expect([text, unitBytes(text)]).toEqual([text, bytes]);
    for (const text of ["", "hertz * 10^6", "byte * x", "byte * 2^99", "pages"])
      expect([text, unitBytes(text)]).toEqual([text, undefined]);
  });
});

describe("an OVA file", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "pulumi-kvm-ova-"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function packed(files: Record<string, string>, format = "ustar"): string {
    const at = mkdtempSync(join(folder, "ova-"));
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(dirname(join(at, name)), { recursive: true });
      writeFileSync(join(at, name), content);
    }
    execFileSync("tar", [`--format=${format}`, "-cf", "../made.ova", ...Object.keys(files)], { cwd: at });
    return join(folder, "made.ova");
  }
  const sum = (algorithm: string, content: string) => createHash(algorithm).update(content).digest("hex");

  it("is read, and compared with its manifest in any of its sums", () => {
    for (const algorithm of ["SHA1", "SHA256", "SHA512"]) {
      const manifest = `${algorithm}(a.ovf)= ${sum(algorithm, vmware)}\r\n${algorithm} (system.vmdk) = ${sum(algorithm, "disk")}\n`;
      const path = packed({ "a.ovf": vmware, "a.mf": manifest, "system.vmdk": "disk" }, "gnu");
      expect(readOva(path)).toMatchObject({
        path,
        cpus: 2,
        disks: [{ file: "system.vmdk" }, { file: undefined }],
      });
    }
    // As "tar cf x.ova ./a.ovf" makes it: the member's name is the archive's.
    const dotted = packed({ "./a.ovf": vmware, "./system.vmdk": "disk" });
    expect(readOva(dotted).disks[0]?.file).toBe("./system.vmdk");
    const spaced = vmware.replace('href="system.vmdk"', 'href="the%20system%C3%A9.vmdk"');
    expect(spaced).not.toBe(vmware);
    const named = packed({ "a.ovf": spaced, "the systemé.vmdk": "disk" });
    expect(readOva(named).disks[0]?.file).toBe("the systemé.vmdk");
  });

  it("is refused with its path, and what is wrong with it", () => {
    const damaged = `SHA256(a.ovf)= ${sum("sha256", vmware)}\nSHA256(system.vmdk)= ${sum("sha256", "other")}\n`;
    const rows: [Record<string, string>, string][] = [
      [{ "a.ovf": vmware }, 'made.ova refers to a file "system.vmdk" that isn\'t in it; there are "a.ovf"'],
      [{ "b.txt": "", "c.vmdk": "" }, 'made.ova is no OVA: there is no .ovf in it, but "b.txt", "c.vmdk"'],
      [
        { "a.ovf": vmware, "a.mf": damaged, "system.vmdk": "disk" },
        `made.ova was changed or damaged: "system.vmdk" in it has the SHA256 sum ${sum("sha256", "disk")}, and a.mf says ${sum("sha256", "other")}`,
      ],
      [
        { "a.ovf": vmware, "a.mf": damaged },
        'made.ova has a sum of "system.vmdk" in a.mf, which isn\'t in it',
      ],
      [
        { "a.ovf": "<x", "system.vmdk": "" },
        "made.ova can't be read: the XML is not well-formed: unexpected end of input",
      ],
    ];
    for (const [files, says] of rows) expect(() => readOva(packed(files))).toThrow(says);
    writeFileSync(join(folder, "zip.ova"), "PK\x03\x04".padEnd(600, "x"));
    expect(() => readOva(join(folder, "zip.ova"))).toThrow("zip.ova can't be read: it is no tar archive");
    expect(() => readOva(join(folder, "none.ova"))).toThrow(
      `there is no OVA file ${join(folder, "none.ova")}`,
    );
    expect(() => readOva("file:///tmp/a.ova")).toThrow(
      "the source of the OVA must be a path rather than a file URL",
    );
    expect(() => readOva(folder)).toThrow("is a folder; an OVA is a tar archive");
    const whole = readFileSync(
      packed({
        "a.ovf": vmware,
        "a.mf": damaged.replace(sum("sha256", "other"), sum("sha256", "x".repeat(9000))),
        "system.vmdk": "x".repeat(9000),
      }),
    );
    writeFileSync(join(folder, "cut.ova"), whole.subarray(0, whole.indexOf("xxxx") + 3000));
    expect(() => readOva(join(folder, "cut.ova"))).toThrow(
      'cut.ova can\'t be read: it was cut off: "system.vmdk" ends after 3000 of 9000 bytes',
    );
    const bare = readFileSync(packed({ "a.ovf": vmware, "system.vmdk": "x".repeat(9000) }));
    writeFileSync(join(folder, "cut.ova"), bare.subarray(0, bare.indexOf("xxxx") + 3000));
    expect(() => readOva(join(folder, "cut.ova"))).toThrow("it was cut off");
  });
});
