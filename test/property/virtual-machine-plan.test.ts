import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Plan } from "../../provider/planning/plan.js";
import { describeStep, type Step } from "../../provider/planning/step.js";
import { crossChecks } from "../../provider/resources/virtual-machine/cross-checks.js";
import { plan } from "../../provider/resources/virtual-machine/plan.js";
import type { MachineRequest } from "../../provider/resources/virtual-machine/request.js";
import type { DiskInputs, Inputs, Outputs } from "../../provider/resources/virtual-machine/schema.js";
import { applyToWorld, type MachineWorld, observedWorld } from "./machine-world.js";

const MIB = 2 ** 20;
const RUNS = Number(process.env.KVM_PLAN_RUNS ?? 300);
const POOLS = ["fast", "big"];
const NETWORKS = ["lan", "dmz"];
const pulumiUrn = "urn:pulumi:dev::shop::pulumi-nodejs:dynamic/kvm:VirtualMachine::web";
const identity = {
  project: "shop",
  stack: "dev",
  type: "pulumi-nodejs:dynamic/kvm:VirtualMachine",
  name: "web",
};
const chosen = { uuid: "859f4a66-5bc3-4859-b253-b6f68a3452ae", nonce: "0123456789abcdef" };

/** Named disks, of a size that a name fixes: shrinking is a refusal, which other tests look at. */
const disk = fc
  .record(
    {
      name: fc.constantFrom("root", "data", "log", "swap"),
      pool: fc.constantFrom(...POOLS),
      bus: fc.constantFrom("virtio" as const, "sata" as const),
      cache: fc.constantFrom("none" as const, "writeback" as const),
      readonly: fc.boolean(),
    },
    { requiredKeys: ["name", "pool"] },
  )
  .map((made): DiskInputs => ({ ...made, size: 64 * MIB * ((made.name?.length ?? 0) + 1) }));

const nic = fc.oneof(
  fc.record(
    { network: fc.constantFrom(...NETWORKS), link: fc.constantFrom("up" as const, "down" as const) },
    { requiredKeys: ["network"] },
  ),
  fc.record(
    { bridge: fc.constant("br0"), mac: fc.constantFrom("52:54:00:aa:00:01", "52:54:00:aa:00:02") },
    { requiredKeys: ["bridge"] },
  ),
);

const boot = fc.oneof(
  fc.constant({}),
  fc.record(
    { kernel: fc.constantFrom("/boot/a", "/boot/b"), commandLine: fc.constantFrom("quiet", "console=ttyS0") },
    { requiredKeys: ["kernel"] },
  ),
);

const inputs = fc
  .tuple(
    fc.record(
      {
        name: fc.constant("web"),
        memory: fc.integer({ min: 64, max: 4096 }).map((mib) => mib * MIB),
        cpus: fc.integer({ min: 1, max: 8 }),
        maxCpus: fc.integer({ min: 8, max: 16 }),
        machine: fc.constantFrom("q35", "pc-q35-7.2"),
        disks: fc.uniqueArray(disk, { maxLength: 4, selector: (d) => d.name }),
        interfaces: fc.array(nic, { maxLength: 3 }),
        console: fc.record({ log: fc.constantFrom("/var/log/a", "/var/log/b") }, { requiredKeys: [] }),
        powerState: fc.constantFrom("running" as const, "stopped" as const, "paused" as const),
        autostart: fc.boolean(),
        restartPolicy: fc.constantFrom("never" as const, "whenNeeded" as const),
        description: fc.string(),
      },
      { requiredKeys: ["name", "memory"] },
    ),
    boot,
  )
  .map(
    ([made, booting]): Inputs => ({
      pulumiUrn,
      host: "alpha",
      connection: { address: "alpha" },
      ...made,
      ...booting,
    }),
  )
  .filter((made) => crossChecks.every((check) => check(made).length === 0));

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
    for (const step of next.steps) {
      now = applyToWorld(now, step, request, observed);
      done.push(step);
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
      .sort((a, b) => JSON.stringify(a.source).localeCompare(JSON.stringify(b.source))),
    interfaces: interfaces.map(({ source, link }) => JSON.stringify({ source, link })).sort(),
    autostart: domain.autostart,
    state: domain.state,
  };
}

describe("a VM's plan", () => {
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
        const open = (after.domain?.live?.disks ?? []).flatMap(({ source }) =>
          source !== undefined && "pool" in source ? [source] : [],
        );
        for (const step of done)
          if (step.kind === "deleteVolume")
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
