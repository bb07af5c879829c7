import type { Deployment } from "../../provider/engine/deployment.js";
import { foresee } from "../../provider/engine/inspection.js";
import type { HostRef } from "../../provider/hosts/host-ref.js";
import { definitions } from "../../provider/resources/index.js";
import type { Bag } from "./bag.js";
import { plainName } from "./program/names.js";
import type { ImportedKind } from "./resource.js";
import { type Trimmed, trim } from "./trim.js";

/** An object as a resource of the program declares it. */
export interface Takeover {
  kind: ImportedKind;
  libvirtName: string;
  /** Several for a pool or a network. */
  on: readonly HostRef[];
  project: string;
}

/** With which inputs it can be taken over without changing it, of which those of `needed` have to be said. */
export async function takeOver(
  { kind, libvirtName, on, project }: Takeover,
  deployment: Deployment,
  needed: Bag,
  optional: Bag,
): Promise<Trimmed> {
  const definition = definitions[kind];
  if (definition === undefined) throw new Error(`there is no resource ${kind}`);
  const byName = <Value>(pick: (ref: HostRef) => Value) =>
    Object.fromEntries(on.map((ref) => [ref.name, pick(ref)]));
  const place =
    kind === "VirtualMachine" || kind === "Disk"
      ? { host: on[0]?.name, connection: on[0]?.connection, credentials: on[0]?.credentials }
      : {
          hosts: byName(({ connection }) => connection),
          credentials: byName(({ credentials }) => credentials),
        };
  const common = {
    pulumiUrn: `urn:pulumi:import::${project}::pulumi-nodejs:dynamic/kvm:${kind}::${plainName(kind, libvirtName)}`,
    ...place,
    name: libvirtName,
    adopt: true,
  };
  const trimmed = await trim(
    (inputs) => foresee(definition, deployment, inputs),
    { ...common, ...needed },
    optional,
  );
  if (trimmed.kind === "unreachable") throw new Unreachable(trimmed.why);
  if (trimmed.kind === "left") return trimmed;
  const given = Object.entries(trimmed.inputs).filter(([key]) => !Object.hasOwn(common, key));
  return { ...trimmed, inputs: Object.fromEntries(given) };
}

class Unreachable extends Error {
  override readonly name = "Unreachable";
}

/** A host that stops answering half-way makes half a program: that is none. */
export function isUnreachable(error: unknown): boolean {
  return error instanceof Unreachable;
}
