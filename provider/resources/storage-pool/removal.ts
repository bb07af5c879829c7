import { readSidecarName } from "../../hosts/volume-mark.js";
import type { Step } from "../../planning/step.js";
import type { ObserveContext } from "../definition.js";
import { kindOf } from "./kinds.js";
import type { ObservedPools, PoolRequest } from "./observe.js";

/** What removing the pool does. Without `forceDestroy` volumes are a refusal, which stands in what Pulumi says of the deletion itself. */
export async function removal(
  { inputs }: PoolRequest,
  { places, former }: ObservedPools,
  { hosts }: ObserveContext,
): Promise<Step[]> {
  const steps = [...places, ...former].map(async ({ ref, mine }): Promise<Step[]> => {
    if (mine === undefined) return [];
    const what = { subject: inputs.name, host: ref.name, effect: "none" as const };
    const isEmptied = inputs.forceDestroy === true && kindOf(mine.type)?.makesVolumes !== false;
    const contents = isEmptied ? await hosts.get(ref).observations.contents(mine.name) : undefined;
    const volumes = (contents?.volumes ?? []).filter(({ name }) => readSidecarName(name) === undefined);
    return [
      ...volumes.map(
        ({ name: volume, capacityBytes: sizeBytes }): Step => ({
          ...{ kind: "deleteVolume", ...what, pool: mine.name, volume, sizeBytes },
        }),
      ),
      { kind: "releasePool", ...what, reason: "no longer declared" },
    ];
  });
  return (await Promise.all(steps)).flat();
}
