import type { z } from "zod";
import type { HostFacts } from "../../../hosts/facts.js";
import type { DomainCapabilities, DomainModel, DomainProperty } from "../../../libvirt/xml/index.js";
import type { CrossCheck } from "../../definition.js";
import type { ChangeRow } from "../change-row.js";
import type { Inputs } from "../schema.js";

/** What a feature's part of the desired domain is made of. */
export interface Desire {
  inputs: Inputs;
  /** The inputs of the last deployment: what was declared then and isn't any more returns to its default. */
  previous: Inputs | undefined;
  /** What is there; undefined for a new domain. What was never declared stays as it is found. */
  existing: DomainModel | undefined;
  facts: HostFacts;
  /** It was there before the program had it: counts and sizes that the program never declared stay, too, instead of following others. */
  found: boolean;
}

/** A host, as far as it decides what its guests may have. */
export interface Provider {
  name: string;
  facts: HostFacts;
  /** Of the guest's machine and accelerator. */
  capabilities: DomainCapabilities;
}

/** Something that a host can't give to a guest: the property that asks for it, and why not, with a way out. */
export interface Obstacle {
  property: DomainProperty;
  message: string;
}

/**
 * Some inputs of a VM, what they make of the domain, and what a change of them does to a running guest. Its inputs' schemas are exported as
 * `shape` beside it, since the type of all inputs is made of them.
 */
export interface MachineFeature {
  shape: z.ZodRawShape;
  crossChecks?: readonly CrossCheck<Inputs>[];
  /** Sets the feature's properties of the model, which starts as a copy of what is there. Pure. */
  desire(model: DomainModel, desire: Desire): void;
  /** What a host lacks for the model. Pure. */
  obstacles?(model: DomainModel, host: Provider): Obstacle[];
  rows: readonly ChangeRow[];
}
