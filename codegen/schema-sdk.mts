// What the SDK declares, read from its source text: names, types and TSDoc. Only parsed, so that it takes no compilation.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

/** A type as the SDK writes it, with `In<...>` and `Output<...>` taken off: to a program they are the value. */
export type SdkType =
  | { readonly kind: "string" | "number" | "boolean" | "undefined" | "any" }
  | { readonly kind: "literal"; readonly value: string | number | boolean }
  | { readonly kind: "array"; readonly items: SdkType }
  | { readonly kind: "record"; readonly values: SdkType }
  | { readonly kind: "object"; readonly members: readonly SdkMember[] }
  | { readonly kind: "named"; readonly name: string }
  | { readonly kind: "union"; readonly of: readonly SdkType[] };

export interface SdkMember {
  readonly name: string;
  readonly optional: boolean;
  readonly description: string | undefined;
  readonly type: SdkType;
}

export interface SdkInterface {
  readonly description: string | undefined;
  readonly members: readonly SdkMember[];
}

/** A class of a resource; its members are the outputs. */
export interface SdkClass extends SdkInterface {
  /** Name of the interface of the constructor's second argument. */
  readonly args: string;
}

export interface Sdk {
  readonly interfaces: ReadonlyMap<string, SdkInterface>;
  readonly aliases: ReadonlyMap<string, SdkType>;
  readonly classes: ReadonlyMap<string, SdkClass>;
}

const WRAPPERS = new Set(["In", "InEach", "pulumi.Input", "pulumi.Output"]);
/** Functions and components of programs, whose types the schema of what the provider serves has no place for. */
const WITHOUT_RESOURCES = new Set(["ova.ts", "host-bootstrap.ts"]);
const BASE_CLASS = "KvmResource";

/** Reads the SDK of a package's root. */
export function readSdk(root: string): Sdk {
  const folder = join(root, "sdk");
  const names = readdirSync(folder).filter((name) => name.endsWith(".ts") && !WITHOUT_RESOURCES.has(name));
  return parseSdk(names.sort().map((name) => readFileSync(join(folder, name), "utf8")));
}

/** The declarations in the texts of the SDK's files. */
export function parseSdk(texts: readonly string[]): Sdk {
  const interfaces = new Map<string, SdkInterface>();
  const aliases = new Map<string, SdkType>();
  const classes = new Map<string, SdkClass>();
  const bases = new Map<string, string[]>();
  let common: SdkMember[] = [];
  for (const text of texts) {
    const file = ts.createSourceFile("sdk.ts", text, ts.ScriptTarget.ES2022, true);
    for (const node of file.statements) {
      if (!isExported(node)) continue;
      if (ts.isInterfaceDeclaration(node)) {
        interfaces.set(node.name.text, { description: docOf(node), members: membersOf(node.members) });
        bases.set(node.name.text, basesOf(node));
      } else if (ts.isTypeAliasDeclaration(node) && node.typeParameters === undefined) {
        aliases.set(node.name.text, typeOf(node.type));
      } else if (ts.isClassDeclaration(node) && node.name !== undefined) {
        if (node.name.text === BASE_CLASS) common = outputsOf(node);
        else if (isResource(node)) {
          const declared = { description: docOf(node), members: outputsOf(node), args: argsOf(node) };
          classes.set(node.name.text, declared);
        }
      }
    }
  }
  const withBases = (name: string): SdkMember[] => [
    ...(bases.get(name) ?? []).flatMap(withBases),
    ...(interfaces.get(name)?.members ?? []),
  ];
  const complete = [...interfaces].map(
    ([name, declared]) => [name, { ...declared, members: withBases(name) }] as const,
  );
  for (const [name, declared] of complete) interfaces.set(name, declared);
  for (const [name, declared] of classes)
    classes.set(name, { ...declared, members: [...declared.members, ...common] });
  return { interfaces, aliases, classes };
}

/** What an interface extends. */
function basesOf(node: ts.InterfaceDeclaration): string[] {
  return (node.heritageClauses ?? []).flatMap((clause) =>
    clause.types.map(({ expression }) => expression.getText()),
  );
}

function isExported(node: ts.Statement): boolean {
  const modifiers = ts.canHaveModifiers(node) ? (ts.getModifiers(node) ?? []) : [];
  return modifiers.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);
}

function isResource(node: ts.ClassDeclaration): boolean {
  return (node.heritageClauses ?? []).some((clause) =>
    clause.types.some(({ expression }) => expression.getText() === BASE_CLASS),
  );
}

/** What the class itself has, such as its type, is no output. */
function isOutput(member: ts.ClassElement): member is ts.PropertyDeclaration {
  return (
    ts.isPropertyDeclaration(member) &&
    !member.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.StaticKeyword)
  );
}

function outputsOf(node: ts.ClassDeclaration): SdkMember[] {
  return node.members.filter(isOutput).map((member) => {
    const type = typeOf(required(member.type, member));
    const optional = type.kind === "union" && type.of.some(({ kind }) => kind === "undefined");
    return {
      name: member.name.getText(),
      optional,
      description: docOf(member),
      type: withoutUndefined(type),
    };
  });
}

function argsOf(node: ts.ClassDeclaration): string {
  const args = node.members.find(ts.isConstructorDeclaration)?.parameters[1];
  return required(args?.type, node).getText();
}

function membersOf(nodes: ts.NodeArray<ts.TypeElement>): SdkMember[] {
  return nodes.filter(ts.isPropertySignature).map((member) => ({
    name: member.name.getText(),
    optional: member.questionToken !== undefined,
    description: docOf(member),
    type: withoutUndefined(typeOf(required(member.type, member))),
  }));
}

function typeOf(node: ts.TypeNode): SdkType {
  if (ts.isParenthesizedTypeNode(node)) return typeOf(node.type);
  if (ts.isArrayTypeNode(node)) return { kind: "array", items: typeOf(node.elementType) };
  if (ts.isUnionTypeNode(node)) return { kind: "union", of: node.types.map(typeOf) };
  if (ts.isTypeLiteralNode(node)) return { kind: "object", members: membersOf(node.members) };
  if (ts.isLiteralTypeNode(node)) return literalOf(node.literal);
  if (ts.isTypeReferenceNode(node)) {
    const name = node.typeName.getText();
    const [first, second] = node.typeArguments ?? [];
    if (WRAPPERS.has(name)) return typeOf(required(first, node));
    if (name === "Record") return { kind: "record", values: typeOf(required(second, node)) };
    // By where it is, which is what the provider is told.
    if (name.startsWith("pulumi.asset.")) return { kind: "string" };
    if (first === undefined) return { kind: "named", name };
  }
  switch (node.kind) {
    case ts.SyntaxKind.StringKeyword:
      return { kind: "string" };
    case ts.SyntaxKind.NumberKeyword:
      return { kind: "number" };
    case ts.SyntaxKind.BooleanKeyword:
      return { kind: "boolean" };
    case ts.SyntaxKind.UnknownKeyword:
      return { kind: "any" };
    case ts.SyntaxKind.UndefinedKeyword:
      return { kind: "undefined" };
    default:
      throw new Error(`a type that has no counterpart in a Pulumi schema: ${node.getText()}`);
  }
}

function literalOf(literal: ts.LiteralTypeNode["literal"]): SdkType {
  if (ts.isStringLiteral(literal)) return { kind: "literal", value: literal.text };
  if (ts.isNumericLiteral(literal)) return { kind: "literal", value: Number(literal.text) };
  if (literal.kind === ts.SyntaxKind.TrueKeyword) return { kind: "literal", value: true };
  if (literal.kind === ts.SyntaxKind.FalseKeyword) return { kind: "literal", value: false };
  throw new Error(`a literal that has no counterpart in a Pulumi schema: ${literal.getText()}`);
}

function withoutUndefined(type: SdkType): SdkType {
  if (type.kind !== "union") return type;
  const [first, ...others] = type.of.filter(({ kind }) => kind !== "undefined");
  if (first === undefined) return { kind: "undefined" };
  return others.length === 0 ? first : { kind: "union", of: [first, ...others] };
}

/** The TSDoc as Markdown: a line a paragraph or list entry, examples under the heading that Pulumi's registry knows. */
function docOf(node: ts.Node): string | undefined {
  const parts = ts.getJSDocCommentsAndTags(node);
  const text = parts
    .filter(ts.isJSDoc)
    .map(({ comment }) => ts.getTextOfJSDocComment(comment) ?? "")
    .join("\n\n");
  const prose = text
    .replace(/\{@link ([^}]+)\}/g, "`$1`")
    .split(/\n{2,}/)
    .map((paragraph) => paragraph.trim().replace(/\n(?!- )\s*/g, " "))
    .filter((paragraph) => paragraph !== "");
  const examples = ts
    .getJSDocTags(node)
    .filter(({ tagName }) => tagName.text === "example")
    .map(({ comment }) =>
      (ts.getTextOfJSDocComment(comment) ?? "").trim().replace(/^```ts$/m, "```typescript"),
    );
  if (examples.length > 0) prose.push("## Example Usage", ...examples);
  return prose.length === 0 ? undefined : prose.join("\n\n");
}

function required<T>(value: T | undefined, node: ts.Node): T {
  if (value === undefined) throw new Error(`a type is missing: ${node.getText()}`);
  return value;
}
