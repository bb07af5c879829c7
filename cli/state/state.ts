import { z } from "zod";
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
}

/** One stack. */
export interface StackState {
  project: string;
  stack: string;
  /** Where it was read: a file's name, or the stack's. */
  source: string;
  resources: StateResource[];
  /** Operations that a killed run has left open. */
  pendingOperations: number;
}

const bag = z.custom<Record<string, unknown>>(
  (value) => typeof value === "object" && value !== null && !Array.isArray(value),
);
const exported = z.object({
  resources: z
    .array(
      z.object({
        urn: z.string(),
        type: z.string(),
        id: z.string().optional(),
        inputs: bag.optional(),
        outputs: bag.optional(),
        delete: z.boolean().optional(),
        external: z.boolean().optional(),
        initErrors: z.array(z.string()).nullish(),
      }),
    )
    .nullish(),
  pending_operations: z.array(z.unknown()).nullish(),
});
/** What `pulumi stack export` writes; beside it the file of a stack in a backend of files. */
const document = z.union([
  z.object({ deployment: exported }),
  z.object({ checkpoint: z.object({ stack: z.string().optional(), latest: exported }) }),
]);

export function readState(text: string, source: string, secrets: SecretTexts): StackState {
  const { resources, pending_operations } = parse(text, source);
  const all = resources ?? [];
  const urn = all[0]?.urn;
  const owner = urn === undefined ? undefined : identityOfUrn(urn);
  return {
    project: owner?.project ?? "",
    stack: owner?.stack ?? "",
    source,
    pendingOperations: pending_operations?.length ?? 0,
    resources: all.flatMap((resource) => {
      const identity = identityOfUrn(resource.urn);
      // One that is only looked up belongs to somebody else, one that is being deleted to nobody.
      if (!resource.type.startsWith(TYPE_PREFIX) || identity === undefined) return [];
      if (resource.external === true || resource.delete === true) return [];
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
        },
      ];
    }),
  };
}

function parse(text: string, source: string): z.output<typeof exported> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new UsageError(`${source} isn't JSON; give what "pulumi stack export" writes`);
  }
  const parsed = document.safeParse(value);
  if (!parsed.success)
    throw new UsageError(`${source} isn't a stack's state; give what "pulumi stack export" writes`);
  return "deployment" in parsed.data ? parsed.data.deployment : parsed.data.checkpoint.latest;
}

function encrypted(...bags: readonly OpenedBag[]): string[] {
  return [...new Set(bags.flatMap(({ encryptedKeys }) => encryptedKeys))].sort();
}
