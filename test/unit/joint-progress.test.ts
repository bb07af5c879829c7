import { expect, it } from "vitest";
import { JointProgress } from "../../provider/resources/image/joint-progress.js";

it("says of every host that is still at it how far it is", () => {
  const shown: string[] = [];
  const progress = new JointProgress((message) => shown.push(message));
  progress.say("alpha", "alpha: sending, 1 MiB");
  progress.say("beta", "beta: sending, 2 MiB");
  progress.say("alpha", "alpha: sending, 3 MiB");
  progress.end("alpha");
  progress.say("beta", "beta: sending, 4 MiB");
  expect(shown).toEqual([
    "alpha: sending, 1 MiB",
    "alpha: sending, 1 MiB; beta: sending, 2 MiB",
    "alpha: sending, 3 MiB; beta: sending, 2 MiB",
    "beta: sending, 4 MiB",
  ]);
});
