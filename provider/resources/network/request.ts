import type { HostRef } from "../../hosts/host-ref.js";
import type { Identity } from "../../planning/owner.js";
import { formerIdentity, type Request } from "../definition.js";
import type { Inputs, Outputs } from "./schema.js";

export type NetworkRequest = Request<Inputs, Outputs>;

/** Whom the marks of this resource name: today's identity, and that of the last deployment. */
export function identitiesOf(request: NetworkRequest): Identity[] {
  const before = formerIdentity(request);
  return before === undefined ? [request.identity] : [request.identity, before];
}

export function refsOf(inputs: Pick<Inputs, "hosts" | "credentials">): HostRef[] {
  return Object.entries(inputs.hosts).map(([name, connection]) => ({
    name,
    connection,
    credentials: inputs.credentials?.[name] ?? {},
  }));
}

/** Hosts on which the network was and isn't declared any more. */
export function formerRefsOf({ inputs, previous, recorded }: NetworkRequest): HostRef[] {
  const leaving = recorded?.outputs.leaving ?? {};
  const credentials = recorded?.outputs.credentials;
  const refs = [
    ...(previous === undefined ? [] : refsOf(previous)),
    ...refsOf({ hosts: leaving, ...(credentials === undefined ? {} : { credentials }) }),
  ];
  const byName = new Map(refs.map((ref) => [ref.name, ref]));
  return [...byName.values()].filter((ref) => !Object.hasOwn(inputs.hosts, ref.name));
}
