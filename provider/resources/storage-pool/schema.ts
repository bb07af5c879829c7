import { posix } from "node:path";
import type { z } from "zod";
import { common, hostPath, libvirtName, oneOf, onHosts, yesOrNo } from "../inputs.js";

export const shape = {
  ...common,
  ...onHosts,
  name: libvirtName({ mostBytes: 100 }),
  type: oneOf(["dir"]).default("dir"),
  path: hostPath()
    .transform(withoutTrailingSlash)
    .refine((path) => path !== "/", { error: "must be a folder of its own, not /" }),
  autostart: yesOrNo().default(true),
  forceDestroy: yesOrNo().optional(),
  adopt: yesOrNo().optional(),
};
export type Inputs = z.output<z.ZodObject<typeof shape>>;

/** Records by the host's name. */
export interface Outputs {
  hosts: Inputs["hosts"];
  credentials: Inputs["credentials"];
  uuids: Record<string, string>;
  capacityBytes: Record<string, number>;
  availableBytes: Record<string, number>;
  /** Hosts on which the folder wasn't there before: only there it goes with the pool. */
  madeFolder: Record<string, boolean>;
}

/** Two spellings of a path are one folder. */
export function withoutTrailingSlash(path: string): string {
  return posix
    .normalize(path)
    .replace(/^\/\//, "/")
    .replace(/(.)\/$/, "$1");
}
