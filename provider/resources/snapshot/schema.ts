import { z } from "zod";
import type { Connection, Credentials } from "../../hosts/host-ref.js";
import type { CrossCheck } from "../definition.js";
import { common, libvirtName, oneOf, onHost, xmlText, yesOrNo } from "../inputs.js";

export const shape = {
  ...common,
  ...onHost,
  /** libvirt's name of the domain. */
  vm: libvirtName({ mostBytes: 100, error: "must be a VirtualMachine resource or { host, name }" }),
  name: libvirtName({ mostBytes: 60 }),
  type: oneOf(["internal", "external"]).default("internal"),
  memory: yesOrNo().optional(),
  disks: z
    .array(
      z
        .string({ error: "must be a string" })
        .regex(/^[A-Za-z][A-Za-z0-9]{0,15}$/, { error: 'must be a disk\'s target, such as "vda"' }),
      { error: 'must be a list of disks\' targets, such as ["vda"]' },
    )
    .min(1, { error: "must name at least one disk" })
    .max(64, { error: "must have at most 64 entries" })
    .transform((targets) => [...new Set(targets)].sort())
    .optional(),
  quiesce: yesOrNo().optional(),
  description: xmlText({ mostBytes: 4_096 }).optional(),
  revert: z
    .union([z.string(), z.number()], {
      error: "must be a text or a number, to be changed when the guest is to go back",
    })
    .transform(String)
    .refine((text) => text.length > 0 && text.length <= 200, { error: "must have 1 to 200 characters" })
    .optional(),
  retainOnDelete: yesOrNo().optional(),
  adopt: yesOrNo().optional(),
};
export type Inputs = z.output<z.ZodObject<typeof shape>>;

export interface Outputs {
  host: string;
  connection: Connection;
  credentials: Credentials;
  /** Of the domain. */
  uuid: string;
  /** "running", "paused", "shutoff", or "disk-snapshot" when the guest ran and its memory wasn't taken. */
  state: string;
  createdAt: string;
  /** The snapshot that it was taken on top of. */
  parent?: string | undefined;
  /** The files that the guest writes to since, by target. */
  overlays: Record<string, string>;
  memoryFile?: string | undefined;
  /** Tells this snapshot from a namesake before or after it. */
  nonce: string;
}

type Problems = ReturnType<CrossCheck<Inputs>>;

export const crossChecks: readonly CrossCheck<Inputs>[] = [
  disksOfExternal,
  quiesceOfExternal,
  quiesceOrMemory,
];

function disksOfExternal({ type, disks }: Inputs): Problems {
  if (disks === undefined || type === "external") return [];
  return [{ path: "disks", message: 'needs type "external": an internal snapshot is of all disks' }];
}

function quiesceOfExternal({ type, quiesce }: Inputs): Problems {
  if (quiesce !== true || type === "external") return [];
  return [
    {
      path: "quiesce",
      message: 'needs type "external": an internal snapshot has the memory, nothing is lost in it',
    },
  ];
}

function quiesceOrMemory({ quiesce, memory }: Inputs): Problems {
  if (quiesce !== true || memory !== true) return [];
  return [{ path: "quiesce", message: "is for snapshots without memory; give one or the other" }];
}
