import type { Host } from "../hosts/host.js";
import { modelOf } from "./volume-model.js";

/** Names of a host's volumes, in whatever pool, that are layers over a file. */
export async function layersOver({ observations }: Host, path: string): Promise<string[]> {
  const active = (await observations.pools()).filter((pool) => pool.active);
  const contents = await Promise.all(active.map((pool) => observations.contents(pool.name)));
  return contents
    .flatMap(({ volumes }) => volumes)
    .filter((volume) => modelOf(volume).backing?.path === path)
    .map(({ name }) => name);
}
