// From what the provider validates (JSON Schema of zod) and what the SDK declares: types of a Pulumi schema, and where the two differ.
import { alternatives, basicKind, type JsonSchema, kindOf, typeName } from "./schema-json.mjs";
import type { Sdk, SdkMember, SdkType } from "./schema-sdk.mjs";
import {
  ANY,
  described,
  listed,
  type NamedType,
  oneOf,
  type Properties,
  type PropertySpec,
  type TypeSpec,
} from "./schema-spec.mjs";

/** Where in the package something is: `path` for messages, the other two for the names of types. */
interface Place {
  readonly path: string;
  readonly parent: string;
  readonly property: string;
}

const SECRET_TYPES = ["Credentials"];
const ALIAS_NOTES: Readonly<Record<string, string>> = {
  Size: 'A size: a string with its unit, such as `"512MiB"` or `"4GiB"`, or a number of bytes.',
  Duration: 'A duration with its unit, such as `"300ms"`, `"30s"` or `"5m"`.',
};

/** Collects the types that the properties of resources refer to. */
export class SchemaTypes {
  /** By token. */
  readonly types = new Map<string, NamedType>();
  /** Each a place where the provider and the SDK disagree. */
  readonly differences: string[] = [];
  readonly #module: string;
  readonly #sdk: Sdk;

  constructor(module: string, sdk: Sdk) {
    this.#module = module;
    this.#sdk = sdk;
  }

  /** Inputs of a resource or members of an object: what both sides have, in the order of the SDK. */
  inputs(
    json: JsonSchema,
    members: readonly SdkMember[],
    parent: string,
    path: string,
    fallbackDocs: readonly SdkMember[] = [],
  ): Properties {
    const known: Readonly<Record<string, JsonSchema>> = json.properties ?? {};
    const required = new Set(json.required ?? []);
    const properties: Record<string, PropertySpec> = {};
    for (const name of Object.keys(known)) {
      if (members.some((member) => member.name === name)) continue;
      this.#differ(`${path}.${name}`, "the provider takes it, the SDK doesn't declare it");
    }
    for (const member of members) {
      const place = { path: `${path}.${member.name}`, parent, property: member.name };
      const schema = known[member.name];
      if (schema === undefined) {
        this.#differ(place.path, "the SDK declares it, the provider doesn't take it");
        continue;
      }
      if (required.has(member.name) === member.optional)
        this.#differ(place.path, `${member.optional ? "optional" : "required"} in the SDK only`);
      const fallback = fallbackDocs.find(({ name }) => name === member.name)?.description;
      properties[member.name] = {
        ...this.#described(member.description ?? fallback, member.type),
        ...this.#input(schema, member.type, place),
        ...(schema.secret === true ? { secret: true } : {}),
      };
    }
    const names = Object.keys(properties).filter((name) => required.has(name));
    return { properties, ...listed(names) };
  }

  /** Outputs of a resource: the SDK's alone, for zod doesn't describe them. */
  outputs(members: readonly SdkMember[], parent: string): Properties {
    const properties: Record<string, PropertySpec> = {};
    for (const { name, type, description } of members) {
      const secret = type.kind === "named" && SECRET_TYPES.includes(type.name);
      properties[name] = {
        ...this.#described(description, type),
        ...this.#output(type, { path: `${parent}.${name}`, parent, property: name }),
        ...(secret ? { secret: true } : {}),
      };
    }
    const required = members.filter(({ optional }) => !optional).map(({ name }) => name);
    return { properties, ...listed(required) };
  }

  #input(json: JsonSchema, sdk: SdkType, place: Place): TypeSpec {
    const variants = alternatives(json);
    const declared = this.#variants(sdk);
    this.#compareKinds(variants, declared, place);
    const specs = variants.map((variant) => this.#inputVariant(variant, declared, place));
    return oneOf(specs);
  }

  #inputVariant(json: JsonSchema, declared: readonly SdkType[], place: Place): TypeSpec {
    switch (kindOf(json)) {
      case "any":
        return ANY;
      case "enum":
        return this.#enumeration(json, declared, place);
      case "array": {
        const items = declared.find((type) => type.kind === "array")?.items ?? { kind: "undefined" };
        const item = { ...place, path: `${place.path}[]`, property: singular(place.property) };
        return { type: "array", items: this.#input(json.items ?? {}, items, item) };
      }
      case "record": {
        const values = declared.find((type) => type.kind === "record")?.values ?? { kind: "undefined" };
        const value = typeof json.additionalProperties === "object" ? json.additionalProperties : {};
        return {
          type: "object",
          additionalProperties: this.#input(value, values, { ...place, path: `${place.path}{}` }),
        };
      }
      case "object":
        return this.#object(json, declared, place);
      default:
        return { type: typeName(json) };
    }
  }

  #enumeration(json: JsonSchema, declared: readonly SdkType[], place: Place): TypeSpec {
    const values = json.enum ?? [];
    const literals = declared.flatMap((type) => (type.kind === "literal" ? [type.value] : []));
    const missing = values.filter((value) => !literals.includes(value as string));
    const extra = literals.filter((value) => !values.includes(value));
    if (missing.length > 0) this.#differ(place.path, `the provider also takes ${missing.join(", ")}`);
    if (extra.length > 0) this.#differ(place.path, `the SDK also declares ${extra.join(", ")}`);
    const members = values.map((value) => ({ name: pascal(String(value)), value }));
    const name = json.name ?? place.parent + pascal(place.property);
    return this.#named(name, { type: typeName(json), enum: members });
  }

  #object(json: JsonSchema, declared: readonly SdkType[], place: Place): TypeSpec {
    for (const type of declared) {
      if (type.kind === "object") {
        const name = place.parent + pascal(place.property);
        return this.#named(name, { type: "object", ...this.inputs(json, type.members, name, place.path) });
      }
      const found = type.kind === "named" ? this.#sdk.interfaces.get(type.name) : undefined;
      if (type.kind !== "named" || found === undefined) continue;
      const name = type.name.replace(/Args$/, "");
      const fallback = this.#fallbackDocs(type.name);
      return this.#named(name, {
        ...described(found.description),
        type: "object",
        ...this.inputs(json, found.members, name, place.path, fallback),
      });
    }
    return this.#resource(json, declared, place);
  }

  /** What the SDK makes of a resource that is passed as an input: plain names. */
  #resource(json: JsonSchema, declared: readonly SdkType[], place: Place): TypeSpec {
    const kind = declared.flatMap((type) => (type.kind === "named" ? [type.name] : []))[0] ?? "";
    const outputs = this.#sdk.classes.get(kind)?.members ?? [];
    const members: SdkMember[] = Object.keys(json.properties ?? {}).map((name) => ({
      name,
      optional: !(json.required ?? []).includes(name),
      description: outputs.find((output) => output.name === name)?.description,
      type: outputs.find((output) => output.name === name)?.type ?? { kind: "string" },
    }));
    const name = `${pascal(place.property)}Ref`;
    return this.#named(name, {
      description: `A ${kind} resource by its names, as the SDK passes it to the provider.`,
      type: "object",
      ...this.inputs(json, members, name, place.path),
    });
  }

  #output(type: SdkType, place: Place): TypeSpec {
    switch (type.kind) {
      case "any":
        return ANY;
      case "string":
      case "number":
      case "boolean":
        return { type: type.kind };
      case "literal":
        return { type: typeof type.value };
      case "array":
        return { type: "array", items: this.#output(type.items, place) };
      case "record":
        return { type: "object", additionalProperties: this.#output(type.values, place) };
      case "union":
        return oneOf(type.of.map((each) => this.#output(each, place)));
      case "object": {
        const name = place.parent + pascal(place.property);
        return this.#named(name, { type: "object", ...this.outputs(type.members, name) });
      }
      case "named": {
        const alias = this.#sdk.aliases.get(type.name);
        if (alias !== undefined) return this.#output(alias, place);
        const token = this.#token(type.name);
        if (this.types.has(token)) return { $ref: `#/types/${token}` };
        const found = this.#sdk.interfaces.get(type.name);
        if (found === undefined) throw new Error(`${place.path}: the SDK declares no ${type.name}`);
        return this.#named(type.name, {
          ...described(found.description),
          type: "object",
          ...this.outputs(found.members, type.name),
        });
      }
      case "undefined":
        throw new Error(`${place.path}: an output that is always undefined`);
      default:
        return type satisfies never;
    }
  }

  #named(name: string, type: NamedType): TypeSpec {
    const token = this.#token(name);
    const earlier = this.types.get(token);
    if (earlier !== undefined && JSON.stringify(earlier) !== JSON.stringify(type))
      throw new Error(
        `two types would be called ${token}: ${JSON.stringify(earlier)}, ${JSON.stringify(type)}`,
      );
    this.types.set(token, type);
    return { $ref: `#/types/${token}` };
  }

  #token(name: string): string {
    return `${this.#module}:${name}`;
  }

  #differ(path: string, what: string): void {
    const difference = `${path}: ${what}`;
    if (!this.differences.includes(difference)) this.differences.push(difference);
  }

  /** The alternatives of a type; names of aliases resolved, those of interfaces and classes kept. */
  #variants(type: SdkType): SdkType[] {
    if (type.kind === "union") return type.of.flatMap((each) => this.#variants(each));
    const alias = type.kind === "named" ? this.#sdk.aliases.get(type.name) : undefined;
    return alias === undefined ? [type] : this.#variants(alias);
  }

  /** A resource in the SDK stands for whatever the provider takes in its place. */
  #compareKinds(json: readonly JsonSchema[], declared: readonly SdkType[], place: Place): void {
    const sdk = new Set(declared.map((type) => this.#sdkKind(type)));
    const provider = new Set(json.map((variant) => basicKind(variant)));
    for (const kind of provider) {
      if (!sdk.has(kind) && !sdk.has("resource"))
        this.#differ(place.path, `the provider takes a ${kind}, the SDK declares ${[...sdk].join(" or ")}`);
    }
    for (const kind of sdk) {
      if (kind !== "resource" && !provider.has(kind))
        this.#differ(
          place.path,
          `the SDK declares a ${kind}, the provider takes ${[...provider].join(" or ")}`,
        );
    }
  }

  #sdkKind(type: SdkType): string {
    if (type.kind === "literal") return typeof type.value;
    if (type.kind !== "named") return type.kind;
    return this.#sdk.classes.has(type.name) ? "resource" : "object";
  }

  #described(description: string | undefined, type: SdkType): { description?: string } {
    const notes = [description ?? this.#ownDescription(type)];
    for (const name of namesIn(type)) {
      notes.push(ALIAS_NOTES[name]);
      if (this.#sdk.classes.has(name))
        notes.push(
          `A TypeScript program passes a ${name} resource; what the provider is given is described here.`,
        );
    }
    const text = notes.filter((note) => note !== undefined).join(" ");
    return described(text === "" ? undefined : text);
  }

  #ownDescription(type: SdkType): string | undefined {
    return type.kind === "named" ? this.#sdk.interfaces.get(type.name)?.description : undefined;
  }

  /** The parts of a host's connection are documented where people write them. */
  #fallbackDocs(name: string): readonly SdkMember[] {
    if (name !== "Connection" && name !== "Credentials") return [];
    return this.#sdk.interfaces.get("HostArgs")?.members ?? [];
  }
}

function namesIn(type: SdkType): string[] {
  if (type.kind === "named") return [type.name];
  if (type.kind === "array") return namesIn(type.items);
  return type.kind === "union" ? type.of.flatMap(namesIn) : [];
}

function pascal(text: string): string {
  return text.replace(/(?:^|[^A-Za-z0-9]+)([A-Za-z0-9])/g, (_, first: string) => first.toUpperCase());
}

function singular(text: string): string {
  return text.replace(/s$/, "");
}
