import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

interface LockedPackage {
  readonly version?: string;
  readonly resolved?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const { packages } = JSON.parse(await readFile(join(root, "package-lock.json"), "utf8")) as {
  packages: Record<string, LockedPackage>;
};

it("leaves the choice of the registry to whoever installs", () => {
  expect(Object.keys(packages).filter((path) => packages[path]?.resolved !== undefined)).toEqual([]);
});

// npm leaves out a platform's package that the registry in use hasn't got, and then `npm ci` fails on every platform.
it("has the packages of all platforms, so that npm ci accepts it everywhere", () => {
  const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies)
      .filter((name) => !packages[`node_modules/${name}`] && !packages[`${path}/node_modules/${name}`])
      .map((name) => `${path}: ${name}`),
  );
  expect(missing).toEqual([]);
});
