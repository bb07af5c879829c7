import type { Host } from "../hosts/host.js";
import type { Keeper } from "./removal-obstacle.js";
import { modelOf } from "./volume-model.js";

/** Names of a host's volumes, in whatever pool, that are layers over a file. */
export async function layersOver(host: Host, path: string): Promise<string[]> {
  return (await layerKeepers(host, path)).map(({ label }) => label);
}

/** The same, with whose they are. */
export async function layerKeepers({ name: host, observations }: Host, path: string): Promise<Keeper[]> {
  const active = (await observations.pools()).filter((pool) => pool.active);
  const layers = active.map(async ({ name: pool }) => {
    const { volumes, marks, notes } = await observations.contents(pool);
    const all = [...marks, ...notes.unfinished, ...notes.leaving];
    return volumes
      .filter((volume) => modelOf(volume).backing?.path === path)
      .map(
        (volume): Keeper => ({
          ...{ kind: "volume", label: volume.name, host, pool, volume: volume.name, path: volume.path },
          marks: all.filter((mark) => mark.volume === volume.name),
        }),
      );
  });
  return (await Promise.all(layers)).flat();
}
