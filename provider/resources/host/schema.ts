import { z } from "zod";
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
