import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isoImage } from "../../provider/seeds/iso/image.js";
import { pathProblem, type VolumeFile } from "../../provider/seeds/iso/tree.js";

// What isoinfo (of genisoimage), which shares nothing with our writer, finds in our volumes.

let folder: string;
let image: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "pulumi-kvm-iso-"));
  image = join(folder, "volume.iso");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const file = (path: string, content: string | Uint8Array): VolumeFile => ({
  path,
  bytes: Buffer.from(content as string),
});
const isoinfo = (...args: string[]) =>
  execFileSync("isoinfo", [...args, "-i", image], {
    env: { ...process.env, LC_ALL: "C.UTF-8" },
    maxBuffer: 2 ** 26,
    stdio: ["ignore", "pipe", "pipe"],
  });
const text = (...args: string[]) => isoinfo(...args).toString();
const rockRidge = ["-R"];
const joliet = ["-J", "-j", "iso8859-1"];
const jolietPaths = () =>
  isoinfo("-f", ...joliet)
    .toString("latin1")
    .trim()
    .split("\n")
    .map(withoutVersion);

describe("isoImage", () => {
  const files = [
    file("user-data", "#cloud-config\n"),
    file("meta-data", ""),
    file("network-config", Buffer.alloc(2 ** 20 + 1, "n")),
    file("openstack/latest/user_data", "#ps1\r\n"),
    file("openstack/latest/meta_data.json", "{}"),
    file("$WinPEDriver$/amd64/viostor.inf", "driver"),
  ];

  it("is a volume that isoinfo reads: labels, signatures, all three namings", () => {
    writeFileSync(image, isoImage("config-2", files));
    const described = text("-d");
    expect(described).toContain("Volume id: config-2\n");
    expect(described).toContain("Joliet with UCS level 3 found");
    expect(described).toContain("Rock Ridge signatures version 1 found");
    expect(text("-d", "-J")).toContain("Volume id: config-2\n");

    const paths = [
      ...["/$WinPEDriver$", "/$WinPEDriver$/amd64", "/$WinPEDriver$/amd64/viostor.inf"],
      ...["/meta-data", "/network-config", "/openstack", "/openstack/latest"],
      ...["/openstack/latest/meta_data.json", "/openstack/latest/user_data", "/user-data"],
    ];
    expect(
      text("-f", ...rockRidge)
        .trim()
        .split("\n")
        .sort(),
    ).toEqual(paths.sort());
    expect(jolietPaths().sort()).toEqual(paths.sort());
    expect(text("-f").trim().split("\n").sort()).toEqual([
      ...["/META_DAT.;1", "/NETWORK_.;1", "/OPENSTAC", "/OPENSTAC/LATEST"],
      ...["/OPENSTAC/LATEST/META_DAT.JSO;1", "/OPENSTAC/LATEST/USER_DAT.;1", "/USER_DAT.;1", "/_WINPEDR"],
      ...["/_WINPEDR/AMD64", "/_WINPEDR/AMD64/VIOSTOR.INF;1"],
    ]);
    expect(text("-l", ...rockRidge)).toMatch(
      /^-r-------- {3}1 {4}0 {4}0 {9}1048577 Jan {2}1 2000 \[.*\] {2}network-config $/m,
    );
    expect(text("-l", ...rockRidge)).toMatch(/^dr-x------ .* openstack $/m);
    for (const { path, bytes } of files)
      expect(isoinfo("-x", `/${path}`, ...rockRidge).equals(bytes), path).toBe(true);
    expect(text("-x", "/OPENSTAC/LATEST/USER_DAT.;1")).toBe("#ps1\r\n");
  });

  it("gives the same bytes for the same files in any order", () => {
    expect(isoImage("cidata", [...files].reverse()).equals(isoImage("cidata", files))).toBe(true);
    expect(isoImage("cidata", files).equals(isoImage("CIDATA", files))).toBe(false);
  });

  it("holds hundreds of files in one folder, more than a sector of records and of path table", () => {
    const many = Array.from({ length: 700 }, (_, i) =>
      file(`${i % 7 === 0 ? `d${i}/` : ""}name ${i}`, `${i}`),
    );
    writeFileSync(image, isoImage("cidata", many));
    const expected = [
      ...many.map(({ path }) => `/${path}`),
      ...many.flatMap(({ path }) => path.match(/^d\d+/) ?? []).map((d) => `/${d}`),
    ];
    expect(
      text("-f", ...rockRidge)
        .trim()
        .split("\n")
        .sort(),
    ).toEqual(expected.sort());
    expect(jolietPaths().sort()).toEqual(expected.sort());
    expect(text("-x", "/d693/name 693", ...rockRidge)).toBe("693");
  });

  it("refuses what a volume can't hold", () => {
    const message = (path: string) => {
      try {
        isoImage("cidata", [file("a/b", ""), file(path, "")]);
      } catch (error) {
        return (error as Error).message;
      }
      return undefined;
    };
    expect(message("a/b")).toBe("a/b is there twice");
    expect(message("a/b/c")).toBe("a/b/c is inside of a file");
    expect(message("../x")).toBe('../x must be a relative path, without empty parts, "." and ".."');
    expect(message("x".repeat(65))).toMatch(/ has a name of more than 64 characters$/);
    expect(message("1/2/3/4/5/6/7/8/9")).toBe("1/2/3/4/5/6/7/8/9 is more than 8 folders deep");
    expect(message("a:b")).toBe("a:b must not contain control characters and * : ; ? \\");
    expect(() => isoImage("a label", [])).toThrow(RangeError);
  });

  it("gives every file back, whatever the names and contents", () => {
    fc.assert(
      fc.property(fc.uniqueArray(volumeFile, { selector: ({ path }) => path, maxLength: 9 }), (drawn) => {
        const placed = withoutCollisions(drawn);
        writeFileSync(image, isoImage("cidata", placed));
        const listed = text("-f", ...rockRidge).split("\n");
        const listedByJoliet = jolietPaths();
        for (const { path, bytes } of placed) {
          expect(listed).toContain(`/${path}`);
          expect(listedByJoliet).toContain(`/${inLatin1(path)}`);
          expect(isoinfo("-x", `/${path}`, ...rockRidge).equals(bytes), path).toBe(true);
        }
      }),
      { numRuns: 60, endOnFailure: true },
    );
  });
});

const name = fc.oneof(
  fc.stringMatching(/^[a-z-]{1,12}$/),
  fc.stringMatching(/^[A-Z]{8,10}\.[a-z]{1,4}$/),
  fc.string({ unit: "binary", minLength: 1, maxLength: 64 }),
  fc.string({ unit: fc.constantFrom("漢", "ü", "a", "."), minLength: 50, maxLength: 64 }),
);
const volumeFile: fc.Arbitrary<VolumeFile> = fc
  .record({
    path: fc
      .array(name, { minLength: 1, maxLength: 4 })
      .map((names) => names.join("/"))
      .filter((path) => pathProblem(path) === undefined),
    bytes: fc.oneof(fc.uint8Array({ maxLength: 50 }), fc.uint8Array({ minLength: 2040, maxLength: 5000 })),
  })
  .map(({ path, bytes }) => ({ path, bytes: Buffer.from(bytes) }));

/** Without the files that lie where others have a folder. */
function withoutCollisions(files: VolumeFile[]): VolumeFile[] {
  return files.filter(({ path }) => !files.some((other) => other.path.startsWith(`${path}/`)));
}

function withoutVersion(path: string): string {
  return path.replace(/;1$/, "");
}

/** isoinfo shows the other characters of Joliet's names as underscores. */
function inLatin1(path: string): string {
  return path.replace(/[^\0-\u00ff]/g, "_");
}
