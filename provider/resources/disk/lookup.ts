import type { z } from "zod";
import type { VolumeRecord } from "../../libvirt/index.js";
import type { ObserveContext } from "../definition.js";
import { common, libvirtName, onHost } from "../inputs.js";
import { type Lookup, notThere } from "../lookup.js";
import { modelOf } from "../volume-model.js";
import { refOf } from "./place.js";
import type { Outputs } from "./schema.js";

const shape = { ...common, ...onHost, pool: libvirtName(), name: libvirtName({ mostBytes: 255 }) };
type Inputs = z.output<z.ZodObject<typeof shape>>;
type Found = Pick<Outputs, "path" | "key" | "sizeBytes" | "allocationBytes"> & { format: string };

export const lookup: Lookup<Inputs, Found> = {
  shape,
  restless: ["allocationBytes"],
  read: async (inputs, context) => {
    const record = await volumeThere(inputs, context);
    return {
      path: record.path,
      key: record.key,
      sizeBytes: record.capacityBytes,
      allocationBytes: record.allocationBytes,
      format: modelOf(record).format ?? "raw",
    };
  },
};

async function volumeThere(inputs: Inputs, { hosts, fresh }: ObserveContext): Promise<VolumeRecord> {
  const { pool, name } = inputs;
  const ref = refOf(inputs);
  const { observations } = hosts.get(ref);
  if (fresh) await observations.refreshPool(pool);
  const pools = await observations.pools();
  const record = pools.find((other) => other.name === pool);
  if (record === undefined)
    throw notThere(
      { singular: "storage pool", name: pool, where: `on ${ref.name}` },
      pools.map((other) => other.name),
    );
  if (!record.active)
    throw new Error(
      `pool ${pool} on ${ref.name} is stopped, so that what is in it can't be read; start it with virsh pool-start`,
    );
  if (fresh) await observations.refreshVolume(pool, name);
  const { volumes } = await observations.contents(pool);
  const volume = volumes.find((other) => other.name === name);
  if (volume !== undefined) return volume;
  throw notThere(
    { singular: "volume", name, where: `in pool ${pool} on ${ref.name}` },
    volumes.map((other) => other.name),
  );
}
