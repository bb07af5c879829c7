import { describe, expect, it } from "vitest";
import type { VolumeMark } from "../../provider/hosts/volume-mark.js";
import type { DomainRecord, VolumeRecord } from "../../provider/libvirt/index.js";
import { identityHash, identityOfUrn } from "../../provider/planning/owner.js";
import { emptyPlan } from "../../provider/planning/plan.js";
import type { ObservedHost } from "../../provider/resources/virtual-machine/observed.js";
import { planSettling } from "../../provider/resources/virtual-machine/plan-move.js";
import { relocationSteps, relocationsOf } from "../../provider/resources/virtual-machine/relocations.js";
import type { MachineRequest } from "../../provider/resources/virtual-machine/request.js";
import type { DiskInputs, Inputs, Outputs } from "../../provider/resources/virtual-machine/schema.js";

const urn = "urn:pulumi:lab::test::pulumi-kvm:VirtualMachine::web";
const identity = identityOfUrn(urn) ?? expect.fail("no URN");
const nonce = "00112233445566ff";
const own = (volume: string): VolumeMark => ({ identityHash: identityHash(identity), nonce, volume });

/** What is in a pool: a volume's name, then how it is marked. */
type Contents = Record<string, ("there" | "marked" | "unfinished" | "leaving")[]>;

function host(pools: Record<string, Contents>): ObservedHost {
  const marksOf = (contents: Contents, kind: string) =>
    Object.entries(contents).flatMap(([volume, traits]) =>
      (traits as string[]).includes(kind) ? [own(volume)] : [],
    );
  return {
    ...({ ref: { name: "alpha" }, networks: [] } as unknown as ObservedHost),
    pools: Object.entries(pools).map(([name, contents]) => ({
      ...{ name, path: `/${name}`, active: true },
      contents: {
        volumes: Object.entries(contents).flatMap(([volume, traits]) =>
          traits.includes("there") ? [{ name: volume } as VolumeRecord] : [],
        ),
        marks: marksOf(contents, "marked"),
        notes: { unfinished: marksOf(contents, "unfinished"), leaving: marksOf(contents, "leaving") },
      },
    })),
  };
}

function found(disks: DiskInputs[], pools: Record<string, Contents>) {
  const inputs = { pulumiUrn: urn, name: "web", host: "alpha", disks } as unknown as Inputs;
  const request: MachineRequest = {
    ...{ identity, inputs, previous: inputs },
    recorded: { id: "u", outputs: { nonce } as Outputs },
  };
  const { moves, interrupted } = relocationsOf(request, host(pools), undefined);
  const line = ({ volume, from, to }: { volume: string; from: string; to: string | undefined }) =>
    `${volume} ${from} -> ${to}`;
  return { moves: moves.map(line), interrupted: interrupted.map(line) };
}

const root = (pool: string): DiskInputs => ({ name: "root", pool, size: 2 ** 26 });
const whole = ["there", "marked"] as const;
const at = (...traits: Contents[string]): Contents => ({ "web-root": [...traits] });
const none = { moves: [], interrupted: [] };

describe("a VM's own disks in other pools than declared", () => {
  it("are found by their marks, wherever they were declared before", () => {
    expect(found([root("fast")], { fast: {}, slow: at(...whole) })).toEqual({
      moves: ["web-root slow -> fast"],
      interrupted: [],
    });
    expect(found([root("slow")], { slow: at(...whole), fast: {} })).toEqual(none);
    expect(found([root("fast")], { fast: {}, slow: at("there") })).toEqual(none);
    expect(found([root("fast")], { fast: {}, slow: at("marked") })).toEqual(none);
  });

  it("don't move where there is no room for all of them, unless they are on their way", () => {
    const refusalsOf = (fast: number | undefined, ...traits: Contents[string]) => {
      const place = host({ fast: {}, slow: { "web-root": traits, "web-data": [...whole] } });
      for (const pool of place.pools) {
        if (pool.name === "fast" && fast !== undefined) pool.availableBytes = fast;
        for (const volume of pool.contents.volumes) Object.assign(volume, { allocationBytes: 2 ** 20 });
      }
      const disks = [root("fast"), { ...root("fast"), name: "data" }];
      const inputs = { pulumiUrn: urn, name: "web", host: "alpha", disks } as unknown as Inputs;
      const recorded = { id: "u", outputs: { nonce } as Outputs };
      const request: MachineRequest = { identity, inputs, previous: inputs, recorded };
      const result = emptyPlan();
      relocationSteps(request, place, undefined, relocationsOf(request, place, undefined), result);
      return result.refusals.map(({ message }) => message);
    };
    expect(refusalsOf(1.5 * 2 ** 20, ...whole)).toEqual([
      "disk web-data can't move from pool slow to pool fast on alpha: it takes 1 MiB, and that pool has 512 KiB left; make room there, or choose another pool",
    ]);
    expect(refusalsOf(2 * 2 ** 20, ...whole)).toEqual([]);
    expect(refusalsOf(undefined, ...whole)).toEqual([]);
    expect(refusalsOf(2 ** 20, ...whole, "leaving")).toEqual([]);
  });

  it("aren't taken for the move of a namesake that another pool is to have", () => {
    expect(found([root("fast"), root("slow")], { fast: {}, slow: at(...whole) })).toEqual(none);
    expect(found([root("fast"), root("slow")], { fast: at(...whole), slow: at(...whole) })).toEqual(none);
  });

  it("go on to where they should be, from any point at which they were cut off", () => {
    const move = { moves: ["web-root slow -> fast"], interrupted: [] };
    for (const [slow, fast] of [
      [at(...whole, "leaving"), at()],
      [at(...whole, "leaving"), at("unfinished")],
      [at(...whole, "leaving"), at("there", "unfinished")],
      [at(...whole, "leaving"), at(...whole, "unfinished")],
      [at("there", "leaving"), at(...whole, "unfinished")],
      [at("there", "leaving"), at(...whole)],
      [at("leaving"), at(...whole)],
    ] as const)
      expect(found([root("fast")], { fast, slow })).toEqual(move);
  });

  it("are settled first when they were on their way to somewhere else", () => {
    const slow = at(...whole, "leaving");
    const fast = at("there", "unfinished");
    expect(found([root("slow")], { slow, fast })).toEqual({
      moves: [],
      interrupted: ["web-root slow -> fast"],
    });
    expect(found([root("slow")], { slow, fast: {} })).toEqual({
      moves: [],
      interrupted: ["web-root slow -> undefined"],
    });
    expect(found([root("big")], { slow, fast, big: {} })).toEqual({
      moves: [],
      interrupted: ["web-root slow -> fast"],
    });
    // The other pool isn't declared any more: seen once the note at the old place is.
    expect(found([root("big")], { slow, big: {} })).toEqual({
      moves: ["web-root slow -> big"],
      interrupted: [],
    });
  });
});

it("a migration that was interrupted goes on as the guest is: off, when it ended meanwhile", () => {
  const place = (name: string, state?: DomainRecord["state"]) =>
    ({
      ...host({ images: {} }),
      ref: { name, connection: { address: name } },
      domain: state === undefined ? undefined : { record: { name: "web", state } },
    }) as unknown as ObservedHost;
  const follows = (source: DomainRecord["state"], target?: DomainRecord["state"]) => {
    const inputs = { pulumiUrn: urn, name: "web", host: "beta" } as unknown as Inputs;
    const result = emptyPlan();
    const places = { target: place("beta", target), elsewhere: place("alpha", source) };
    planSettling({ identity, inputs }, { ...places, moveRefusals: [], peers: [] }, result);
    return result.steps.map(({ kind }) => kind);
  };
  expect(follows("running")).toEqual(["settleMigration", "migrate"]);
  expect(follows("shutOff", "paused")).toEqual(["settleMigration", "migrate"]);
  expect(follows("shutOff")).toEqual(["settleMigration", "moveStopped"]);
});
