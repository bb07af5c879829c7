import type { OwnerMark } from "../../libvirt/xml/index.js";
import { type Identity, identityHash, sameIdentity } from "../../planning/owner.js";
import { formerIdentity, type Request } from "../definition.js";
import type { Inputs, Outputs } from "./schema.js";

export type MachineRequest = Request<Inputs, Outputs>;

/** Today's name, and yesterday's after a rename. */
function identities(request: MachineRequest): Identity[] {
  const before = formerIdentity(request);
  return before === undefined ? [request.identity] : [request.identity, before];
}

/** The hashes in the marks of the VM's own volumes, today's first. */
export function identityHashes(request: MachineRequest): string[] {
  return identities(request).map(identityHash);
}

/** Whether a mark is this resource's. One that is about to be taken over isn't yet. */
export function isOwn(owner: OwnerMark, request: MachineRequest): boolean {
  if (owner.nonce === request.recorded?.outputs.nonce) return true;
  return identities(request).some((known) => sameIdentity(owner, known));
}

/** Whether a domain was there before this resource had it: what the program doesn't declare of it stays as it was found. */
export function wasFound(owner: OwnerMark | undefined, request: MachineRequest): boolean {
  if (owner === undefined) return request.previous === undefined;
  return owner.adopted === true || !isOwn(owner, request);
}
