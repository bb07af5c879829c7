import { identityOfUrn } from "../../provider/planning/owner.js";
import type { SecretTexts } from "../../provider/planning/secret-texts.js";
import { UsageError } from "../usage-error.js";
import { type OpenedBag, openBag } from "./secrets.js";

const TYPE_PREFIX = "pulumi-nodejs:dynamic/kvm:";

/** A resource of this package, as a stack's state has it. */
export interface StateResource {
  urn: string;
  /** `VirtualMachine`, `Disk`, ... */
  kind: string;
  name: string;
  project: string;
  stack: string;
  id: string;
  inputs: Record<string, unknown>;
  outputs: Record<string, unknown>;
  secretKeys: ReadonlySet<string>;
  /** Properties that the export has only encrypted. */
  encryptedKeys: readonly string[];
  /** Why the last update of it wasn't whole; empty when it was. */
  initErrors: readonly string[];
  /** It was deleted to be replaced, and what is to replace it isn't in the state: that run was cut off. */
  awaitsReplacement?: boolean;
  /** Pulumi's option: it is deleted from the state alone. */
  retainOnDelete?: boolean;
}

/** One stack. */
export interface StackState {
  project: string;
  stack: string;
  /** Where it was read: a file's name, or the stack's. */
  source: string;
  resources: StateResource[];
  /** What a replacement that was cut off has left to be deleted: the next `up` does. Another resource may have the URN by now. */
  deleting: StateResource[];
  /** Operations that a killed run has left open. */
  pendingOperations: number;
}

/** Versions of an exported state: the second one may have features besides. */
const FORMATS: ReadonlySet<unknown> = new Set([3, 4]);

/** As far as it is read here. */
interface Exported {
  resources?: ExportedResource[] | null;
  pending_operations?: unknown[] | null;
}

interface ExportedResource {
  urn: string;
  type: string;
  id?: string;
  inputs?: Record<string, unknown>;
  outputs?: Record<string, unknown>;
  delete?: boolean;
  pendingReplacement?: boolean;
  external?: boolean;
  retainOnDelete?: boolean;
  initErrors?: string[] | null;
}

export function readState(text: string, source: string, secrets: SecretTexts): StackState {
  const { resources, pending_operations } = parse(text, source);
  const all = resources ?? [];
  const urn = all[0]?.urn;
  const owner = urn === undefined ? undefined : identityOfUrn(urn);
  const read = (isDeleting: boolean) =>
    all
      .filter((resource) => (resource.delete === true) === isDeleting)
      .flatMap((resource) => toResource(resource, secrets));
  return {
    project: owner?.project ?? "",
    stack: owner?.stack ?? "",
    source,
    pendingOperations: pending_operations?.length ?? 0,
    resources: read(false),
    deleting: read(true),
  };
}

function toResource(resource: ExportedResource, secrets: SecretTexts): StateResource[] {
  const identity = identityOfUrn(resource.urn);
  // One that is only looked up belongs to somebody else.
  if (!resource.type.startsWith(TYPE_PREFIX) || identity === undefined || resource.external === true)
    return [];
  const inputs = openBag(resource.inputs ?? {}, secrets);
  const outputs = openBag(resource.outputs ?? {}, secrets);
  return [
    {
      urn: resource.urn,
      kind: resource.type.slice(TYPE_PREFIX.length),
      name: identity.name,
      project: identity.project,
      stack: identity.stack,
      id: resource.id ?? "",
      inputs: inputs.values,
      outputs: outputs.values,
      secretKeys: new Set([...inputs.secretKeys, ...outputs.secretKeys]),
      encryptedKeys: encrypted(inputs, outputs),
      initErrors: resource.initErrors ?? [],
      ...(resource.pendingReplacement === true ? { awaitsReplacement: true } : {}),
      ...(resource.retainOnDelete === true ? { retainOnDelete: true } : {}),
    },
  ];
}

/** What `pulumi stack export` writes; beside it the file of a stack in a backend of files. */
function parse(text: string, source: string): Exported {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new UsageError(`${source} isn't JSON; give what "pulumi stack export" writes`);
  }
  const { version, deployment, checkpoint } = isBag(value) ? value : {};
  // What another one means by the same words nobody knows.
  if (version !== undefined && !FORMATS.has(version))
    throw new UsageError(
      `${source} is a state of version ${JSON.stringify(version)}; this reads ${[...FORMATS].join(" and ")}, so export it with another version of Pulumi, or take another one of this package`,
    );
  const exported = deployment ?? (isBag(checkpoint) ? checkpoint.latest : undefined);
  if (!isExported(exported))
    throw new UsageError(`${source} isn't a stack's state; give what "pulumi stack export" writes`);
  return exported;
}

// By hand: hosts are asked once this is known, and to load what checks inputs takes as long as all of this command until then.
function isExported(value: unknown): value is Exported {
  if (!isBag(value)) return false;
  const { resources, pending_operations } = value;
  return isListOf(resources ?? [], isExportedResource) && Array.isArray(pending_operations ?? []);
}

function isExportedResource(value: unknown): value is ExportedResource {
  if (!isBag(value)) return false;
  const { urn, type, id, inputs, outputs, initErrors } = value;
  const { delete: isDeleted, pendingReplacement, external, retainOnDelete } = value;
  const flags = [isDeleted, pendingReplacement, external, retainOnDelete];
  return (
    isText(urn) &&
    isText(type) &&
    (id === undefined || isText(id)) &&
    [inputs, outputs].every((bag) => bag === undefined || isBag(bag)) &&
    flags.every((flag) => flag === undefined || typeof flag === "boolean") &&
    isListOf(initErrors ?? [], isText)
  );
}

function isBag(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isListOf<T>(value: unknown, isOne: (one: unknown) => one is T): value is T[] {
  return Array.isArray(value) && value.every(isOne);
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function encrypted(...bags: readonly OpenedBag[]): string[] {
  return [...new Set(bags.flatMap(({ encryptedKeys }) => encryptedKeys))].sort();
}
