// JSON Schema, as far as zod makes use of it here.

/** The part of JSON Schema that zod makes of the resources' schemas. */
export interface JsonSchema {
  /** Several where zod joins plain alternatives. */
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: JsonSchema | boolean;
  /** Ours: encrypted in the state. */
  readonly secret?: boolean;
  /** Ours: what its type is called wherever it occurs; else that follows from the place. */
  readonly name?: string;
}

export interface JsonObject extends JsonSchema {
  readonly properties: Readonly<Record<string, JsonSchema>>;
  readonly required: readonly string[];
}

type Kind = "any" | "enum" | "array" | "record" | "object" | "plain";

/** What a schema without alternatives describes. */
export function kindOf(json: JsonSchema): Kind {
  if (json.enum !== undefined) return "enum";
  if (json.type === undefined) return "any";
  if (json.type === "array") return "array";
  if (json.type !== "object") return "plain";
  return json.properties === undefined ? "record" : "object";
}

/** {@link kindOf}, as JavaScript's `typeof` tells plain values apart. */
export function basicKind(json: JsonSchema): string {
  const kind = kindOf(json);
  if (kind !== "plain" && kind !== "enum") return kind;
  return json.type === "integer" ? "number" : typeName(json);
}

/** A schema without alternatives for each alternative. */
export function alternatives(json: JsonSchema): readonly JsonSchema[] {
  if (json.anyOf !== undefined) return json.anyOf.flatMap(alternatives);
  return Array.isArray(json.type) ? (json.type as string[]).map((type) => ({ ...json, type })) : [json];
}

/** The one type of a schema without alternatives. */
export function typeName({ type }: JsonSchema): string {
  if (typeof type !== "string") throw new Error("a schema without a type has no counterpart in Pulumi's");
  return type;
}
