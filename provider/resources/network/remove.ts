import type { Host } from "../../hosts/host.js";
import { isLibvirtError, type NetworkRecord } from "../../libvirt/index.js";
import type { Identity } from "../../planning/owner.js";
import type { ApplyContext } from "../definition.js";
import { refuseFor } from "../removal-obstacle.js";
import { closeHop } from "./relink.js";
import { inUse, isOwn, WAY_OUT } from "./removal.js";
import { refsOf } from "./request.js";
import type { Inputs, Outputs } from "./schema.js";

/** Removes the networks with our mark from every host; where there is none, nothing is to do. */
export async function remove(
  outputs: Outputs & Inputs,
  identity: Identity,
  context: ApplyContext,
): Promise<void> {
  const { name } = outputs;
  const found: { host: Host; record: NetworkRecord }[] = [];
  // All hosts are asked before the first of them loses its network.
  for (const ref of refsOf({ ...outputs, hosts: { ...outputs.leaving, ...outputs.hosts } })) {
    const host = context.hosts.get(ref);
    await host.observations.refreshNetwork(name);
    const record = (await host.observations.networks()).find((network) => network.name === name);
    if (record === undefined || !isOwn(record, host.name, outputs, identity)) continue;
    await refuseWhileInUse(host, record, WAY_OUT);
    found.push({ host, record });
  }
  for (const { host, record } of found) await removeFrom(host, record, context);
}

/** Stops and undefines a network of ours. What is gone already is success. */
export async function removeFrom(host: Host, record: NetworkRecord, { signal }: ApplyContext): Promise<void> {
  await refuseWhileInUse(host, record);
  const { networks } = await host.libvirt();
  // The definition goes last: a run that is cut off finds it again.
  if (record.active) await unlessGone(networks.stop(record.uuid, { signal }));
  if (record.persistent) await unlessGone(networks.undefine(record.uuid, { signal }));
  await closeHop(host, record.name);
  await host.observations.refreshNetwork(record.name);
}

/** Asked anew: machines may have been started since the deployment began. */
async function refuseWhileInUse(host: Host, record: NetworkRecord, wayOut = ""): Promise<void> {
  const domains = await host.idempotent((libvirt) => libvirt.domains.observeAll());
  refuseFor([inUse(host.name, record, domains, wayOut)]);
}

async function unlessGone(work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!isLibvirtError(error, "networkNotFound") && !isLibvirtError(error, "operationInvalid")) throw error;
  }
}
