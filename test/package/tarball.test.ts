import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { cacheFolder } from "../../scripts/cache.mjs";
import { run } from "../../scripts/command.mjs";
import { packedPackage } from "../support/packed-package.js";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
let folder: string;
let files: Map<string, Buffer>;

beforeAll(async () => {
  const { tarballPath } = await packedPackage();
  folder = await mkdtemp(join(tmpdir(), "pulumi-kvm-tarball-"));
  await run(["tar", "-xzf", tarballPath, "-C", folder]);
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  files = new Map(
    await Promise.all(
      paths.map(async (path) => [relative(join(folder, "package"), path), await readFile(path)] as const),
    ),
  );
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it("brings what its package.json promises, the licence, the readme and the schema", () => {
  const manifest = JSON.parse(files.get("package.json")?.toString() ?? "{}") as {
    main: string;
    types: string;
    bin: Record<string, string>;
    exports: Record<string, string | Record<string, string>>;
  };
  const promised = [
    manifest.main,
    manifest.types,
    ...Object.values(manifest.bin),
    ...Object.values(manifest.exports).flatMap((target) =>
      typeof target === "string" ? [target] : Object.values(target),
    ),
  ].map((path) => path.replace(/^\.\//, ""));
  for (const path of [...promised, "LICENSE", "README.md", "CHANGELOG.md", "schema.json"]) {
    expect([...files.keys()]).toContain(path);
  }
});

it("brings nothing else than documents, schema and compiled code", () => {
  const other = [...files.keys()].filter(
    (path) =>
      !/^dist\/(sdk|provider|cli)\/.+\.(js|d\.ts)$|^schemas\/.+\.schema\.json$/.test(path) &&
      !["package.json", "README.md", "CHANGELOG.md", "LICENSE", "schema.json"].includes(path),
  );
  expect(other).toEqual([]);
});

it("has the licences of the packages that it brings parts of", async () => {
  for (const [name, part] of [
    ["commander", /\bCommanderError\b.* class extends Error/],
    ["zod", /\$ZodType\b/],
  ] as const) {
    const licence = await readFile(join(root, "node_modules", name, "LICENSE"), "utf8");
    const texts = [...files].flatMap(([path, bytes]) => (path.endsWith(".js") ? [bytes.toString()] : []));
    const holders = texts.filter((text) => part.test(text));
    expect([name, holders.length > 0]).toEqual([name, true]);
    for (const holder of holders) expect(holder).toContain(licence.trim());
  }
});

it("names no path of the machine that packed it", () => {
  const here = [`${root}/`, cacheFolder(), tmpdir() === "/tmp" ? "/tmp/pulumi-kvm-" : tmpdir()];
  const naming = [...files].flatMap(([path, bytes]) =>
    here.filter((each) => bytes.includes(each)).map((each) => `${path}: ${each}`),
  );
  expect(naming).toEqual([]);
});
