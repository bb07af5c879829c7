import { oneLine } from "../hosts/errors.js";
import { isLibvirtError } from "../libvirt/index.js";
import { describePlan, emptyPlan, type Plan, type Refusal } from "../planning/plan.js";
import { describeStep, needsAnotherLook, type Step, unannounced } from "../planning/step.js";
import type { AnyDefinition, Request } from "../resources/definition.js";
import type { Deployment } from "./deployment.js";
import { PartialFailure, UserError } from "./errors.js";
import { type Json, type JsonObject, toJson, toOutputs } from "./json.js";
import { applyContext, asUserError } from "./operation.js";
import { secrecyOf } from "./secrecy.js";
import { labelOf } from "./subject.js";

type Bag = Record<string, unknown>;

/** Steps are repeated until none is left; more rounds than this mean that something undoes them. */
const MOST_ROUNDS = 5;

type Operation = "create" | "update";

interface Reached {
  readonly id: string;
  readonly outputs: JsonObject;
}

/** Observe, plan, apply, until a plan is empty. What was reached before a failure is recorded. */
export function reconcile(
  definition: AnyDefinition,
  deployment: Deployment,
  request: Request<Bag, Bag>,
  news: Bag,
  operation: Operation,
): Promise<Reached> {
  return new Reconciliation(definition, deployment, request, news, operation).run();
}

class Reconciliation {
  readonly #definition: AnyDefinition;
  readonly #deployment: Deployment;
  readonly #request: Request<Bag, Bag>;
  readonly #news: Bag;
  readonly #operation: Operation;
  readonly #label: string;
  readonly #context: ReturnType<typeof applyContext>;
  readonly #secrecy: ReturnType<typeof secrecyOf>;
  /** What applying notes for the outputs, such as a migration's figures, beside what observing finds. */
  readonly #noted: Bag;
  #observed: unknown;
  /** The last step that was begun. */
  #begun: Step | undefined;
  /** Something was to be changed: from then on it is held to the end, also to give back what a run that was cut off has held. */
  #isToBeHeld = false;
  #giveBack: ((last: unknown) => Promise<void>) | undefined;

  constructor(
    definition: AnyDefinition,
    deployment: Deployment,
    request: Request<Bag, Bag>,
    news: Bag,
    operation: Operation,
  ) {
    this.#definition = definition;
    this.#deployment = deployment;
    this.#noted = { ...(request.recorded?.outputs ?? {}) };
    this.#request = { ...request, noted: this.#noted };
    this.#news = news;
    this.#operation = operation;
    this.#label = labelOf(definition, request.inputs);
    this.#context = {
      ...applyContext(definition, deployment, request.inputs, operation),
      note: (outputs) => Object.assign(this.#noted, outputs),
    };
    this.#secrecy = secrecyOf(request.inputs, request.previous);
  }

  async run(): Promise<Reached> {
    try {
      await this.#observe();
      this.#sayWhenItGoesOn();
      await this.#repeatUntilNothingIsLeft();
      const id = this.#id();
      if (id === undefined) throw new UserError("was applied, but isn't on the host");
      const outputs = await this.#outputs(this.#request.inputs);
      this.#context.log.done();
      return { id, outputs };
    } catch (error) {
      this.#context.log.failed();
      throw await this.#failureOf(error);
    } finally {
      await this.#giveBack?.(this.#observed).catch((error: unknown) =>
        this.#context.log.warning(oneLine(error)),
      );
    }
  }

  async #observe(): Promise<void> {
    this.#observed = await this.#definition.observe(this.#request, this.#freshly());
  }

  #freshly() {
    return { hosts: this.#deployment.hosts, fresh: true };
  }

  #plan(): Plan {
    return this.#secrecy.plan(this.#definition.plan(this.#request, this.#observed));
  }

  #id(): string | undefined {
    return this.#definition.idOf(this.#request, this.#observed);
  }

  async #outputs(inputs: Bag): Promise<JsonObject> {
    const found = await this.#definition.outputs(this.#request, this.#observed, this.#noted, this.#freshly());
    return {
      ...toJson(inputs),
      ...toOutputs(found, this.#definition.optionalOutputs),
      effects: (this.#news.effects ?? []) as Json,
    };
  }

  #sayWhenItGoesOn(): void {
    if (this.#operation !== "create" || this.#request.inputs.adopt === true) return;
    if (this.#definition.existsAnyway === true || this.#id() === undefined) return;
    this.#context.log.info(
      'goes on with what it made before, as it is; after a run that was cut off "pulumi refresh --clear-pending-creates --yes" ends the CLI\'s own warning of that',
    );
  }

  async #repeatUntilNothingIsLeft(): Promise<void> {
    for (let round = 0; ; round++) {
      const plan = await this.#planWhileHeld();
      refuseIfNecessary(plan, this.#news, this.#label);
      if (plan.steps.length === 0) return;
      if (round === MOST_ROUNDS)
        throw new UserError(
          `is still not as declared after ${MOST_ROUNDS} rounds; left to do: ${describePlan(plan).join("; ")}`,
        );
      await this.#apply(plan.steps);
      await this.#observe();
      if (!changesSomething(plan)) return; // the record is made by returning
    }
  }

  /** Where the resource can be held: in the middle of a migration, for one, a VM can't. */
  async #planWhileHeld(): Promise<Plan> {
    const plan = this.#plan();
    this.#isToBeHeld ||= changesSomething(plan);
    if (!this.#isToBeHeld || this.#giveBack !== undefined) return plan;
    this.#giveBack = await this.#definition.hold?.(this.#request, this.#observed, this.#context);
    if (this.#giveBack === undefined) return plan;
    await this.#observe(); // whoever held it before may have done the work
    return this.#plan();
  }

  async #apply(steps: readonly Step[]): Promise<void> {
    for (const [i, step] of steps.entries()) {
      this.#context.signal.throwIfAborted();
      if (step.kind !== "record") {
        this.#begun = step;
        this.#context.log.progress(describeStep(step).join("; "));
      }
      await this.#definition.apply(step, this.#request, this.#observed, this.#context);
      if (needsAnotherLook(step, steps[i + 1])) return;
    }
  }

  /** What is there after a failure stands in the state, so that the next run goes on with it. */
  async #failureOf(error: unknown): Promise<UserError | PartialFailure> {
    const failure = asUserError(error, this.#label, this.#begun);
    await this.#observe().catch(() => undefined);
    if (this.#observed === undefined) return failure;
    const told = this.#takenMeanwhile(error) ?? failure;
    const id = this.#id();
    if (id === undefined || !this.#mayRecord()) return told;
    // Old inputs stay on record, so that the next run knows what was declared before the change that failed.
    const outputs = await this.#outputs(this.#request.previous ?? this.#request.inputs);
    return new PartialFailure(id, { ...outputs, __provider: this.#news.__provider as string }, told);
  }

  /** Somebody was quicker: what has the name by now is told as it would have been a moment later. */
  #takenMeanwhile(error: unknown): UserError | undefined {
    const { refusals } = isLibvirtError(error, "alreadyExists") ? this.#plan() : emptyPlan();
    return refusals.length > 0 ? asUserError(refusedBy(refusals), this.#label) : undefined;
  }

  /** An object that a create found isn't recorded as ours when it was refused, or not taken over yet. */
  #mayRecord(): boolean {
    if (this.#operation !== "create") return true;
    const { refusals, steps } = this.#definition.plan(this.#request, this.#observed);
    return (
      refusals.every(({ kind }) => kind !== "foreignObject" && kind !== "madeOtherwise") &&
      steps.every((step) => step.kind !== "adopt")
    );
  }
}

function changesSomething(plan: Plan): boolean {
  return plan.steps.some((step) => step.kind !== "record");
}

function refusedBy(refusals: readonly Refusal[]): UserError {
  return new UserError(refusals.map(({ message }) => message).join("; "));
}

/** What happens to a guest must have stood in the preview: a host that changed in between stops the step, not the guest. */
function refuseIfNecessary(plan: Plan, news: Bag, label: string): void {
  if (plan.refusals.length > 0) throw refusedBy(plan.refusals);
  const announced = Array.isArray(news.effects) ? (news.effects as unknown[]).map(String) : [];
  const surprises = plan.steps.flatMap((step) => unannounced(step, announced));
  if (surprises.length > 0)
    throw new UserError(
      `${label}: not done, because the preview did not say it and it isn't harmless: ${surprises.join("; ")}. The host changed in between, or could not be asked; run the preview again`,
    );
}
