import { z } from "zod";
import type { Connection, Credentials } from "../../hosts/host-ref.js";
import { common, diskSize, libvirtName, localFile, oneOf, onHost, wholeNumber, yesOrNo } from "../inputs.js";
import { backing } from "../virtual-machine/schema.js";

export const shape = {
  ...common,
  ...onHost,
  name: libvirtName({ mostBytes: 160 }),
  pool: libvirtName({ mostBytes: 100 }),
  size: diskSize(),
  format: oneOf(["qcow2", "raw"]).default("qcow2"),
  backing: backing.optional(),
  source: localFile().optional(),
  move: z
    .strictObject(
      { bandwidthMibPerSecond: wholeNumber(1, 1_000_000).optional() },
      { error: "must be { bandwidthMibPerSecond }" },
    )
    .optional(),
  retainOnDelete: yesOrNo().optional(),
  adopt: yesOrNo().optional(),
  /** Of `source`, as the check found it: by this a changed file is told. */
  sourceChecksum: z.string().optional(),
};
export const foundKeys = ["sourceChecksum"] as const;
export type Inputs = z.output<z.ZodObject<typeof shape>>;

export interface Outputs {
  /** Where it should be, even while its virtual machine still has to bring it there. */
  host: string;
  connection: Connection;
  credentials: Credentials;
  path: string;
  key: string;
  sizeBytes: number;
  allocationBytes: number;
  /** Tells this disk from a namesake before or after it. */
  nonce: string;
  /** Where it is until its virtual machine has brought it along: a later run looks there before it calls the disk gone. No secrets. */
  formerly?: { host: string; connection: Connection } | undefined;
}

export function sourceAlone(inputs: Inputs): { path: string; message: string }[] {
  if (inputs.source === undefined) return [];
  const given = (["backing", "adopt"] as const).find(
    (key) => inputs[key] !== undefined && inputs[key] !== false,
  );
  if (given === undefined) return [];
  const why =
    given === "backing" ? "a layer begins with what it is over" : "what is taken over keeps its content";
  return [
    { path: "source", message: `is not possible together with ${given}: ${why}; leave out one of them` },
  ];
}

export function backingNeedsQcow2(inputs: Inputs): { path: string; message: string }[] {
  if (inputs.backing === undefined || inputs.format !== "raw") return [];
  return [{ path: "backing", message: "needs format qcow2: a raw image has no backing" }];
}
