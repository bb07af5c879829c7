import { oneLine } from "../hosts/errors.js";
import { isLibvirtError } from "../libvirt/index.js";
import { describePlan, emptyPlan, type Plan, type Refusal } from "../planning/plan.js";
import { describeStep, mustBeAnnounced, needsAnotherLook, type Step } from "../planning/step.js";
import type { Request } from "../resources/definition.js";
import type { AnyDefinition, Deployment } from "./deployment.js";
import { PartialFailure, UserError } from "./errors.js";
import { type Json, type JsonObject, toJson, toOutputs } from "./json.js";
import { applyContext, asUserError } from "./operation.js";
import { secrecyOf } from "./secrecy.js";
import { labelOf } from "./subject.js";

type Bag = Record<string, unknown>;

/** Steps are repeated until none is left; more rounds than this mean that something undoes them. */
const MOST_ROUNDS = 5;

/** Observe, plan, apply, until a plan is empty. What was reached before a failure is recorded. */
export async function reconcile(
  definition: AnyDefinition,
  deployment: Deployment,
  request: Request<Bag, Bag>,
  news: Bag,
  operation: "create" | "update",
): Promise<{ id: string; outputs: JsonObject }> {
  const context = applyContext(definition, deployment, request.inputs, operation);
  const observe = () => definition.observe(request, { hosts: deployment.hosts, fresh: true });
  // What applying notes for the outputs, such as a migration's figures, beside what observing finds.
  const carried: Bag = { ...(request.recorded?.outputs ?? {}) };
  const noted = { ...request, noted: carried };
  const noting = { ...context, note: (outputs: Bag) => Object.assign(carried, outputs) };
  const result = async (observed: unknown, inputs: Bag) => {
    const seen = { hosts: deployment.hosts, fresh: true };
    const outputs = await definition.outputs(request, observed, carried, seen);
    return {
      ...toJson(inputs),
      ...toOutputs(outputs, definition.optionalOutputs),
      effects: (news.effects ?? []) as Json,
    };
  };
  const secrecy = secrecyOf(request.inputs, request.previous);
  const planned = () => secrecy.plan(definition.plan(noted, observed));
  let observed: unknown;
  let giveBack: ((last: unknown) => Promise<void>) | undefined;
  let holding = false;
  /** The last step that was begun. */
  let begun: Step | undefined;
  try {
    observed = await observe();
    const makes = operation === "create" && request.inputs.adopt !== true && definition.existsAnyway !== true;
    if (makes && definition.idOf(request, observed) !== undefined)
      context.log.info(
        'goes on with what it made before, as it is; after a run that was cut off "pulumi refresh --clear-pending-creates --yes" ends the CLI\'s own warning of that',
      );
    for (let round = 0; ; round++) {
      let plan: Plan = planned();
      holding ||= plan.steps.some((step) => step.kind !== "record");
      if (holding && giveBack === undefined && definition.hold !== undefined) {
        giveBack = await definition.hold(request, observed, context);
        // Whoever held it before may have done the work.
        if (giveBack !== undefined) observed = await observe();
        plan = planned();
      }
      refuseIfNecessary(plan, news, labelOf(definition, request.inputs));
      if (plan.steps.length === 0) break;
      if (round === MOST_ROUNDS)
        throw new UserError(
          `is still not as declared after ${MOST_ROUNDS} rounds; left to do: ${describePlan(plan).join("; ")}`,
        );
      for (const [i, step] of plan.steps.entries()) {
        context.signal.throwIfAborted();
        if (step.kind !== "record") {
          begun = step;
          context.log.progress(describeStep(step).join("; "));
        }
        await definition.apply(step, request, observed, noting);
        if (needsAnotherLook(step, plan.steps[i + 1])) break;
      }
      observed = await observe();
      if (plan.steps.every((step) => step.kind === "record")) break; // the record is made by returning
    }
    const id = definition.idOf(request, observed);
    if (id === undefined) throw new UserError("was applied, but isn't on the host");
    const outputs = await result(observed, request.inputs);
    context.log.done();
    return { id, outputs };
  } catch (error) {
    context.log.failed();
    const label = labelOf(definition, request.inputs);
    let failure = asUserError(error, label, begun);
    observed = await observe().catch(() => observed);
    if (observed === undefined) throw failure;
    // Somebody was quicker: what has the name by now is told as it would have been a moment later.
    const { refusals } = isLibvirtError(error, "alreadyExists") ? planned() : emptyPlan();
    if (refusals.length > 0) failure = asUserError(refusedBy(refusals), label);
    const id = definition.idOf(request, observed);
    if (id === undefined) throw failure;
    if (operation === "create" && !mayRecord(definition, request, observed)) throw failure;
    throw new PartialFailure(
      id,
      {
        // Old inputs stay on record, so that the next run knows what was declared before the change that failed.
        ...(await result(observed, request.previous ?? request.inputs)),
        __provider: news.__provider as string,
      },
      failure,
    );
  } finally {
    await giveBack?.(observed).catch((error: unknown) => context.log.warning(oneLine(error)));
  }
}

/** An object that a create found isn't recorded as ours when it was refused, or not taken over yet. */
function mayRecord(definition: AnyDefinition, request: Request<Bag, Bag>, observed: unknown): boolean {
  const { refusals, steps } = definition.plan(request, observed);
  return (
    refusals.every((refusal) => refusal.kind !== "foreignObject") &&
    steps.every((step) => step.kind !== "adopt")
  );
}

function refusedBy(refusals: readonly Refusal[]): UserError {
  return new UserError(refusals.map(({ message }) => message).join("; "));
}

/** What happens to a guest must have stood in the preview: a host that changed in between stops the step, not the guest. */
function refuseIfNecessary(plan: Plan, news: Bag, label: string): void {
  if (plan.refusals.length > 0) throw refusedBy(plan.refusals);
  const announced = new Set(Array.isArray(news.effects) ? (news.effects as unknown[]).map(String) : []);
  const surprises = plan.steps
    .filter(mustBeAnnounced)
    .flatMap(describeStep)
    .filter((line) => !announced.has(line));
  if (surprises.length > 0)
    throw new UserError(
      `${label}: not done, because the preview did not say it and it isn't harmless: ${surprises.join("; ")}. The host changed in between, or could not be asked; run the preview again`,
    );
}
