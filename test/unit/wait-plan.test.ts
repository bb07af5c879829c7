import { describe, expect, it } from "vitest";
import { needsAnotherLook, type Step } from "../../provider/planning/step.js";
import type { MachineRequest } from "../../provider/resources/virtual-machine/request.js";
import type { Inputs, Outputs } from "../../provider/resources/virtual-machine/schema.js";
import { waitSteps, waitWarnings } from "../../provider/resources/virtual-machine/wait/plan.js";

const start: Step = { kind: "start", subject: "web", effect: "none", reason: "new" };
const grow: Step = { kind: "setAutostart", subject: "web", to: true, effect: "live" };

interface Case {
  inputs?: Partial<Inputs>;
  /** What the state says; without it this is a check or a create. */
  ready?: Outputs["ready"] | "unseen";
  noted?: Partial<Outputs>;
  isNew?: boolean;
  isAwaited?: boolean;
  isOff?: boolean;
  others?: Step[];
}

function requestOf({ inputs, ready, noted, isNew }: Case): MachineRequest {
  const declared = { name: "web", waitFor: "ssh", ...inputs } as Inputs;
  const outputs = { ...(ready !== "unseen" && { ready }) } as Outputs;
  return {
    identity: { project: "p", stack: "s", name: "web", type: "t" },
    inputs: declared,
    previous: isNew ? undefined : declared,
    ...(ready !== undefined && { recorded: { id: "1", outputs } }),
    ...(noted !== undefined && { noted }),
  } as unknown as MachineRequest;
}

function planned(given: Case): Step[] {
  const { isAwaited = false, isOff = false } = given;
  return waitSteps(requestOf(given), given.others ?? [], { isAwaited, isOff });
}

const waits: [string, Case][] = [
  ["for a new guest", { isNew: true, others: [start] }],
  ["for a new one that a cut-off run has started", { isNew: true }],
  ["for one that is started, whatever was seen before", { ready: { goal: "ssh" }, others: [start] }],
  ["for one that was off and is started", { ready: "unseen", isOff: true, others: [start] }],
  ["for one that no deployment has seen ready", { ready: "unseen" }],
  ["for one that was seen to have an address only", { ready: { goal: "ipAddress" }, others: [grow] }],
  ["for the agent where only ssh was seen", { ready: { goal: "ssh" }, inputs: { waitFor: "agent" } }],
  [
    "for one that a cut-off run has started, whatever was seen before",
    { ready: { goal: "ssh" }, isAwaited: true },
  ],
  ["for that one in the check too", { isAwaited: true }],
  ["for one that this deployment has started anew", { ready: { goal: "ssh" }, noted: { ready: undefined } }],
];
const doesNotWait: [string, Case][] = [
  ["once it was seen ready", { ready: { goal: "ssh" } }],
  ["for less than was seen", { ready: { goal: "ssh" }, inputs: { waitFor: "ipAddress" } }],
  ["once this deployment has seen it", { ready: "unseen", noted: { ready: { goal: "ssh" } } }],
  ["unless asked to", { isNew: true, inputs: { waitFor: "none" }, others: [start] }],
  ["by default", { isNew: true, inputs: { waitFor: undefined }, others: [start] }],
  ["for a guest that is to be off", { isNew: true, inputs: { powerState: "stopped" } }],
  ["for a guest that is to stand still", { isNew: true, inputs: { powerState: "paused" }, others: [start] }],
  ["for one that is left off, though no deployment has seen it ready", { ready: "unseen", isOff: true }],
  ["in the check of an update, which knows no state", {}],
];

describe("waiting for the guest", () => {
  it.each(waits)("waits %s", (_, given) => {
    expect(planned(given)).toEqual([
      {
        kind: "waitForGuest",
        subject: "web",
        goal: given.inputs?.waitFor ?? "ssh",
        timeoutMs: 300_000,
        effect: "none",
      },
    ]);
  });

  it.each(doesNotWait)("does not wait %s", (_, given) => {
    expect(planned(given)).toEqual([]);
  });

  it("looks again before it, but for what is only recorded: that would be found again each time", () => {
    const [wait] = planned({ isNew: true, others: [start] });
    const record: Step = { kind: "record", subject: "web", reason: "it is on beta" } as Step;
    expect([start, grow, record].map((step) => needsAnotherLook(step, wait))).toEqual([true, true, false]);
  });

  it("says why there is something to do, where nothing else says it", () => {
    const unseen = requestOf({ ready: "unseen", inputs: { waitTimeout: "90000ms" } });
    const steps = waitSteps(unseen, [], { isAwaited: false, isOff: false });
    expect(steps).toMatchObject([{ timeoutMs: 90_000 }]);
    expect(waitWarnings(unseen, steps)).toEqual([
      `no deployment has seen its guest ready yet: "pulumi up" waits for the guest's SSH server`,
    ]);
    const started = [start, ...waitSteps(unseen, [start], { isAwaited: false, isOff: false })];
    expect(waitWarnings(unseen, started)).toEqual([]);
    expect(
      waitWarnings(
        requestOf({ isNew: true }),
        waitSteps(requestOf({ isNew: true }), [], { isAwaited: false, isOff: false }),
      ),
    ).toEqual([]);
  });
});
