import { expect, it } from "vitest";
import { describeStep, type Step, unannounced } from "../../provider/planning/step.js";

const live = (property: string, from: string, to: string): Step => ({
  ...{ kind: "changeRunning", subject: "web", changes: [{ property, from, to }], effect: "live" },
});

it("a guest whose balloon moves on its own between preview and up is given the memory that was announced", () => {
  const announced = describeStep(live("memory", "218 MiB", "794 MiB"));
  expect(unannounced(live("memory", "346 MiB", "794 MiB"), announced)).toEqual([]);
  expect(unannounced(live("memory", "218 MiB", "800 MiB"), announced)).toEqual([
    "memory 218 MiB -> 800 MiB, live",
  ]);
});

it("what somebody else has put in a device's place isn't what was announced", () => {
  const announced = describeStep(live("disks[vdb]", "web-a in fast", "none"));
  expect(unannounced(live("disks[vdb]", "web-a in fast", "none"), announced)).toEqual([]);
  expect(unannounced(live("disks[vdb]", "theirs in fast", "none"), announced)).toHaveLength(1);
});
