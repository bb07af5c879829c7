import { describe, expect, it } from "vitest";
import { identityOfUrn } from "../../provider/planning/owner.js";
import { describePlan, type Plan } from "../../provider/planning/plan.js";
import { storagePool } from "../../provider/resources/storage-pool/index.js";
import type {
  FormerPlace,
  ObservedPool,
  PoolPlace,
  PoolRequest,
} from "../../provider/resources/storage-pool/observe.js";
import { firstFew, plan } from "../../provider/resources/storage-pool/plan.js";
import type { Inputs, Outputs } from "../../provider/resources/storage-pool/schema.js";

const urn = "urn:pulumi:lab::test::pulumi-kvm:StoragePool::images";
const identity = identityOfUrn(urn) ?? expect.fail("no URN");
const chosen = { uuid: "u", nonce: "n" };
const inputs = (more: Partial<Inputs> = {}): Inputs => ({
  ...{ pulumiUrn: urn, name: "images", path: "/images", type: "dir", autostart: true },
  hosts: { alpha: { address: "10.0.0.1" } },
  ...more,
});
const pool = (more: Partial<ObservedPool> = {}): ObservedPool => ({
  ...{ name: "images", uuid: "ours", type: "dir", path: "/images" },
  ...{ active: true, autostart: true, persistent: true, capacityBytes: 10, availableBytes: 5 },
  ...more,
});
const place = (more: Partial<PoolPlace> = {}, name = "alpha"): PoolPlace => ({
  ref: { name, connection: { address: "10.0.0.1" }, credentials: {} },
  ...{ hostUuid: `host-${name}`, uuid: "ours", mine: undefined, namesake: undefined, neighbour: undefined },
  ...{ machines: [], formerNames: [] },
  ...more,
});
const planned = (request: Partial<PoolRequest>, places: PoolPlace[], former: FormerPlace[] = []): Plan =>
  plan({ identity, inputs: inputs(), ...request }, { places, former });
const kinds = (result: Plan) => result.steps.map(({ kind }) => kind);
const refusals = (result: Plan) => result.refusals.map(({ kind }) => kind);

describe("the plan of a storage pool", () => {
  it("is empty when every host has the pool; room that changes is no difference", () => {
    const result = planned({ previous: inputs() }, [place({ mine: pool({ availableBytes: 1 }) })]);
    expect(result).toEqual({ steps: [], refusals: [], replaceBecause: [], warnings: [] });
  });

  it("plans for each host what that host lacks", () => {
    const result = planned({ inputs: inputs({ autostart: false }) }, [
      place(),
      place({ mine: pool({ active: false }) }, "beta"),
      place({ mine: pool({ persistent: false }) }, "gamma"),
    ]);
    expect(result.steps).toMatchObject([
      { kind: "definePool", host: "alpha" },
      { kind: "startPool", host: "beta" },
      { kind: "setPoolAutostart", host: "beta", to: false },
      { kind: "definePool", host: "gamma" },
    ]);
  });

  it("refuses one machine under two names", () => {
    const twins = [place({ hostUuid: "same" }), place({ hostUuid: "same" }, "beta")];
    expect(new Set(refusals(planned({}, twins)))).toEqual(new Set(["ambiguous"]));
  });

  it("refuses somebody else's pool, and one over the same folder", () => {
    const namesake = pool({ uuid: "theirs" });
    expect(refusals(planned({}, [place({ namesake })]))).toEqual(["foreignObject"]);
    const neighbour = pool({ name: "other", uuid: "theirs" });
    const result = planned({ inputs: inputs({ adopt: true }) }, [place({ neighbour })]);
    expect(result.refusals).toMatchObject([
      { kind: "foreignObject", message: expect.stringContaining("another storage pool, other") },
    ]);
  });

  it("takes over a folder's pool at the declared path only; applying has nothing to write", () => {
    const adopting = inputs({ adopt: true });
    const theirs = (more: Partial<ObservedPool>) => [place({ namesake: pool({ uuid: "theirs", ...more }) })];
    expect(kinds(planned({ inputs: adopting }, theirs({})))).toEqual(["adopt"]);
    // Whether it starts with its host stays as it is unless that is declared.
    const { autostart: _, ...silent } = adopting;
    expect(kinds(planned({ inputs: silent }, theirs({ autostart: false })))).toEqual(["adopt"]);
    expect(kinds(planned({ inputs: adopting }, theirs({ autostart: false })))).toEqual([
      "adopt",
      "setPoolAutostart",
    ]);
    expect(kinds(planned({ inputs: adopting, chosen }, theirs({})))).toEqual([]);
    expect(refusals(planned({ inputs: adopting }, theirs({ path: "/elsewhere" })))).toEqual([
      "foreignObject",
    ]);
    expect(refusals(planned({ inputs: adopting }, theirs({ type: "logical" })))).toEqual(["foreignObject"]);
  });

  it("is made anew for a changed name or path, declared or found", () => {
    const mine = [place({ mine: pool() })];
    expect(planned({ previous: inputs({ name: "old" }) }, mine).replaceBecause).toEqual(["name"]);
    expect(planned({ previous: inputs({ path: "/old" }) }, mine).replaceBecause).toEqual(["path"]);
    const drifted = [place({ mine: pool({ path: "/drifted" }) })];
    expect(planned({ previous: inputs() }, drifted)).toMatchObject({ replaceBecause: ["path"], steps: [] });
  });

  it("doesn't replace one with volumes in it, unless that was allowed before; then it says which go", () => {
    const held = [place({ mine: pool({ path: "/old" }), replaced: ["web-0", "db-0"] })];
    const before = inputs({ path: "/old" });
    expect(planned({ previous: before }, held).refusals).toEqual([
      {
        kind: "inUse",
        message:
          "storage pool images on alpha can't be replaced for path while volumes are in it: web-0, db-0; keep it as it is, move the disks to another pool and delete what isn't needed first, or set forceDestroy: true (and deploy that) to have them deleted with it",
      },
    ]);
    const now = inputs({ forceDestroy: true });
    expect(refusals(planned({ inputs: now, previous: before }, held))).toEqual(["inUse"]);
    expect(planned({ previous: { ...before, forceDestroy: true } }, held)).toMatchObject({
      refusals: [],
      warnings: [
        "storage pool images on alpha is replaced for path, and forceDestroy deletes what is in it: web-0, db-0",
      ],
    });
  });

  it("lets a replacement be checked while the old pool is there, but doesn't apply it over one", () => {
    const old = [place({ mine: pool({ path: "/old" }) })];
    expect(describePlan(planned({}, old))).toEqual(["create storage pool images on alpha (new)"]);
    expect(refusals(planned({ chosen }, old))).toEqual(["ambiguous"]);
  });

  it("leaves a host with volumes that only it has when forced to, and only then", () => {
    const former = (onlyThere: string[]) => [{ ref: place({}, "beta").ref, mine: pool(), onlyThere }];
    const here = [place({ mine: pool() })];
    expect(kinds(planned({ previous: inputs() }, here, former([])))).toEqual(["releasePool"]);
    expect(refusals(planned({ previous: inputs() }, here, former(["a"])))).toEqual(["inUse"]);
    const forced = { inputs: inputs({ forceDestroy: true }), previous: inputs() };
    expect(kinds(planned(forced, here, former(["a"])))).toEqual(["releasePool"]);
  });

  it("keeps a host on record until it is released", async () => {
    const request = { identity, inputs: inputs() };
    const former = [{ ref: place({}, "beta").ref, mine: pool({ uuid: "b" }), onlyThere: [] }];
    const observed = { places: [place({ mine: pool() })], former };
    const outputs = (await storagePool.outputs(
      request,
      observed,
      { madeFolder: { beta: true } },
      undefined as never,
    )) as Outputs;
    expect(Object.keys(outputs.hosts).sort()).toEqual(["alpha", "beta"]);
    expect(outputs).toMatchObject({
      uuids: { alpha: "ours", beta: "b" },
      madeFolder: { alpha: false, beta: true },
    });
  });

  it("names the first few of many", () => {
    expect(firstFew(["a", "b"])).toBe("a, b");
    expect(firstFew(["a", "b", "c", "d", "e", "f", "g"])).toBe("a, b, c, d, e and 2 more");
  });
});
