// What a Pulumi schema consists of.

/** A type where it is used: plain, composed, or a reference to a named one. */
export interface TypeSpec {
  readonly type?: string;
  readonly items?: TypeSpec;
  readonly additionalProperties?: TypeSpec;
  readonly $ref?: string;
  readonly oneOf?: readonly TypeSpec[];
}

/** Any value that JSON can hold. */
export const ANY: TypeSpec = { $ref: "pulumi.json#/Any" };

/** A type with what is said of the property that has it. */
export interface PropertySpec extends TypeSpec {
  readonly description?: string;
  readonly secret?: boolean;
}

/** An object or an enumeration, under a token of its own. */
export interface NamedType {
  readonly description?: string;
  readonly type: string;
  readonly enum?: readonly { readonly name: string; readonly value: unknown }[];
  readonly properties?: Readonly<Record<string, PropertySpec>>;
  readonly required?: readonly string[];
}

/** The properties of a resource or of an object. */
export interface Properties {
  readonly properties: Readonly<Record<string, PropertySpec>>;
  readonly required?: readonly string[];
}

/** A type for several: itself if they are the same. */
export function oneOf(specs: readonly TypeSpec[]): TypeSpec {
  const different = new Map(specs.map((spec) => [JSON.stringify(spec), spec]));
  const [first, ...others] = different.values();
  return first !== undefined && others.length === 0 ? first : { oneOf: [...different.values()] };
}

/** Pulumi leaves out what is empty. */
export function listed(required: readonly string[]): { required?: readonly string[] } {
  return required.length === 0 ? {} : { required };
}

/** A description, if there is one. */
export function described(description: string | undefined): { description?: string } {
  return description === undefined ? {} : { description };
}
