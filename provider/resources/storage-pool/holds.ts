import { type Holding, nameHeld } from "../holding.js";
import { poolKinds } from "./kinds.js";
import { refsOf } from "./observe.js";
import type { Inputs } from "./schema.js";

/** Names and folders of which a host has one. */
export function holds({ hosts, credentials, name, type, path }: Partial<Inputs>): Holding[] {
  if (hosts === undefined) return [];
  const holdsFiles = type !== undefined && poolKinds[type].holdsFiles;
  return refsOf({ hosts, credentials }).flatMap((host): Holding[] => [
    ...(name === undefined
      ? []
      : [nameHeld(host, "storage pool", name, "give each pool of a host a name of its own")]),
    ...(!holdsFiles || path === undefined
      ? []
      : [
          {
            ...{ host, what: `folder ${path}`, path: "path" },
            says: (other: string) =>
              `${path} is the folder of ${other} on ${host.name} as well: two pools over one folder lose track of its volumes; use that pool, or give another path`,
          },
        ]),
  ]);
}
