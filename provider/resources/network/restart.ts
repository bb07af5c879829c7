import type { Host } from "../../hosts/host.js";
import type { NetworkRecord } from "../../libvirt/index.js";
import type { ApplyContext } from "../definition.js";
import { attachedTo, namesOf } from "./attached.js";
import { relinkMachines } from "./relink.js";

/** Stops and starts a network, and plugs the machines in again that were agreed on. Others that came meanwhile stop the restart, not their link. */
export async function restartNetwork(
  host: Host,
  record: NetworkRecord,
  agreed: readonly string[],
  context: ApplyContext,
): Promise<void> {
  const { networks, domains } = await host.libvirt();
  const { signal } = context;
  const attached = namesOf(attachedTo(record.name, record, await domains.observeAll({ signal })));
  const surprises = attached.filter((machine) => !agreed.includes(machine));
  if (surprises.length > 0)
    throw new Error(
      `network ${record.name} on ${host.name} isn't restarted: ${surprises.join(", ")} came to it after the preview; run it again`,
    );
  await networks.stop(record.uuid, { signal });
  await networks.start(record.uuid, { signal });
  await relinkMachines(host, record.name, context);
}
