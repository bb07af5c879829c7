import { describe, expect, it } from "vitest";
import { emptyPlan } from "../../provider/planning/plan.js";
import type { Step } from "../../provider/planning/step.js";
import { warnOfWhatIsNotThere } from "../../provider/resources/virtual-machine/not-there-yet.js";
import type { ObservedHost } from "../../provider/resources/virtual-machine/observed.js";
import type { MachineRequest } from "../../provider/resources/virtual-machine/request.js";

const volume: Step = {
  ...{ kind: "createVolume", subject: "web-0", host: "alpha", pool: "images", volume: "web-0" },
  ...{ sizeBytes: 1, format: "qcow2", effect: "none" },
} as Step;
const define: Step = {
  kind: "defineMachine",
  subject: "web",
  host: "alpha",
  effect: "none",
  reason: "new",
} as Step;
const seed = { ...volume, kind: "writeMedium", pool: "seeds" } as Step;
const tune: Step = { kind: "setAutostart", subject: "web", to: true, effect: "live" };

function warnings(
  steps: Step[],
  {
    declared = ["virtual machine web"],
    pools = [],
    networks = [],
    chosen,
    refused = false,
    surveyed = false,
  }: {
    declared?: string[];
    pools?: { name: string; active: boolean }[];
    networks?: string[];
    chosen?: MachineRequest["chosen"];
    refused?: boolean;
    surveyed?: boolean;
  } = {},
): string[] {
  const inputs = { name: "web", interfaces: [{ network: "lan" }, { bridge: "br0" }, { network: "lan" }] };
  const plan = { ...emptyPlan(), steps };
  if (refused) plan.refusals.push({ kind: "missing", message: "no" });
  warnOfWhatIsNotThere(
    { inputs, previous: steps.includes(define) ? undefined : inputs, chosen } as unknown as MachineRequest,
    {
      ref: { name: "alpha" },
      pools,
      networks,
      declared: surveyed ? undefined : new Set(declared),
    } as unknown as ObservedHost,
    plan,
  );
  return plan.warnings;
}

const pool = `storage pool images isn't there, or isn't running, on alpha as yet; "pulumi up" is refused unless it is by then`;
const network = pool.replace("storage pool images", "network lan");

describe("pools and networks that are neither on the host nor in the program", () => {
  it("are warned of once, where something is made in them or a guest is to be on them", () => {
    expect(warnings([define, volume, volume])).toEqual([pool, network]);
    expect(warnings([seed])).toEqual([pool.replace("images", "seeds")]);
    expect(
      warnings([define, volume], { pools: [{ name: "images", active: false }], networks: ["lan"] }),
    ).toEqual([pool]);
  });

  it("aren't where they are there, or declared, or nothing needs them", () => {
    expect(
      warnings([define, volume], { pools: [{ name: "images", active: true }], networks: ["lan"] }),
    ).toEqual([]);
    expect(warnings([define, volume], { declared: ["storage pool images", "network lan"] })).toEqual([]);
    expect(warnings([tune])).toEqual([]);
    expect(warnings([])).toEqual([]);
  });

  it("aren't in an up, which refuses, nor of a plan that is refused anyway, nor where no program runs", () => {
    expect(warnings([define, volume], { chosen: { uuid: "u", nonce: "n" } })).toEqual([]);
    expect(warnings([define, volume], { refused: true })).toEqual([]);
    expect(warnings([define, volume], { surveyed: true })).toEqual([]);
  });
});
