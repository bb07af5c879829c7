import { identityHash, identityOfUrn } from "../../planning/owner.js";
import type { Request } from "../definition.js";
import type { Inputs, Outputs } from "./schema.js";

export type MachineRequest = Request<Inputs, Outputs>;

/** The hash in the marks of the VM's own volumes: of today's name, and of yesterday's after a rename. */
export function identityHashes(request: MachineRequest): string[] {
  const before = request.previous === undefined ? undefined : identityOfUrn(request.previous.pulumiUrn);
  return [identityHash(request.identity), ...(before === undefined ? [] : [identityHash(before)])];
}
