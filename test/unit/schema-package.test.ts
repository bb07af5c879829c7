import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { generateSchema, readManifest, SCHEMA_FILE, shapes } from "../../codegen/schema.mjs";
import { parseSdk, readSdk } from "../../codegen/schema-sdk.mjs";
import { common, memorySize, oneOf, onHost, onHosts } from "../../provider/resources/inputs.js";

const ROOT = join(import.meta.dirname, "../..");
const manifest = readManifest(ROOT);
const sdk = readSdk(ROOT);

interface Property {
  description?: string;
  type?: string;
  items?: Property;
  $ref?: string;
  oneOf?: Property[];
  secret?: boolean;
}
interface Resource {
  description: string;
  properties: Record<string, Property>;
  required?: string[];
  inputProperties: Record<string, Property>;
  requiredInputs?: string[];
}
interface Schema {
  version: string;
  types: Record<
    string,
    { type: string; enum?: { value: string }[]; properties?: Record<string, Property>; required?: string[] }
  >;
  resources: Record<string, Resource>;
}

function parsed(text: string): Schema {
  return JSON.parse(text) as Schema;
}

function resource(schema: Schema, name: string): Resource {
  const found = schema.resources[`kvm:index:${name}`];
  if (found === undefined) throw new Error(`no ${name}`);
  return found;
}

describe("the checked-in schema", () => {
  const text = readFileSync(join(ROOT, SCHEMA_FILE), "utf8");
  const schema = parsed(text);

  it("is what the zod schemas and the SDK give (else: npm run generate)", () => {
    expect(text).toBe(generateSchema(manifest, sdk).text);
    expect(schema.version).toBe(manifest.version);
  });

  it("finds the provider's inputs and the SDK's the same", () => {
    expect(generateSchema(manifest, sdk).differences).toEqual([]);
  });

  it("has every class of the SDK", () => {
    expect(Object.keys(shapes).sort()).toEqual([...sdk.classes.keys()].sort());
    expect(Object.keys(schema.resources)).toEqual(
      [...sdk.classes.keys()].sort().map((n) => `kvm:index:${n}`),
    );
  });

  it("has all inputs of the SDK's argument interfaces, and no others", () => {
    for (const [name, { args }] of sdk.classes) {
      const declared = sdk.interfaces.get(args)?.members ?? [];
      const { inputProperties, requiredInputs = [] } = resource(schema, name);
      expect(Object.keys(inputProperties).sort()).toEqual(declared.map((member) => member.name).sort());
      const needed = declared.filter(({ optional }) => !optional).map((member) => member.name);
      expect([...requiredInputs].sort()).toEqual(needed.sort());
    }
  });

  it("says what it is about every resource, and nothing of what the SDK adds by itself", () => {
    for (const { description, inputProperties, properties } of Object.values(schema.resources)) {
      expect(description).toContain("```typescript\n");
      expect(inputProperties).not.toHaveProperty("effects");
      expect(properties).toHaveProperty("effects");
    }
    expect(text).not.toMatch(/pulumiUrn|nonce|\{@link|@example/);
  });

  it("marks secrets wherever they occur", () => {
    const { inputProperties, properties } = resource(schema, "Host");
    expect(inputProperties).toMatchObject({ privateKey: { secret: true }, passphrase: { secret: true } });
    expect(inputProperties).not.toHaveProperty("connection");
    expect(properties.credentials).toMatchObject({ secret: true });
    expect(properties.connection).not.toHaveProperty("secret");
    expect(schema.types["kvm:index:Credentials"]?.properties).toMatchObject({
      privateKey: { secret: true },
      passphrase: { secret: true },
    });
    expect(schema.types["kvm:index:HostRef"]).toMatchObject({
      properties: { credentials: { secret: true } },
      required: ["name", "connection"],
    });
  });

  it("refers only to types that it has, and has none that nothing refers to", () => {
    const referred = [...text.matchAll(/"#\/types\/([^"]+)"/g)].map(([, token]) => token ?? "");
    expect([...new Set(referred)].sort()).toEqual(Object.keys(schema.types));
  });
});

describe("generating a schema", () => {
  const base = `
    export abstract class KvmResource extends pulumi.dynamic.Resource {
      /** What was done. */
      declare readonly effects: pulumi.Output<string[]>;
    }
    export type Size = string | number;
    export interface HostRef { name: In<string>; connection: In<Connection>; credentials?: In<Credentials> }
    export interface Connection { address: string; port?: number; user?: string; identityFile?: string; agent?: boolean | string;
      proxyJump?: string; sshConfig?: string | false; knownHosts?: string; hostKey?: string; hostKeyPolicy?: "strict" | "acceptNew";
      libvirtSocket?: string; connectTimeout?: string; migrationAddress?: string }
    export interface Credentials { privateKey?: string; passphrase?: string }
    export interface Timeouts { create?: string; update?: string; delete?: string }
    export class Thing extends KvmResource {
      declare readonly ipAddress: pulumi.Output<string | undefined>;
      declare readonly lastMove: pulumi.Output<{ from: string; downtimeMs?: number } | undefined>;
      constructor(name: string, args: ThingArgs, opts?: pulumi.CustomResourceOptions) {}
    }
  `;
  const sdkWith = (members: string) =>
    parseSdk([base, `export interface ThingArgs { timeouts?: In<Timeouts>; ${members} }`]);
  const generate = (members: string, shape: z.ZodRawShape) => {
    const { text, differences } = generateSchema(manifest, sdkWith(members), {
      Thing: { ...common, ...shape },
    });
    return { schema: parsed(text), thing: resource(parsed(text), "Thing"), differences };
  };
  const name = z.string();

  it("takes structure from zod and prose from the SDK", () => {
    const { schema, thing, differences } = generate(
      `host: In<Host | HostRef>; name?: In<string>;
       /** Room,\n        * in all. */
       memory: In<Size>;
       /** How. See {@link Thing}. */
       mode?: In<"fast" | "slow">;
       parts?: In<In<{ readonly?: In<boolean> }>[]>`,
      {
        ...onHost,
        name,
        memory: memorySize(),
        mode: oneOf(["fast", "slow"]).optional(),
        parts: z.array(z.strictObject({ readonly: z.boolean().optional() })).optional(),
      },
    );
    expect(differences).toEqual([]);
    expect(thing.requiredInputs).toEqual(["host", "memory"]);
    expect(thing.inputProperties.host?.$ref).toBe("#/types/kvm:index:HostRef");
    expect(thing.inputProperties.memory?.oneOf).toEqual([{ type: "string" }, { type: "number" }]);
    expect(thing.inputProperties.memory?.description).toMatch(/^Room, in all\. A size: /);
    expect(thing.inputProperties.mode?.description).toBe("How. See `Thing`.");
    expect(schema.types["kvm:index:ThingMode"]?.enum?.map(({ value }) => value)).toEqual(["fast", "slow"]);
    expect(thing.inputProperties.parts?.items?.$ref).toBe("#/types/kvm:index:ThingPart");
    expect(thing.required).toEqual(["effects"]);
    expect(thing.properties.ipAddress).toEqual({ type: "string" });
    expect(schema.types["kvm:index:ThingLastMove"]?.required).toEqual(["from"]);
  });

  it("turns hosts by name, as the provider takes them, into host and hosts, as a program gives them", () => {
    const { thing, differences } = generate(
      "host?: In<Host | HostRef>; hosts?: In<In<Host | HostRef>[]>; name?: In<string>",
      { ...onHosts, name },
    );
    expect(differences).toEqual([]);
    expect(thing.inputProperties.hosts).toMatchObject({
      type: "array",
      items: { $ref: "#/types/kvm:index:HostRef" },
    });
    expect(thing).not.toHaveProperty("requiredInputs");
    expect(thing.inputProperties).not.toHaveProperty("credentials");
  });

  it.each([
    ["an input that only the SDK has", "speed?: In<number>", {}, "Thing.speed: the SDK declares it"],
    ["an input that only the provider has", "", { speed: z.int() }, "Thing.speed: the provider takes it"],
    [
      "an input that only one side requires",
      "speed?: In<number>",
      { speed: z.int() },
      "Thing.speed: optional in the SDK only",
    ],
    [
      "another type",
      "speed: In<number | boolean>",
      { speed: z.int() },
      "Thing.speed: the SDK declares a boolean",
    ],
    [
      "a choice that only the SDK offers",
      'mode: In<"a" | "b">',
      { mode: oneOf(["a"]) },
      "Thing.mode: the SDK also declares b",
    ],
    [
      "a choice that only the provider takes",
      'mode: In<"a">',
      { mode: oneOf(["a", "b"]) },
      "Thing.mode: the provider also takes b",
    ],
    [
      "a difference within a list",
      "parts: In<In<{ size: In<string> }>[]>",
      { parts: z.array(z.strictObject({ size: z.string(), colour: z.string() })) },
      "Thing.parts[].colour: the provider takes it",
    ],
  ])("reports %s", (_, members, shape, difference) => {
    const { differences } = generate(members, shape as z.ZodRawShape);
    expect(differences.join("\n")).toContain(difference);
    expect(differences).toHaveLength(1);
  });
});
