import { z } from "zod";
import type { HostRef } from "../../hosts/host-ref.js";
import { common, connection, credentials, memorySize, wholeNumber, yesOrNo } from "../inputs.js";

export const shape = {
  ...common,
  name: z.string({ error: "must be a string" }).min(1),
  connection,
  credentials: credentials.optional(),
  labels: z
    .record(z.string(), z.string({ error: "must be a string" }), { error: "must be an object of strings" })
    .optional(),
  maintenance: yesOrNo().optional(),
  reservedMemory: memorySize().optional(),
  reservedCpus: wholeNumber(0, 4096).optional(),
};

export type Inputs = z.output<z.ZodObject<typeof shape>>;

export interface Outputs {
  uuid: string;
  hostname: string;
  cpuModel: string;
  cpus: number;
  memoryBytes: number;
  libvirtVersion: string;
  qemuVersion: string;
  machineTypes: string[];
  kvm: boolean;
}

const way = z.object({ name: z.string(), connection, credentials: credentials.default({}) });

/** What the SDK gives with a host of several; what is wrong with one is told by its own check. */
export function waysAhead(given: unknown): HostRef[] {
  return (Array.isArray(given) ? given : []).flatMap((one) => {
    const parsed = way.safeParse(one);
    return parsed.success ? [parsed.data] : [];
  });
}
