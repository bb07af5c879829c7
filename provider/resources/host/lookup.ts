import type { HostFacts } from "../../hosts/facts.js";
import type { Lookup } from "../lookup.js";
import { type Inputs, type Outputs, shape } from "./schema.js";

export const lookup: Lookup<Inputs, Outputs> = {
  shape,
  read: async ({ name, connection, credentials }, { hosts, byProgram }) => {
    const ref = { name, connection, credentials: credentials ?? {} };
    hosts.declare(ref, { byProgram });
    return hostOutputs(await hosts.get(ref).observations.facts());
  },
};

export function hostOutputs(facts: HostFacts): Outputs {
  return {
    uuid: facts.uuid,
    hostname: facts.hostname,
    cpuModel: facts.cpuModel,
    cpus: facts.cpus,
    memoryBytes: facts.memoryBytes,
    libvirtVersion: facts.libvirtVersion,
    qemuVersion: facts.qemuVersion,
    machineTypes: facts.machineTypes,
    kvm: facts.kvm,
  };
}
