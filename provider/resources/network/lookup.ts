import type { z } from "zod";
import { parseNetwork } from "../../libvirt/xml/index.js";
import { common, libvirtName, onHosts } from "../inputs.js";
import { type Lookup, notThere } from "../lookup.js";
import { refsOf } from "./request.js";
import type { Outputs } from "./schema.js";

const shape = { ...common, ...onHosts, name: libvirtName() };
type Inputs = z.output<z.ZodObject<typeof shape>>;
type Found = Pick<Outputs, "uuids" | "bridges"> & { mode: string };

export const lookup: Lookup<Inputs, Found> = {
  shape,
  read: async (inputs, { hosts, fresh }) => {
    const { name } = inputs;
    const found: Found = { uuids: {}, bridges: {}, mode: "" };
    for (const ref of refsOf(inputs)) {
      const { observations } = hosts.get(ref);
      if (fresh) await observations.refreshNetwork(name);
      const records = await observations.networks();
      const record = records.find((other) => other.name === name);
      if (record === undefined)
        throw notThere(
          { singular: "network", name, where: `on ${ref.name}` },
          records.map((other) => other.name),
        );
      const { mode, bridge } = parseNetwork(record.liveXml ?? record.xml);
      if (found.mode !== "" && found.mode !== mode)
        throw new Error(`network ${name} has mode ${mode} on ${ref.name}, and ${found.mode} on another host`);
      found.mode = mode;
      found.uuids[ref.name] = record.uuid;
      const inUse = record.bridgeName ?? bridge;
      if (inUse !== undefined) found.bridges[ref.name] = inUse;
    }
    return found;
  },
};
