import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Plan } from "../../provider/planning/plan.js";
import { describeStep, needsAnotherLook, type Step } from "../../provider/planning/step.js";
import { plan } from "../../provider/resources/virtual-machine/plan.js";
import type { MachineRequest } from "../../provider/resources/virtual-machine/request.js";
import { type Inputs, type Outputs, volumeOf } from "../../provider/resources/virtual-machine/schema.js";
import { longer, runs } from "../support/runs.js";
import { machineInputs as inputs, NETWORKS, POOLS } from "./machine-inputs.js";
import { applyToWorld, type MachineWorld, observedWorld } from "./machine-world.js";

const RUNS = runs(200);
const identity = {
  project: "shop",
  stack: "dev",
  type: "pulumi-nodejs:dynamic/kvm:VirtualMachine",
  name: "web",
};
const chosen = { uuid: "859f4a66-5bc3-4859-b253-b6f68a3452ae", nonce: "0123456789abcdef" };

interface Reached {
  world: MachineWorld;
  done: Step[];
}

/** Plans and applies until nothing is left, as the engine does. */
function reconcile(world: MachineWorld, request: MachineRequest): Reached {
  const done: Step[] = [];
  let now = world;
  for (let round = 0; round < 5; round++) {
    const observed = observedWorld(now, POOLS, NETWORKS);
    const next: Plan = plan(request, observed);
    expect(next.refusals).toEqual([]);
    expect(next.replaceBecause).toEqual([]);
    if (next.steps.length === 0) return { world: now, done };
    for (const [i, step] of next.steps.entries()) {
      now = applyToWorld(now, step, request, observed);
      done.push(step);
      if (needsAnotherLook(step, next.steps[i + 1])) break;
    }
  }
  throw new Error(`not at rest after 5 rounds: ${done.flatMap(describeStep).join("; ")}`);
}

function create(made: Inputs): Reached {
  return reconcile({ volumes: [] }, { identity, inputs: made, chosen });
}

function update(world: MachineWorld, from: Inputs, to: Inputs): Reached {
  const outputs = {
    uuid: chosen.uuid,
    nonce: chosen.nonce,
    host: "alpha",
    connection: { address: "alpha" },
  } as Outputs;
  return reconcile(world, {
    identity,
    inputs: to,
    previous: from,
    recorded: { id: chosen.uuid, outputs },
    chosen,
  });
}

/** Targets and MAC addresses are history's; what a guest has is compared by volumes and by what it is plugged into. */
function essence(world: MachineWorld) {
  const domain = world.domain;
  if (domain === undefined) return undefined;
  const { disks, interfaces, ...rest } = domain.persistent;
  return {
    ...rest,
    disks: disks
      .map(({ target: _, cache: __, ...d }) => d)
      .map((d) => JSON.stringify(d, Object.keys(d).sort()))
      .sort(),
    interfaces: interfaces.map(({ source, link }) => JSON.stringify({ source, link })).sort(),
    autostart: domain.autostart,
    state: domain.state,
  };
}

// Thousands of plans take a while where the cores are shared.
describe("a VM's plan", { timeout: longer(120_000) }, () => {
  it("is empty once it has been applied, from nothing and from any other VM", () => {
    fc.assert(
      fc.property(inputs, inputs, (a, b) => {
        const first = create(a);
        const second = update(first.world, a, b);
        expect(update(second.world, b, b).done).toEqual([]);
      }),
      { numRuns: RUNS },
    );
  });

  it("leads to the same VM from any other as from nothing", () => {
    fc.assert(
      fc.property(inputs, inputs, (a, b) => {
        // What was declared and isn't any more returns to its default; a machine's type, once pinned, stays.
        const reached = essence(
          update(create({ ...a, machine: "q35" }).world, a, { ...b, machine: "q35" }).world,
        );
        expect(reached).toEqual(essence(create({ ...b, machine: "q35" }).world));
      }),
      { numRuns: RUNS },
    );
  });

  it("of what comes in its place is that of a new one, while it is still there", () => {
    fc.assert(
      fc.property(inputs, (made) => {
        const stepsIn = (world: MachineWorld) =>
          plan({ identity, inputs: made, replaces: true }, observedWorld(world, POOLS, NETWORKS)).steps;
        const { world } = create(made);
        expect(stepsIn(world).filter(({ kind }) => kind !== "createVolume")).toEqual(
          stepsIn({ volumes: [] }).filter(({ kind }) => kind !== "createVolume"),
        );
        const isKept = (volume: string) =>
          (made.disks ?? []).some(
            (disk, i) => disk.retainOnDelete === true && volumeOf(made.name, disk, i).volume === volume,
          );
        const madeAnew = (world: MachineWorld) =>
          stepsIn(world).flatMap((step) => (step.kind === "createVolume" ? step.volume : []));
        expect(madeAnew(world)).toEqual(madeAnew({ volumes: [] }).filter((volume) => !isKept(volume)));
      }),
      { numRuns: runs(50) },
    );
  });

  it("restarts, stops or pauses a running guest only as the inputs say", () => {
    fc.assert(
      fc.property(inputs, inputs, (a, b) => {
        const world = create({ ...a, powerState: "running" }).world;
        const { done } = update(world, { ...a, powerState: "running" }, { ...b, powerState: "running" });
        const felt = done.filter(
          (step) => step.effect === "restart" || step.effect === "stop" || step.kind === "start",
        );
        if (b.restartPolicy === "whenNeeded") expect(felt.length).toBeLessThanOrEqual(1);
        else expect(felt).toEqual([]);
      }),
      { numRuns: RUNS },
    );
  });

  it("deletes no volume that the running guest has open", () => {
    fc.assert(
      fc.property(inputs, inputs, (a, b) => {
        const running = { ...a, powerState: "running" as const };
        const world = create(running).world;
        const wanted = { ...b, powerState: "running" as const, restartPolicy: "never" as const };
        const { world: after, done } = update(world, running, wanted);
        const open = (after.domain?.guest?.live.disks ?? []).flatMap(({ source }) =>
          source !== undefined && "pool" in source ? [source] : [],
        );
        for (const step of done)
          if (step.kind === "deleteVolume" || step.kind === "deleteMedium")
            expect(open.some((source) => source.pool === step.pool && source.volume === step.volume)).toBe(
              false,
            );
        for (const source of open)
          expect(
            after.volumes.some((volume) => volume.pool === source.pool && volume.name === source.volume),
          ).toBe(true);
      }),
      { numRuns: RUNS },
    );
  });
});
