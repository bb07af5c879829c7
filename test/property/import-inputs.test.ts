import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Bag } from "../../cli/import/bag.js";
import type { Storage } from "../../cli/import/machine/disks.js";
import { machineInputs as described } from "../../cli/import/machine/inputs.js";
import { trim } from "../../cli/import/trim.js";
import type { Foresight } from "../../provider/engine/inspection.js";
import { validateInputs } from "../../provider/engine/validate.js";
import { crossChecks } from "../../provider/resources/virtual-machine/cross-checks.js";
import type { ObservedMachine } from "../../provider/resources/virtual-machine/observed.js";
import { plan } from "../../provider/resources/virtual-machine/plan.js";
import type { MachineRequest } from "../../provider/resources/virtual-machine/request.js";
import { type Inputs, shape } from "../../provider/resources/virtual-machine/schema.js";
import { longer, runs } from "../support/runs.js";
import { machineInputs, NETWORKS, POOLS, pulumiUrn } from "./machine-inputs.js";
import { applyToWorld, type MachineWorld, observedWorld } from "./machine-world.js";

const RUNS = runs(100);
const identity = {
  project: "shop",
  stack: "dev",
  type: "pulumi-nodejs:dynamic/kvm:VirtualMachine",
  name: "web",
};
const chosen = { uuid: "859f4a66-5bc3-4859-b253-b6f68a3452ae", nonce: "0123456789abcdef" };

/** A VM as one is that people made: with what these inputs ask for, and nobody's. */
function somebodys(inputs: Inputs): ObservedMachine {
  const request: MachineRequest = { identity, inputs, chosen };
  let world: MachineWorld = { volumes: [] };
  for (let round = 0; round < 5; round++) {
    const observed = observedWorld(world, POOLS, NETWORKS);
    for (const step of plan(request, observed).steps) world = applyToWorld(world, step, request, observed);
  }
  const observed = observedWorld(world, POOLS, NETWORKS);
  const pools = observed.target.pools.map((pool) => ({ ...pool, contents: { ...pool.contents, marks: [] } }));
  const domain = observed.target.domain && { ...observed.target.domain, owner: undefined };
  return { ...observed, target: { ...observed.target, pools, domain } };
}

function foreseen(observed: ObservedMachine) {
  return async (given: Bag): Promise<Foresight> => {
    const { inputs, problems } = validateInputs(shape, given, crossChecks);
    if (problems.length > 0) return { kind: "invalid", problems: problems.map(({ message }) => message) };
    return { kind: "planned", plan: plan({ identity, inputs: inputs as Inputs }, observed) };
  };
}

function storageIn({ target }: ObservedMachine): Storage {
  return {
    host: "alpha",
    pathOf: ({ pool, volume }) => `/pools/${pool}/${volume}`,
    find: ({ pool, volume }) => {
      const found = target.pools
        .find(({ name }) => name === pool)
        ?.contents.volumes.find(({ name }) => name === volume);
      return found === undefined
        ? { kind: "unusable", why: "it isn't there" }
        : { kind: "volume", sizeBytes: found.capacityBytes, format: "qcow2", isShared: false };
    },
  };
}

const common = { pulumiUrn, name: "web", host: "alpha", connection: { address: "alpha" }, adopt: true };

describe("inputs for a VM that is there", { timeout: longer(120_000) }, () => {
  it("are taken over without a change, none of them left out", async () => {
    await fc.assert(
      fc.asyncProperty(machineInputs, async (made) => {
        const observed = somebodys(made);
        const { domain, facts } = observed.target;
        const model = domain?.persistent;
        if (domain === undefined || model === undefined) throw new Error("nothing was made");
        const { inputs, notes } = described(
          {
            model,
            powerState: made.powerState ?? "running",
            autostart: domain.record.autostart,
            hasSnapshots: false,
          },
          facts,
          storageIn(observed),
        );
        const { memory, autostart, powerState, ...optional } = inputs;
        const needed = Object.entries({ ...common, memory, autostart, powerState });
        const trimmed = await trim(
          foreseen(observed),
          Object.fromEntries(needed.filter(([, value]) => value !== undefined)),
          optional,
        );
        expect(trimmed).toEqual({ kind: "taken", inputs: expect.anything(), notes: [] });
        const password = made.graphics?.password;
        const seeds = [made.cloudInit, made.answerFile].filter((seed) => seed !== undefined);
        expect(notes).toEqual([
          ...seeds.map(() => expect.stringMatching(/^drive \w+ \(web-/)),
          ...(password === undefined ? [] : [expect.stringContaining("has a password")]),
        ]);
        if (password !== undefined) expect(inputs).not.toHaveProperty("graphics");
      }),
      { numRuns: RUNS },
    );
  });
});
