import type { OwnerMark } from "../../libvirt/xml/index.js";
import { identityHash, sameIdentity } from "../../planning/owner.js";
import { identitiesOf, type Request } from "../definition.js";
import type { Inputs, Outputs } from "./schema.js";

export type MachineRequest = Request<Inputs, Outputs>;

/** The hashes in the marks of the VM's own volumes, today's first. */
export function identityHashes(request: MachineRequest): string[] {
  return identitiesOf(request).map(identityHash);
}

/** Whether a mark is this resource's. One that is about to be taken over isn't yet. */
export function isOwn(owner: OwnerMark, request: MachineRequest): boolean {
  if (owner.nonce === request.recorded?.outputs.nonce) return true;
  return identitiesOf(request).some((known) => sameIdentity(owner, known));
}

/** Whether a domain was there before this resource had it: what the program doesn't declare of it stays as it was found. */
export function wasFound(owner: OwnerMark | undefined, request: MachineRequest): boolean {
  if (owner === undefined) return request.previous === undefined;
  return owner.adopted === true || !isOwn(owner, request);
}
