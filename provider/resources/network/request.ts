import type { HostRef } from "../../hosts/host-ref.js";
import type { Request } from "../definition.js";
import type { Inputs, Outputs } from "./schema.js";

export type NetworkRequest = Request<Inputs, Outputs>;

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
