// Writes schema.json: the package in Pulumi's schema language. Structure from the provider's zod schemas, descriptions and outputs
// from the SDK. An .mts file so that it runs after a plain tsc into any folder, whatever the nearest package.json says.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { z } from "zod";
import { shape as disk, foundKeys as foundOfDisk } from "../provider/resources/disk/schema.js";
import { shape as host } from "../provider/resources/host/schema.js";
import { foundKeys, shape as image } from "../provider/resources/image/schema.js";
import { shape as network } from "../provider/resources/network/schema.js";
import { shape as snapshot } from "../provider/resources/snapshot/schema.js";
import { shape as storagePool } from "../provider/resources/storage-pool/schema.js";
import { shape as virtualMachine } from "../provider/resources/virtual-machine/schema.js";
import { printJson } from "./schema-print.mjs";
import { programInputs } from "./schema-program.mjs";
import { readSdk, type Sdk } from "./schema-sdk.mjs";
import { SchemaTypes } from "./schema-types.mjs";

/** Where the schema is, from the root of the package. */
export const SCHEMA_FILE = "schema.json";

const PACKAGE = "kvm";
const MODULE = `${PACKAGE}:index`;

/** What the provider validates inputs with, by the name of the resource. */
export const shapes: Readonly<Record<string, z.ZodRawShape>> = {
  Disk: withoutKeys(disk, foundOfDisk),
  Host: host,
  Image: withoutKeys(image, foundKeys),
  Network: network,
  Snapshot: snapshot,
  StoragePool: storagePool,
  VirtualMachine: virtualMachine,
};

/** What a check finds out is no input of programs. */
function withoutKeys(shape: z.ZodRawShape, keys: readonly string[]): z.ZodRawShape {
  return Object.fromEntries(Object.entries(shape).filter(([key]) => !keys.includes(key)));
}

/** What package.json says about the package. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly license: string;
}

/** The schema as text, and where the provider and the SDK disagree. Pure, so that a test can tell whether the checked-in one is stale. */
export function generateSchema(
  manifest: Manifest,
  sdk: Sdk,
  resourceShapes: Readonly<Record<string, z.ZodRawShape>> = shapes,
): { text: string; differences: readonly string[] } {
  const types = new SchemaTypes(MODULE, sdk);
  // All inputs before the first output: types that occur in both are the inputs', of which more is known.
  const known = Object.entries(resourceShapes)
    .sort(byKey)
    .map(([name, shape]) => {
      const declared = sdk.classes.get(name);
      const args = sdk.interfaces.get(declared?.args ?? "");
      if (declared === undefined || args === undefined) throw new Error(`the SDK has no class ${name}`);
      return { name, declared, inputs: types.inputs(programInputs(shape), args.members, name, name) };
    });
  const resources = known.map(({ name, declared, inputs }) => {
    const outputs = types.outputs(declared.members, name);
    const resource = {
      description: declared.description,
      properties: outputs.properties,
      required: outputs.required,
      inputProperties: inputs.properties,
      requiredInputs: inputs.required,
    };
    return [`${MODULE}:${name}`, resource];
  });
  const schema = {
    name: PACKAGE,
    displayName: "KVM",
    version: manifest.version,
    description: manifest.description,
    keywords: [
      "pulumi",
      "kvm",
      "qemu",
      "libvirt",
      "virtual machine",
      "live migration",
      "category/infrastructure",
      "kind/native",
    ],
    license: manifest.license,
    language: { nodejs: { packageName: manifest.name, respectSchemaVersion: true } },
    types: Object.fromEntries([...types.types].sort(byKey)),
    resources: Object.fromEntries(resources),
  };
  return { text: printJson(schema), differences: types.differences };
}

/** Reads what the schema says about the package as a whole. */
export function readManifest(root: string): Manifest {
  return JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Manifest;
}

function byKey([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = process.cwd();
  const { text, differences } = generateSchema(readManifest(root), readSdk(root));
  if (differences.length > 0) {
    console.error(`the provider's zod schemas and the SDK's interfaces differ:\n${differences.join("\n")}`);
    process.exitCode = 1;
  }
  writeFileSync(join(root, SCHEMA_FILE), text);
}
