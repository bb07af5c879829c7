import { oneLine } from "../../hosts/errors.js";
import type { Host } from "../../hosts/host.js";
import { LibvirtError } from "../../libvirt/index.js";
import { patchNetwork } from "../../libvirt/xml/index.js";
import type { ApplyContext } from "../definition.js";
import { attachedTo, namesOf } from "./attached.js";
import type { ObservedNetwork } from "./observed.js";
import { relinkMachines } from "./relink.js";

/**
 * Stops and starts a network, and plugs the machines in again that were agreed on. Others that came meanwhile stop the restart, not their link.
 * A network that doesn't start with its new definition gets back the one that it ran with.
 */
export async function restartNetwork(
  host: Host,
  before: ObservedNetwork,
  agreed: readonly string[],
  context: ApplyContext,
): Promise<void> {
  const { record } = before;
  const { networks, domains } = await host.libvirt();
  const { signal } = context;
  const attached = namesOf(attachedTo(record.name, record, await domains.observeAll({ signal })));
  const surprises = attached.filter((machine) => !agreed.includes(machine));
  if (surprises.length > 0)
    throw new Error(
      `network ${record.name} on ${host.name} isn't restarted: ${surprises.join(", ")} came to it after the preview; run it again`,
    );
  await networks.stop(record.uuid, { signal });
  const failure = await networks.start(record.uuid, { signal }).catch((error: unknown) => {
    if (error instanceof LibvirtError && error.kind !== "connectionLost") return error;
    throw error;
  });
  if (failure !== undefined) {
    await networks.define(patchNetwork(record.xml, before.live ?? before.model));
    await networks.start(record.uuid);
  }
  await relinkMachines(host, record.name, context);
  if (failure !== undefined)
    throw new Error(
      `network ${record.name} on ${host.name} can't start as declared, and runs as before: ${oneLine(failure)}`,
      { cause: failure },
    );
}
