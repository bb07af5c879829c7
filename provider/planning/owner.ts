import { createHash } from "node:crypto";

/** Who declares an object: unique within a Pulumi backend at one time. Two names of one resource over time are told apart by the nonce. */
export interface Identity {
  project: string;
  stack: string;
  /** The qualified type, so that a component's child isn't taken for its namesake elsewhere. */
  type: string;
  name: string;
}

/** Reads `urn:pulumi:STACK::PROJECT::TYPE::NAME`; a name may itself contain `::`. */
export function identityOfUrn(urn: string): Identity | undefined {
  const prefix = "urn:pulumi:";
  const [stack, project, type, ...name] = urn.slice(prefix.length).split("::");
  if (!urn.startsWith(prefix) || project === undefined || type === undefined || name.length === 0)
    return undefined;
  return { project, stack: stack as string, type, name: name.join("::") };
}

export function sameIdentity(a: Identity, b: Identity): boolean {
  return a.project === b.project && a.stack === b.stack && a.type === b.type && a.name === b.name;
}

/** For messages: `"web" of project/stack`. What `asker` calls by its own name is told apart by where in the program it is. */
export function ownerLabel(owner: Identity, asker?: Identity): string {
  const isNamesake = asker !== undefined && isOfStack(asker, owner) && owner.name === asker.name;
  return `"${owner.name}"${isNamesake ? ` ${placeOf(owner)}` : ""} of Pulumi stack ${owner.project}/${owner.stack}`;
}

export function isOfStack(a: Identity, b: Identity): boolean {
  return a.project === b.project && a.stack === b.stack;
}

function placeOf({ type }: Identity): string {
  const components = type.split("$").slice(0, -1);
  return components.length === 0 ? "outside of any component" : `within component ${components.join("$")}`;
}

/** The way out of a refusal of what `owner` has, where that is what is refused, under the name or within the component that it had. */
export const AS_BEFORE =
  "where it is this one as it was declared before, under another name or within another component, give aliases as long as it is in the state, and adopt: true once it isn't";

/** Of something whose mark tells by a hash whose it is: what that was called isn't known any more. */
export const RENAMED = "its resource, or its stack, has another name now";

/** Of something that another stack, or another resource, still counts as its own. */
export function takenFrom(what: string, host: string, owner: Identity): string {
  return `${what} on ${host} is taken over from ${ownerLabel(owner)}; take it out of there as well (pulumi state delete), which can't change it any more`;
}

export function identityHash(owner: Identity): string {
  return createHash("sha256")
    .update(JSON.stringify([owner.project, owner.stack, owner.type, owner.name]))
    .digest("hex")
    .slice(0, 16);
}

/** Whether a pool's UUID can be such a mark: those that libvirt and people make are of version 4. */
export function isIdentityUuid(uuid: string): boolean {
  return /^.{14}5/.test(uuid);
}

/** RFC 9562 UUID version 5 of a text in a namespace of our own. Pools carry no metadata: this is their owner mark. */
export function identityUuid(owner: Identity, scope: string): string {
  const hash = createHash("sha1")
    .update(Buffer.from("6f0c1c0e3a1b5d5e9d0b7a4f2c8e1d37", "hex"))
    .update(JSON.stringify([owner.project, owner.stack, owner.type, owner.name, scope]))
    .digest()
    .subarray(0, 16);
  hash[6] = ((hash[6] as number) & 0x0f) | 0x50;
  hash[8] = ((hash[8] as number) & 0x3f) | 0x80;
  return hash.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
