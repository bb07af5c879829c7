import type { Host } from "../../hosts/host.js";
import { LibvirtError } from "../../libvirt/index.js";
import { buildPool } from "../../libvirt/xml/index.js";
import type { Step } from "../../planning/step.js";
import type { ApplyContext } from "../definition.js";
import type { ObservedPools, PoolRequest } from "./observe.js";
import { release } from "./remove.js";

/** The note under which applying hands on that a folder was made, one for each host: a note replaces its namesake. */
export const madeFolderNote = (host: string) => `madeFolder on ${host}`;

export async function apply(
  step: Step,
  request: PoolRequest,
  observed: ObservedPools,
  context: ApplyContext,
): Promise<void> {
  switch (step.kind) {
    case "record":
    case "adopt":
      return;
    case "definePool":
    case "startPool":
    case "setPoolAutostart": {
      const place = observed.places.find(({ ref }) => ref.name === step.host);
      if (place === undefined) throw new Error(`host ${step.host} isn't one of this pool's`);
      const host = context.hosts.get(place.ref);
      const uuid = (place.mine ?? place.namesake)?.uuid ?? place.uuid;
      if (step.kind === "definePool") await define(host, uuid, request, context);
      else if (step.kind === "startPool") await start(host, uuid, context);
      else await (await host.libvirt()).pools.setAutostart(uuid, step.to);
      // Whoever looked into it while it was stopped saw nothing.
      host.observations.dropContents(request.inputs.name);
      await host.observations.refreshPool(request.inputs.name);
      return;
    }
    case "releasePool": {
      const former = observed.former.find(({ ref }) => ref.name === step.host);
      if (former === undefined) return;
      const madeFolder = request.recorded?.outputs.madeFolder?.[step.host] === true;
      await release(context.hosts.get(former.ref), former.mine, { madeFolder, volumes: "stay" }, context);
      return;
    }
    default:
      throw new Error(`a storage pool's plan has a step of another resource: ${step.kind}`);
  }
}

/** The definition first: its UUID says whose it is, so that a run that is cut off after it is continued. */
async function define(
  host: Host,
  uuid: string,
  { inputs }: PoolRequest,
  context: ApplyContext,
): Promise<void> {
  const libvirt = await host.libvirt();
  await libvirt.pools.define(buildPool({ name: inputs.name, uuid, type: "dir", path: inputs.path }));
  if ((await libvirt.pools.observe({ uuid }))?.active !== true) await start(host, uuid, context);
  await libvirt.pools.setAutostart(uuid, inputs.autostart);
}

/** Makes the folder only when the pool doesn't start without: that is how libvirt tells that it wasn't there. */
async function start(host: Host, uuid: string, context: ApplyContext): Promise<void> {
  const libvirt = await host.libvirt();
  const { signal } = context;
  try {
    await libvirt.pools.start(uuid, { signal });
  } catch (error) {
    if (!(error instanceof LibvirtError) || isAboutTheCall(error)) throw error;
    await libvirt.pools.build(uuid, { signal });
    await libvirt.pools.start(uuid, { signal });
    context.note({ [madeFolderNote(host.name)]: true });
  }
}

function isAboutTheCall({ kind }: LibvirtError): boolean {
  return kind === "connectionLost" || kind === "timeout" || kind === "aborted" || kind === "accessDenied";
}
