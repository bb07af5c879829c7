import type { z } from "zod";
import { common, libvirtName, onHosts } from "../inputs.js";
import { type Lookup, notThere } from "../lookup.js";
import { refsOf, toPool } from "./observe.js";
import type { Outputs } from "./schema.js";

const shape = { ...common, ...onHosts, name: libvirtName() };
type Inputs = z.output<z.ZodObject<typeof shape>>;
type Found = Pick<Outputs, "uuids" | "capacityBytes" | "availableBytes"> & {
  type: string;
  /** Absent where the hosts have it at different places, or nowhere. */
  path?: string | undefined;
  /** On all of them. */
  autostart: boolean;
};

export const lookup: Lookup<Inputs, Found> = {
  shape,
  restless: ["availableBytes"],
  read: async (inputs, { hosts, fresh }) => {
    const { name } = inputs;
    const pools = await Promise.all(
      refsOf(inputs).map(async (ref) => {
        const { observations } = hosts.get(ref);
        if (fresh) await observations.refreshPool(name);
        const records = await observations.pools();
        const record = records.find((other) => other.name === name);
        if (record === undefined)
          throw notThere(
            { singular: "storage pool", name, where: `on ${ref.name}` },
            records.map((other) => other.name),
          );
        return { host: ref.name, pool: toPool(record) };
      }),
    );
    const byHost = (value: (pool: (typeof pools)[number]["pool"]) => number) =>
      Object.fromEntries(pools.map(({ host, pool }) => [host, value(pool)]));
    const types = [...new Set(pools.map(({ pool }) => pool.type))];
    const paths = [...new Set(pools.map(({ pool }) => pool.path))];
    if (types.length > 1)
      throw new Error(`pool ${name} isn't the same on all hosts: its types are ${types.sort().join(", ")}`);
    return {
      uuids: Object.fromEntries(pools.map(({ host, pool }) => [host, pool.uuid])),
      capacityBytes: byHost((pool) => pool.capacityBytes),
      availableBytes: byHost((pool) => pool.availableBytes),
      type: types[0] ?? "",
      path: paths.length === 1 ? paths[0] : undefined,
      autostart: pools.every(({ pool }) => pool.autostart),
    };
  },
};
