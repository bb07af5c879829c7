import type { z } from "zod";
import { common, libvirtName, onHost } from "../inputs.js";
import { type Lookup, notThere } from "../lookup.js";
import { refOf } from "./observe.js";
import { type SourceNames, toDomainOn } from "./observed-domain.js";
import { type DomainOutputs, domainOutputs, OPTIONAL_OUTPUTS } from "./outputs.js";

const shape = { ...common, ...onHost, name: libvirtName({ mostBytes: 180 }) };
type Inputs = z.output<z.ZodObject<typeof shape>>;
type Found = DomainOutputs & {
  cpus: number;
  /** In bytes. */
  memory: number;
};

/** Nothing that is told of a disk here depends on what it is called by. */
const NO_NAMES: SourceNames = { pools: [], declaredDisks: [], lostDisks: [], declaredPaths: new Set() };

export const lookup: Lookup<Inputs, Found> = {
  shape,
  optional: OPTIONAL_OUTPUTS,
  read: async (inputs, { hosts, fresh }) => {
    const { name } = inputs;
    const ref = refOf(inputs);
    const { observations } = hosts.get(ref);
    if (fresh) await observations.refreshDomain({ name });
    const records = await observations.domains();
    const record = records.find((other) => other.name === name);
    if (record === undefined)
      throw notThere(
        { singular: "virtual machine", name, where: `on ${ref.name}` },
        records.map((other) => other.name),
      );
    const domain = toDomainOn(await observations.facts(), NO_NAMES, [])(record, undefined);
    const model = domain.persistent ?? domain.live;
    return {
      ...(await domainOutputs(hosts, ref, domain)),
      cpus: model?.cpus ?? 0,
      memory: model?.memoryBytes ?? 0,
    };
  },
};
