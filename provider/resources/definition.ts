import type { z } from "zod";
import type { Hosts } from "../hosts/hosts.js";
import type { Circumstance } from "../planning/circumstance.js";
import { type Identity, identityOfUrn } from "../planning/owner.js";
import type { Plan } from "../planning/plan.js";
import type { Step } from "../planning/step.js";
import type { Holding } from "./holding.js";
import type { Lookup } from "./lookup.js";
import type { RemovalObstacle } from "./removal-obstacle.js";

/** What a program wants, and what is on record about it. */
export interface Request<Inputs, Outputs> {
  identity: Identity;
  /** Canonical. */
  inputs: Inputs;
  /** The inputs of the last deployment; absent for a new resource. */
  previous?: Inputs | undefined;
  /** Of a check: the resource on record is deleted first, and this is what comes in its place. */
  replaces?: boolean | undefined;
  /** Of such a check: the URN of the one that goes, which has another where the program calls it otherwise now. */
  formerUrn?: string | undefined;
  /** What the state says; absent in a check, which Pulumi tells no more than the old inputs. */
  recorded?: { id: string; outputs: Outputs } | undefined;
  /** What applying has noted for the outputs until now, over what the state says; absent where nothing is applied. */
  noted?: Partial<Outputs> | undefined;
  /** Chance, drawn beforehand so that planning stays pure: what a new object of this operation is to be called by. Absent where nothing is applied. */
  chosen?: { uuid: string; nonce: string } | undefined;
}

/** Whom the marks of a resource name: today's identity first, and that of the last deployment, which is another after a rename. */
export function identitiesOf({
  identity,
  previous,
  formerUrn,
}: Pick<Request<{ pulumiUrn: string }, unknown>, "identity" | "previous" | "formerUrn">): Identity[] {
  const urn = previous?.pulumiUrn ?? formerUrn;
  const before = urn === undefined ? undefined : identityOfUrn(urn);
  return before === undefined ? [identity] : [identity, before];
}

/** Where observing reads. */
export interface ObserveContext {
  hosts: Hosts;
  /** Read what this resource is made of again, instead of what was read earlier in the deployment. */
  fresh: boolean;
}

/** What applying needs besides the plan; time and chance come in from outside. */
export interface ApplyContext {
  hosts: Hosts;
  log: { info(message: string): void; warning(message: string): void; progress(message: string): void };
  /** Aborted when the engine is gone or the operation's timeout is over. */
  signal: AbortSignal;
  now(): number;
  /** Puts values beside the observed ones into the outputs, such as the figures of a migration. */
  note(outputs: Record<string, unknown>): void;
  /** Names this process in leases. */
  run: { id: string; holder: string };
}

/**
 * Problems between inputs that are fine one by one. A check that reads an input which is wrong, or not known yet, counts for nothing, so what
 * concerns other inputs is another check. Messages hold no secrets.
 */
export type CrossCheck<Inputs> = (inputs: Inputs) => { path: string; message: string }[];

/**
 * A kind of resource: how it is observed, planned and applied. The engine's part is generic: validating, unknown values, unreachable hosts,
 * partial failures, repeating until nothing is left to do.
 */
export interface ResourceDefinition<Inputs extends object, Observed, Outputs extends object> {
  kind: string;
  /** One schema an input; anything else is refused. */
  shape: z.ZodRawShape;
  crossChecks: readonly CrossCheck<Inputs>[];
  /** What no other resource of the program can have as well. Of inputs that are right, some of which may not be known yet. Pure. */
  holds?(inputs: Partial<Inputs>): Holding[];
  /**
   * Inputs that programs don't give: a check finds them out, so that dependents know them in a preview already. Absent while they aren't known.
   * A change of one is none of the program's.
   */
  computed?: {
    keys: readonly (keyof Inputs & string)[];
    /** Pure. */
    of(request: Request<Inputs, Outputs>, observed: Observed): Partial<Inputs>;
  };
  /** What it stands for is there whether or not it is declared: creating it makes nothing. */
  existsAnyway?: true;
  /** Begins what other resources' checks are going to wait for, of what the SDK gives for this alone; nobody waits for it here. */
  beginAhead?(given: Readonly<Record<string, unknown>>, hosts: Hosts): void;
  /** Throws HostUnreachable when a host that must be asked doesn't answer. */
  observe(request: Request<Inputs, Outputs>, context: ObserveContext): Promise<Observed>;
  /** Pure. */
  plan(request: Request<Inputs, Outputs>, observed: Observed): Plan;
  /** What a preview says in full beside the plan's lines, such as the changes of a document. Pure; holds no secrets. */
  explain?(request: Request<Inputs, Outputs>, observed: Observed, plan: Plan): string[];
  /** What is worth knowing of it beside the plan, such as what waits for a restart. Pure. */
  circumstances?(observed: Observed): Circumstance[];
  /**
   * Keeps other processes from working on the same object; called before the first step that does something. What it returns gives it
   * back, told of what was last observed. Undefined when it can't be held yet: asked again once the first steps are done.
   */
  hold?(
    request: Request<Inputs, Outputs>,
    observed: Observed,
    context: ApplyContext,
  ): Promise<((last: Observed) => Promise<void>) | undefined>;
  apply(
    step: Step,
    request: Request<Inputs, Outputs>,
    observed: Observed,
    context: ApplyContext,
  ): Promise<void>;
  /** The resource's id when something of it exists on a host. */
  idOf(request: Request<Inputs, Outputs>, observed: Observed): string | undefined;
  outputs(
    request: Request<Inputs, Outputs>,
    observed: Observed,
    carried: Partial<Outputs>,
    context: ObserveContext,
  ): Promise<Outputs> | Outputs;
  /** Of which there may be none at the moment. */
  optionalOutputs?: readonly (keyof Outputs & string)[];
  /** How one that isn't managed here is read; absent where there is no such thing. */
  // biome-ignore lint/suspicious/noExplicitAny: what it takes and gives is its own; the engine only passes its values on
  lookup?: Lookup<any, any>;
  /**
   * What removing it does, for reviews: Pulumi previews a deletion without asking the provider. `previous` and `recorded` of the request are what
   * the state says. Changes nothing; absent where nothing on a host goes.
   */
  removal?(
    request: Request<Inputs, Outputs>,
    observed: Observed,
    context: ObserveContext,
  ): Promise<Step[]> | Step[];
  /** For what `remove` would be refused now, beside `removal`. Changes nothing; what it can't know is no obstacle. */
  obstacles?(
    request: Request<Inputs, Outputs>,
    observed: Observed,
    context: ObserveContext,
  ): Promise<RemovalObstacle[]>;
  /** Removes what the resource made; what is gone already is success. */
  remove(id: string, outputs: Outputs, identity: Identity, context: ApplyContext): Promise<void>;
}

// biome-ignore lint/suspicious/noExplicitAny: there are definitions of many types; each method only passes values back to its own definition
export type AnyDefinition = ResourceDefinition<any, any, any>;
