import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checksumFrom, volumeName } from "../../provider/resources/image/checksum.js";
import { anyCharacter } from "../support/any-character.js";

const short = "a1".repeat(32);
const long = "b2".repeat(64);

describe("a list of checksums", () => {
  const found: [string, string][] = [
    [`${short}  disk.img`, short],
    [`${short} *disk.img`, short],
    [`${short}\tdisk.img`, short],
    [`${short.toUpperCase()}  ./releases/12/disk.img\r\n`, short],
    [`SHA256 (disk.img) = ${short}`, short],
    [`SHA256(disk.img)= ${short}`, short],
    [`SHA2-256(disk.img)= ${short}`, short],
    [`SHA512 (disk.img) = ${long}`, long],
    [short, short],
    [`${short}  -`, short],
    [`\n# Fedora\n${short}  other.img\n${long}  disk.img\n`, long],
    // Of several the strongest, in whatever order.
    [`${short}  disk.img\n${long}  disk.img`, long],
    [`MD5 (disk.img) = ${"0".repeat(32)}\nSHA256 (disk.img) = ${short}`, short],
    // The same twice is no contradiction.
    [`${short}  a/disk.img\n${short}  b/disk.img`, short],
  ];
  it.each(found)("%j", (text, hex) => {
    expect(checksumFrom(text, "disk.img")).toEqual({ algorithm: hex === short ? "sha256" : "sha512", hex });
  });

  const problems: [string, string][] = [
    ["", "holds no checksums"],
    ["<html><body>404</body></html>", "holds no checksums"],
    [`${short}  other.img`, "has no line for disk.img"],
    [`${short}  disk.img.xz`, "has no line for disk.img"],
    [`${short}  xdisk.img`, "has no line for disk.img"],
    [`${short}\n${long}`, "has no line for disk.img"],
    [`${"0".repeat(40)}  disk.img`, "has no sha256 or sha512 sum for disk.img, only sha1"],
    [`SHA3-256 (disk.img) = ${short}`, "has no sha256 or sha512 sum for disk.img, only sha3256"],
    [`${short}  a/disk.img\n${"c".repeat(64)}  b/disk.img`, "has 2 different sha256 sums for disk.img"],
  ];
  it.each(problems)("%j has none", (text, problem) => {
    expect(checksumFrom(text, "disk.img")).toEqual({ problem });
  });

  it("is read as coreutils and BSD write it, whatever the names in it", () => {
    const name = fc
      .string({ minLength: 1, maxLength: 20, unit: "grapheme" })
      .filter(
        (text) =>
          !/[/()]/.test(text) && text.trim() === text && text !== "-" && !/^\*|[\n\r\u2028\u2029]/.test(text),
      );
    const hex = fc.stringMatching(/^[0-9a-f]{64}$/);
    const list = fc.uniqueArray(fc.tuple(name, hex), {
      selector: ([each]) => each,
      minLength: 1,
      maxLength: 5,
    });
    fc.assert(
      fc.property(list, fc.constantFrom("  ", " *", "bsd"), (lines, form) => {
        const escaped = (text: string) =>
          text.includes("\\") ? ["\\", text.replaceAll("\\", "\\\\")] : ["", text];
        const text = lines
          .map(([each, sum]) => {
            const [mark, written] = escaped(each);
            return form === "bsd" ? `${mark}SHA256 (${written}) = ${sum}` : `${mark}${sum}${form}${written}`;
          })
          .join("\n");
        for (const [each, sum] of lines)
          expect(checksumFrom(text, each)).toEqual({ algorithm: "sha256", hex: sum });
      }),
    );
  });

  it("never breaks, and never gives a sum that isn't in it", () => {
    fc.assert(
      fc.property(fc.string({ unit: anyCharacter }), fc.string(), (text, file) => {
        const answer = checksumFrom(text, file);
        if ("hex" in answer) expect(text.toLowerCase()).toContain(answer.hex);
        else expect(answer.problem).toMatch(/\S/);
      }),
    );
  });
});

describe("a volume's name", () => {
  it("is made of the content, of what is taken out of it, and of what it becomes", () => {
    const checksum = { algorithm: "sha256", hex: short } as const;
    const names = [
      volumeName("base", checksum, {}),
      volumeName("base", checksum, { format: "qcow2" }),
      volumeName("base", checksum, { format: "raw" }),
      volumeName("base", checksum, { member: "a.vmdk", format: "raw" }),
      volumeName("base", checksum, { member: "b.vmdk", format: "raw" }),
      volumeName("base", { algorithm: "sha512", hex: long }, {}),
    ];
    expect(names[0]).toBe("base-a1a1a1a1a1a1a1a1");
    expect(names[1]).toBe("base-a1a1a1a1a1a1a1a1.qcow2");
    expect(new Set(names).size).toBe(names.length);
  });
});
