import type { Connection, Credentials } from "../../hosts/host-ref.js";
import type { ObservedNetworks } from "./observed.js";
import type { NetworkRequest } from "./request.js";
import type { Outputs } from "./schema.js";

/** What the state records, and programs read. */
export function outputsOf(
  request: NetworkRequest,
  { hosts, former }: ObservedNetworks,
  carried: Partial<Outputs>,
): Outputs {
  const uuids: Record<string, string> = {};
  const bridges: Record<string, string> = {};
  for (const { ref, network } of hosts) {
    // The UUID of a network that is gone for now is kept: it comes back under it.
    const uuid = network?.ours === true ? network.record.uuid : carried.uuids?.[ref.name];
    if (uuid !== undefined) uuids[ref.name] = uuid;
    if (network?.ours === true && network.record.bridgeName !== undefined)
      bridges[ref.name] = network.record.bridgeName;
  }
  const marks = hosts.flatMap(({ network }) => (network?.ours === true ? [network.owner?.nonce] : []));
  const nonce = carried.nonce ?? marks.find((mark) => mark !== undefined) ?? "";
  const leaving: Record<string, Connection> = {};
  const credentials: Record<string, Credentials> = {};
  for (const { ref, network } of former) {
    if (network?.ours !== true) continue;
    uuids[ref.name] = network.record.uuid;
    leaving[ref.name] = ref.connection;
    credentials[ref.name] = ref.credentials;
  }
  const outputs: Outputs = { uuids, bridges, nonce };
  // Absent values replace what an earlier state said.
  if (Object.keys(leaving).length === 0) return { ...outputs, leaving: undefined };
  return { ...outputs, leaving, credentials: { ...request.inputs.credentials, ...credentials } };
}
