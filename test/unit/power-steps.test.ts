import { expect, it } from "vitest";
import type { ObservedDomain } from "../../provider/resources/virtual-machine/observed.js";
import { powerSteps } from "../../provider/resources/virtual-machine/power.js";
import type { Inputs } from "../../provider/resources/virtual-machine/schema.js";

const leave = { name: "web", onGuestShutdown: "leave" } as Inputs;
const offBy = (reasonName: string, awaited: boolean) =>
  ({ record: { state: "shutOff", reasonName }, awaited }) as unknown as ObservedDomain;

it("leaves a guest off that has shut itself down, where that is declared", () => {
  expect(powerSteps(leave, offBy("shutdown", false), [])).toEqual([]);
  expect(powerSteps(leave, offBy("crashed", false), [])).toMatchObject([{ kind: "start" }]);
});

it("starts one that a deployment had asked to, for a restart that was cut off", () => {
  expect(powerSteps(leave, offBy("shutdown", true), [])).toMatchObject([
    { kind: "start", reason: "it is off" },
  ]);
});

it("wakes up a guest that has suspended itself, where that isn't left to it", () => {
  const asleep = { record: { state: "suspended" } } as unknown as ObservedDomain;
  const step = (inputs: Partial<Inputs>) =>
    powerSteps({ name: "web", ...inputs } as Inputs, asleep, []).map(({ kind }) => kind);
  expect(step({})).toEqual(["resume"]);
  expect(step({ onGuestShutdown: "leave" })).toEqual([]);
  expect(step({ powerState: "paused" })).toEqual(["resume", "pause"]);
  // That is what shutting it down begins with.
  expect(step({ powerState: "stopped" })).toEqual(["shutdown"]);
});
