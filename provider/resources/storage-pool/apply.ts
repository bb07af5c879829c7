import { oneLine } from "../../hosts/errors.js";
import type { Host } from "../../hosts/host.js";
import { LibvirtError } from "../../libvirt/index.js";
import { buildPool, parsePool, patchPool } from "../../libvirt/xml/index.js";
import type { Step } from "../../planning/step.js";
import type { ApplyContext } from "../definition.js";
import { declaredModel, desiredSource } from "./desired.js";
import { isFolder } from "./folder.js";
import { poolKinds } from "./kinds.js";
import type { ObservedPools, PoolRequest } from "./observe.js";
import { release } from "./remove.js";
import type { Inputs } from "./schema.js";

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
    case "changePool":
    case "startPool":
    case "setPoolAutostart": {
      const place = observed.places.find(({ ref }) => ref.name === step.host);
      if (place === undefined) throw new Error(`host ${step.host} isn't one of this pool's`);
      const host = context.hosts.get(place.ref);
      const uuid = (place.mine ?? place.namesake)?.uuid ?? place.uuid;
      if (step.kind === "definePool") await define(host, uuid, request, context);
      else if (step.kind === "changePool") await change(host, uuid, request, context);
      else if (step.kind === "startPool") await start(host, uuid, request.inputs, context);
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
  await libvirt.pools.define(buildPool({ ...declaredModel(inputs), uuid }));
  if ((await libvirt.pools.observe({ uuid }))?.active !== true) await start(host, uuid, inputs, context);
  await libvirt.pools.setAutostart(uuid, inputs.autostart ?? true);
}

/** It is stopped before it is defined: a run that is cut off in between leaves a pool that is seen not to run. */
async function change(host: Host, uuid: string, request: PoolRequest, context: ApplyContext): Promise<void> {
  const { pools } = await host.libvirt();
  const before = await pools.observe({ uuid });
  if (before === undefined) return;
  if (before.active) await pools.stop(uuid);
  const source = desiredSource(request.inputs, request.previous, parsePool(before.xml).source);
  try {
    await pools.define(patchPool(before.xml, source));
    await start(host, uuid, request.inputs, context);
  } catch (error) {
    if (!(error instanceof LibvirtError) || isAboutTheCall(error)) throw error;
    await pools.define(before.xml);
    if (before.active) await pools.start(uuid);
    throw new Error(
      `storage pool ${request.inputs.name} on ${host.name} can't start as declared, and is as before: ${oneLine(error)}`,
      { cause: error },
    );
  }
}

/**
 * Starts a pool, and makes what it lacks: its folder, which is there to be mounted on; and only when the program says so what its devices are to
 * hold. That it doesn't start without is how libvirt tells.
 */
async function start(host: Host, uuid: string, inputs: Inputs, context: ApplyContext): Promise<void> {
  const { pools } = await host.libvirt();
  const { signal } = context;
  const { holdsFiles, builds } = poolKinds[inputs.type];
  const attempt = () =>
    pools.start(uuid, { signal }).then(
      () => undefined,
      (error: unknown) => {
        if (error instanceof LibvirtError && !isAboutTheCall(error)) return error;
        throw error;
      },
    );
  let failure = await attempt();
  if (failure !== undefined && holdsFiles) {
    // Of a mounted pool a folder that was there before can't be told from one that was made, but by looking.
    const wasThere = inputs.type === "dir" ? false : await isFolder(host, inputs.path);
    await pools.build(uuid, { signal });
    if (!wasThere) context.note({ [madeFolderNote(host.name)]: true });
    failure = await attempt();
  }
  if (failure !== undefined && inputs.build === true) {
    await pools.build(uuid, { signal, ...(inputs.type === "zfs" ? {} : { format: "noOverwrite" }) });
    failure = await attempt();
  }
  if (failure === undefined) return;
  if (builds === undefined || inputs.build === true) throw failure;
  throw new Error(
    `${oneLine(failure)}; if its devices are blank and ${builds} is to be made on them, set build: true`,
    { cause: failure },
  );
}

function isAboutTheCall({ kind }: LibvirtError): boolean {
  return kind === "connectionLost" || kind === "timeout" || kind === "aborted" || kind === "accessDenied";
}
