// Writes provider/libvirt/rpc/generated from codegen/libvirt-rpc.json.
// An .mts file so that it runs after a plain tsc into any folder, whatever the nearest package.json says.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

type Field = readonly [name: string, type: string];

interface Procedure {
  readonly number: number;
  readonly args: readonly Field[];
  readonly ret: readonly Field[];
  readonly stream?: "read" | "write";
}

/** The protocol table: structures, and the procedures of the two programs. */
export interface RpcTable {
  readonly types: Readonly<Record<string, readonly Field[]>>;
  readonly remote: Readonly<Record<string, Procedure>>;
  readonly qemu: Readonly<Record<string, Procedure>>;
}

/** Where the generated files go, from the root of the package. */
export const GENERATED_FOLDER = "provider/libvirt/rpc/generated";
/** The table, from the root of the package. */
export const TABLE_FILE = "codegen/libvirt-rpc.json";

// The table has no lengths; these are libvirt's own (the *_MAX constants of its protocol description), taken from
// its newest releases where they grew. The largest of all uses of an element type, unless a field below is named.
const ELEMENT_LIMITS: Readonly<Record<string, number>> = {
  Domain: 16_384,
  DomainCheckpoint: 16_384,
  DomainDiskError: 256,
  DomainEventGraphicsIdentity: 20,
  DomainFsinfo: 256,
  DomainGetSecurityLabelRet: 64,
  DomainInterface: 2_048,
  DomainIothreadInfo: 16_384,
  DomainIPAddr: 2_048,
  DomainMemoryStat: 1_024,
  DomainSnapshot: 16_384,
  DomainStatsRecord: 262_144,
  Interface: 16_384,
  Network: 16_384,
  NetworkDhcpLease: 65_536,
  NetworkPort: 16_384,
  NodeDevice: 65_536,
  NodeGetCPUStats: 16,
  NodeGetMemoryStats: 16,
  Nwfilter: 1_024,
  NwfilterBinding: 16_384,
  Secret: 16_384,
  StoragePool: 4_096,
  StorageVol: 16_384,
  TypedParam: 2_048,
  VcpuInfo: 16_384,
  int: 65_536,
  string: 65_536,
  uhyper: 1_024,
  uint: 16,
};
const OPAQUE_LIMIT = 4_194_304;
const FIELD_LIMITS: Readonly<Record<string, number>> = {
  "AuthList.types": 20,
  "ConnectListDomains.ids": 16_384,
  "DomainFsinfo.devAliases": 256,
  "DomainGetSecurityLabel.label": 4_097,
  "DomainGetSecurityLabelRet.label": 4_097,
  "DomainGetVcpuPinInfo.cpumaps": 8_388_608,
  "DomainGetVcpus.cpumaps": 8_388_608,
  "DomainIothreadInfo.cpumap": 2_048,
  "DomainStatsRecord.params": 262_144,
  "NodeGetCPUMap.cpumap": 2_048,
  "NodeGetSecurityModel.doi": 257,
  "NodeGetSecurityModel.model": 257,
  "SecretGetValue.value": 65_536,
  "SecretSetValue.value": 65_536,
};

const HEADER = `// Generated from ${TABLE_FILE} by \`npm run generate\`. Do not edit.
// biome-ignore-all format: one line a structure reads best
`;

/** The generated files by name. Pure, so that a test can tell whether the checked-in ones are stale. */
export function generateRpc(original: RpcTable): Record<string, string> {
  const table = withResultStructures(original);
  return { "structures.ts": structuresFile(table), "procedures.ts": proceduresFile(table) };
}

// A result may hold other procedures' results ("DomainGetSecurityLabelRet[]"): these become structures too.
function withResultStructures(table: RpcTable): RpcTable {
  const types: Record<string, readonly Field[]> = { ...table.types };
  for (const { ret } of Object.values(table.remote)) {
    for (const [, type] of ret) {
      const base = baseOf(type);
      const procedure = table.remote[base.replace(/Ret$/, "")];
      if (base.endsWith("Ret") && procedure !== undefined) types[base] = procedure.ret;
    }
  }
  return { ...table, types };
}

function structuresFile(table: RpcTable): string {
  const names = Object.keys(table.types).filter((name) => name !== "TypedParam");
  const interfaces = names.map((name) => {
    const fields = table.types[name] ?? [];
    return `export interface ${typeName(name)} { ${members(fields)} }`;
  });
  const specs = names.map((name) => `  ${name}: ${spec(name, table.types[name] ?? [], table)},`);
  return `${HEADER}import type { FieldSpec } from "../field-spec.js";
import type { TypedParam } from "../typed-param.js";

${interfaces.join("\n")}

/** Fields of every structure, in the order of the wire. */
export const structures: Readonly<Record<string, readonly FieldSpec[]>> = {
${specs.join("\n")}
};
`;
}

function proceduresFile(table: RpcTable): string {
  const all = [
    ...Object.entries(table.remote).map(([name, procedure]) => ({ name, procedure, program: "remote" })),
    ...Object.entries(table.qemu).map(([name, procedure]) => ({ name, procedure, program: "qemu" })),
  ];
  const isEvent = (name: string) => table.types[`${name}Msg`] !== undefined;
  const calls = all.filter(({ name }) => !isEvent(name));
  const events = all.filter(({ name }) => isEvent(name));
  const used = new Set<string>();
  for (const { procedure } of calls) {
    for (const [, type] of [...procedure.args, ...procedure.ret]) {
      const base = baseOf(type);
      if (table.types[base] !== undefined && base !== "TypedParam") used.add(typeName(base));
    }
  }
  for (const { name } of events) used.add(typeName(`${name}Msg`));
  const streams = calls.filter(({ procedure }) => procedure.stream !== undefined);
  return `${HEADER}import type { EventSpec, ProcedureSpec } from "../field-spec.js";
import type { TypedParam } from "../typed-param.js";
import type { ${[...used].sort().join(", ")} } from "./structures.js";

/** Arguments and result of every procedure. */
export interface Procedures {
${calls
  .map(
    ({ name, procedure }) =>
      `  ${name}: { args: ${record(procedure.args)}; result: ${record(procedure.ret)} };`,
  )
  .join("\n")}
}

/** Payload of every event, by the name of the procedure that carries it. */
export interface Events {
${events.map(({ name }) => `  ${name}: ${typeName(`${name}Msg`)};`).join("\n")}
}

/** Procedures that open a stream from the host. */
export type ReadStreamProcedure = ${union(streams.filter((s) => s.procedure.stream === "read"))};
/** Procedures that open a stream to the host. */
export type WriteStreamProcedure = ${union(streams.filter((s) => s.procedure.stream === "write"))};

/** What is on the wire for every procedure. */
export const procedures: { readonly [Name in keyof Procedures]: ProcedureSpec } = {
${calls
  .map(({ name, procedure, program }) => {
    const stream = procedure.stream === undefined ? "" : `, stream: "${procedure.stream}"`;
    const args = spec(name, procedure.args, table);
    const result = spec(name, procedure.ret, table);
    return `  ${name}: { program: "${program}", number: ${procedure.number}, args: ${args}, result: ${result}${stream} },`;
  })
  .join("\n")}
};

/** What is on the wire for every event. */
export const events: { readonly [Name in keyof Events]: EventSpec } = {
${events
  .map(
    ({ name, procedure, program }) =>
      `  ${name}: { program: "${program}", number: ${procedure.number}, payload: "${name}Msg" },`,
  )
  .join("\n")}
};
`;
}

function union(entries: readonly { name: string }[]): string {
  return entries.map(({ name }) => `"${name}"`).join(" | ");
}

function record(fields: readonly Field[]): string {
  return fields.length === 0 ? "Record<string, never>" : `{ ${members(fields)} }`;
}

function members(fields: readonly Field[]): string {
  return fields.map(([name, type]) => `${name}${type.endsWith("?") ? "?" : ""}: ${tsType(type)}`).join("; ");
}

// libvirt's error structure is the only one whose table name is not in the style of the others.
function typeName(name: string): string {
  return name === "remote_error" ? "RemoteErrorRecord" : name;
}

function baseOf(type: string): string {
  return type.replace(/(\?|\[\d*\])$/, "");
}

function tsType(type: string): string {
  if (type.endsWith("?")) return `${tsType(type.slice(0, -1))} | undefined`;
  if (/\[\d*\]$/.test(type)) return `${tsType(baseOf(type))}[]`;
  switch (type) {
    case "string":
    case "uuid":
      return "string";
    case "int":
    case "uint":
    case "ushort":
      return "number";
    case "hyper":
    case "uhyper":
      return "bigint";
    case "opaque":
      return "Uint8Array";
    default:
      return typeName(type);
  }
}

function spec(owner: string, fields: readonly Field[], table: RpcTable): string {
  return `[${fields.map(([name, type]) => `["${name}", "${wireType(owner, name, type, table)}"]`).join(", ")}]`;
}

// Puts the limit into the type: "Domain[<16384]", "opaque[<2048]".
function wireType(owner: string, field: string, type: string, table: RpcTable): string {
  const limit = FIELD_LIMITS[`${owner}.${field}`];
  if (type === "opaque") return `opaque[<${limit ?? OPAQUE_LIMIT}]`;
  const base = baseOf(type);
  if (!/^(string|uuid|int|uint|ushort|hyper|uhyper)$/.test(base) && table.types[base] === undefined) {
    throw new Error(`${owner}.${field}: unknown type ${type}`);
  }
  if (!type.endsWith("[]")) return type;
  const counted = limit ?? ELEMENT_LIMITS[base];
  if (counted === undefined) throw new Error(`${owner}.${field}: no limit for an array of ${base}`);
  return `${base}[<${counted}]`;
}

/** Reads the table of a package's root. */
export function readTable(root: string): RpcTable {
  return JSON.parse(readFileSync(join(root, TABLE_FILE), "utf8")) as RpcTable;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = process.cwd();
  mkdirSync(join(root, GENERATED_FOLDER), { recursive: true });
  for (const [name, text] of Object.entries(generateRpc(readTable(root)))) {
    writeFileSync(join(root, GENERATED_FOLDER, name), text);
  }
}
