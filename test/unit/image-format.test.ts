import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readEntries, tarEntries } from "../../provider/ova/tar.js";
import { type FileKind, fileKind, HEAD_BYTES } from "../../provider/resources/image/disk-format.js";
import { rangeIn } from "../../provider/resources/image/find.js";

/** The head of a qcow2 of version 3, 1 MiB large, with some bytes changed. */
function qcow2(change: (head: Buffer) => void = () => undefined): Buffer {
  const head = Buffer.alloc(512);
  head.write("QFI\xfb", "latin1");
  head.writeUInt32BE(3, 4);
  head.writeBigUInt64BE(BigInt(2 ** 20), 24);
  head.writeUInt32BE(104, 100);
  change(head);
  return head;
}

function vmdk(change: (head: Buffer) => void = () => undefined): Buffer {
  const head = Buffer.alloc(64 * 512);
  head.write("KDMV", "latin1");
  head.writeBigUInt64LE(2048n, 12);
  change(head);
  return head;
}

const of = (text: string, bytes = 1024) => {
  const head = Buffer.alloc(bytes);
  head.write(text, "latin1");
  return head;
};
const unusable = (reason: string): FileKind => ({
  kind: "unusable",
  reason: expect.stringContaining(reason) as unknown as string,
});

describe("what a file is, by its beginning", () => {
  const kinds: [string, Buffer, FileKind][] = [
    ["raw", Buffer.alloc(512), { kind: "image", format: "raw" }],
    ["one byte", Buffer.from("Q"), { kind: "image", format: "raw" }],
    ["qcow2", qcow2(), { kind: "image", format: "qcow2", sizeBytes: 2 ** 20 }],
    ["gzip", gzipSync("x"), { kind: "compressed", compression: "gz" }],
    ["xz", of("\xfd7zXZ\0"), { kind: "compressed", compression: "xz" }],
    ["zstd", of("\x28\xb5\x2f\xfd"), { kind: "compressed", compression: "zst" }],
    ["bzip2", of("BZh91AY&SY"), { kind: "compressed", compression: "bz2" }],
    ["text that begins like bzip2's", of("BZh9 and more"), { kind: "image", format: "raw" }],
    ["vmdk", vmdk(), { kind: "image", format: "vmdk", sizeBytes: 2 ** 20 }],
    ["vhdx", of("vhdxfile"), { kind: "image", format: "vhdx" }],
    ["nothing", Buffer.alloc(0), unusable("is empty")],
    [
      "a backing file",
      qcow2((head) => {
        head.writeBigUInt64BE(200n, 8);
        head.writeUInt32BE(11, 16);
        head.write("/etc/shadow", 200);
      }),
      unusable('backing file "/etc/shadow"'),
    ],
    [
      "a backing file beyond the head",
      qcow2((head) => {
        head.writeBigUInt64BE(2n ** 40n, 8);
        head.writeUInt32BE(11, 16);
      }),
      unusable("difference to another image"),
    ],
    ["a data file", qcow2((head) => head.writeBigUInt64BE(4n, 72)), unusable("external data file")],
    ["a corrupt one", qcow2((head) => head.writeBigUInt64BE(2n, 72)), unusable("corrupt")],
    ["an encrypted one", qcow2((head) => head.writeUInt32BE(2, 32)), unusable("encrypted")],
    [
      "one of no size that there is",
      qcow2((head) => head.writeBigUInt64BE(2n ** 63n, 24)),
      unusable("claims to be"),
    ],
    ["qcow of version 1", qcow2((head) => head.writeUInt32BE(1, 4)), unusable("version 1")],
    ["a cut one", qcow2().subarray(0, 40), unusable("cut off")],
    [
      "a VMDK's parent",
      vmdk((head) => head.write('parentFileNameHint="/etc/shadow"', 512)),
      unusable('parent "/etc/shadow"'),
    ],
    [
      "a VMDK's parent, far in",
      vmdk((head) => head.write("x\nPARENTfilenamehint = /etc/shadow\n", 18 * 512)),
      unusable("/etc/shadow"),
    ],
    ["a VMDK of extents", of("# Disk DescriptorFile\nversion=1"), unusable("data is in other files")],
    [
      "a VMDK without a size",
      vmdk((head) => head.writeBigUInt64LE(0n, 12)),
      unusable("data is in other files"),
    ],
    ["a web page", of("<!DOCTYPE html><html>"), unusable("is a web page")],
    ["zip", of("PK\x03\x04"), unusable("zip archive")],
    ["7z", of("7z\xbc\xaf\x27\x1c"), unusable("7z archive")],
    ["QED", of("QED\0"), unusable("QED")],
  ];
  it.each(kinds)("%s", (_, head, kind) => {
    expect(fileKind(head)).toEqual(kind);
  });

  it("is told of whatever bytes, in one printable line", () => {
    const magic = fc.constantFrom(
      "",
      "QFI\xfb",
      "KDMV",
      "conectix",
      "vhdxfile",
      "COWD",
      "QED\0",
      "BZh9",
      "<html",
      "\x1f\x8b",
      "ustar",
    );
    const head = fc
      .tuple(magic, fc.uint8Array({ maxLength: 2000 }))
      .map(([begin, rest]) => Buffer.concat([Buffer.from(begin, "latin1"), rest]));
    fc.assert(
      fc.property(head, (bytes) => {
        const kind = fileKind(bytes);
        if (kind.kind === "unusable")
          expect(kind.reason).toMatch(/^[^\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]{5,400}$/u);
        if (kind.kind === "image" && kind.sizeBytes !== undefined)
          expect(Number.isSafeInteger(kind.sizeBytes)).toBe(true);
      }),
    );
  });
});

describe("a tar archive", () => {
  it("is read as tar writes it, in any of its formats", () => {
    const folder = mkdtempSync(join(tmpdir(), "pulumi-kvm-tar-"));
    try {
      const names = ["a.ovf", `${"long".repeat(40)}.vmdk`, "ümlaut.mf"];
      for (const [i, name] of names.entries()) writeFileSync(join(folder, name), "x".repeat(700 * i + 1));
      for (const format of ["ustar", "gnu", "pax", "oldgnu"]) {
        const given = format === "ustar" ? names.filter((name) => name.length < 100) : names;
        execFileSync("tar", [`--format=${format}`, "-cf", "all.tar", ...given], { cwd: folder });
        const archive = readFileSync(join(folder, "all.tar"));
        const entries = tarEntries(join(folder, "all.tar"));
        expect([format, entries.map(({ name }) => name)]).toEqual([format, given]);
        for (const { name, fromByte, bytes } of entries)
          expect(archive.subarray(fromByte, fromByte + bytes)).toEqual(readFileSync(join(folder, name)));
        expect(fileKind(archive.subarray(0, HEAD_BYTES))).toEqual({ kind: "archive" });
      }
      // Whoever waits for all of a file that ends early waits for ever.
      const cut = join(folder, "cut.tar");
      execFileSync("tar", ["-cf", "cut.tar", "ümlaut.mf"], { cwd: folder });
      truncateSync(cut, 1000);
      const said = 'it was cut off: "ümlaut.mf" ends after 488 of 1401 bytes';
      expect(() => tarEntries(cut)).toThrow(said);
      expect(() => rangeIn({ path: cut, bytes: 1000, state: "" }, "ümlaut.mf")).toThrow(
        `member: ${cut} can't be read: ${said}`,
      );
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("is refused, and nothing else happens, when it is something else", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3000 }), (bytes) => {
        const content = Buffer.from(bytes);
        const read = (at: number, length: number) => content.subarray(at, at + length);
        expect(() => readEntries(read)).toThrow(/^it /);
      }),
    );
  });
});
