import type { DomainRecord, NetworkRecord } from "../../libvirt/index.js";
import { readOwnerMark } from "../../libvirt/xml/index.js";
import { type Identity, sameIdentity } from "../../planning/owner.js";
import type { Step } from "../../planning/step.js";
import type { ObserveContext } from "../definition.js";
import type { Keeper, RemovalObstacle } from "../removal-obstacle.js";
import { attachedTo } from "./attached.js";
import type { ObservedNetworks } from "./observed.js";
import type { NetworkRequest } from "./request.js";
import type { Inputs, Outputs } from "./schema.js";

/** What removing the network does. Pure. */
export function removal(request: NetworkRequest, observed: ObservedNetworks): Step[] {
  return going(request, observed).map(({ ref }) => ({
    ...{ kind: "releaseNetwork", subject: request.inputs.name, host: ref.name },
    ...{ effect: "none", reason: "no longer declared" },
  }));
}

/** For what removing it is refused. */
export async function obstacles(
  request: NetworkRequest,
  observed: ObservedNetworks,
  { hosts }: ObserveContext,
): Promise<RemovalObstacle[]> {
  const found = going(request, observed).map(async ({ ref, record }) =>
    inUse(ref.name, record, await hosts.get(ref).observations.domains(), WAY_OUT),
  );
  return await Promise.all(found);
}

export const WAY_OUT = ", or set retainOnDelete to leave the network as it is (and deploy that before)";

/** Running VMs that are in the network. */
export function inUse(
  host: string,
  record: NetworkRecord,
  domains: readonly DomainRecord[],
  wayOut: string,
): RemovalObstacle {
  return {
    keepers: attachedTo(record.name, record, domains).map(
      ({ machine: name, uuid }): Keeper => ({
        ...{ kind: "domain", label: name, host, uuid, name, running: true },
      }),
    ),
    refusal: (left) =>
      `network ${record.name} on ${host} isn't removed: ${left.map(({ label }) => label).join(", ")} ${left.length === 1 ? "is" : "are"} running and attached, and would lose the link; stop them or move them to another network first${wayOut}`,
  };
}

function going({ identity, inputs, recorded }: NetworkRequest, { hosts, former }: ObservedNetworks) {
  const outputs = { ...inputs, ...recorded?.outputs } as Outputs & Inputs;
  return [...hosts, ...former].flatMap(({ ref, network }) =>
    network?.ours === true && isOwn(network.record, ref.name, outputs, identity)
      ? [{ ref, record: network.record }]
      : [],
  );
}

/** A network whose mark was lost is still known by its UUID. */
export function isOwn(
  record: NetworkRecord,
  hostName: string,
  outputs: Outputs & Inputs,
  identity: Identity,
): boolean {
  const owner = readOwnerMark(record.xml);
  if (owner === undefined) return outputs.uuids?.[hostName] === record.uuid;
  return outputs.nonce ? owner.nonce === outputs.nonce : sameIdentity(owner, identity);
}
