import { describe, expect, it } from "vitest";
import { identityHash, identityOfUrn } from "../../provider/planning/owner.js";
import { describePlan, type Plan } from "../../provider/planning/plan.js";
import { disk } from "../../provider/resources/disk/index.js";
import type { DiskPlace, DiskRequest, ObservedDisk } from "../../provider/resources/disk/observe.js";
import { plan } from "../../provider/resources/disk/plan.js";
import type { Inputs, Outputs } from "../../provider/resources/disk/schema.js";

const MIB = 2 ** 20;
const urn = "urn:pulumi:lab::test::pulumi-kvm:Disk::data";
const identity = identityOfUrn(urn) ?? expect.fail("no URN");
const nonce = "00112233445566ff";
const mark = { identityHash: identityHash(identity), nonce, volume: "data" };
const chosen = { uuid: "u", nonce: "ffeeddccbbaa9988" };

const inputs = (more: Partial<Inputs> = {}): Inputs => ({
  ...{ pulumiUrn: urn, name: "data", host: "alpha", connection: { address: "10.0.0.1" } },
  ...{ pool: "images", size: 64 * MIB, format: "qcow2", ...more },
});
const onBeta = (more: Partial<Inputs> = {}) =>
  inputs({ host: "beta", connection: { address: "10.0.0.2" }, ...more });
const recorded = { id: "images/data", outputs: { nonce } as Outputs };
const volume = (capacityBytes = 64 * MIB, format = "qcow2") => ({
  ...{ path: "/images/data", key: "/images/data", capacityBytes, allocationBytes: 0, format },
});
const guest = (running: boolean) => ({ uuid: "g", name: "web", running });

function place(host: "alpha" | "beta", more: Partial<DiskPlace> = {}): DiskPlace {
  const wants = host === "alpha" ? inputs() : onBeta();
  return {
    ref: { name: host, connection: wants.connection, credentials: {} },
    ...{ hostUuid: host, pool: "images", name: "data", poolState: "running", folder: "/images" },
    ...{ volume: undefined, mark: undefined, foreignMarks: [], users: [], ...more },
  };
}
const has = (host: "alpha" | "beta", more: Partial<DiskPlace> = {}) =>
  place(host, { volume: volume(), mark, ...more });
const planned = (request: Partial<DiskRequest>, target: DiskPlace, elsewhere?: DiskPlace): Plan =>
  plan({ identity, inputs: inputs(), ...request }, { target, elsewhere });
const refusals = (result: Plan) => result.refusals.map(({ kind }) => kind);

describe("the plan of a disk", () => {
  it("is empty when the volume is as declared", () => {
    const result = planned({ previous: inputs(), recorded }, has("alpha"));
    expect(result).toEqual({ steps: [], refusals: [], replaceBecause: [], warnings: [] });
  });

  it("says live only when a running guest has the volume open", () => {
    const request = { inputs: inputs({ size: 96 * MIB }), previous: inputs(), recorded };
    const lines = (users: DiskPlace["users"]) => describePlan(planned(request, has("alpha", { users })));
    expect(lines([])).toEqual(["disk data 64 MiB -> 96 MiB"]);
    expect(lines([guest(false)])).toEqual(["disk data 64 MiB -> 96 MiB"]);
    expect(lines([guest(true)])).toEqual(["disk data 64 MiB -> 96 MiB, live"]);
  });

  it("creates in a pool that isn't there yet only at a preview", () => {
    const target = place("alpha", { poolState: "absent" });
    expect(describePlan(planned({}, target))).toEqual([
      "create disk data (64 MiB, qcow2) in pool images on alpha",
    ]);
    expect(refusals(planned({ chosen }, target))).toEqual(["missing"]);
    expect(refusals(planned({ chosen }, place("alpha", { poolState: "stopped" })))).toEqual(["missing"]);
  });

  it("doesn't say that a disk would be made anew while its pool can't be read", () => {
    const target = place("alpha", { poolState: "stopped" });
    expect(planned({ previous: inputs(), recorded }, target).steps.map(({ kind }) => kind)).toEqual([
      "record",
    ]);
  });

  it("compares the backing with what was declared before, not with the image", () => {
    const layered = inputs({ backing: { pool: "images", volume: "base" } });
    const same = planned({ inputs: layered, previous: layered, recorded }, has("alpha"));
    expect(same.replaceBecause).toEqual([]);
    const other = planned({ inputs: layered, previous: inputs({ backing: "base" }), recorded }, has("alpha"));
    expect(other.replaceBecause).toEqual(["backing"]);
  });

  it("moves with the machine, defined or running, and says so only at a preview", () => {
    const request = { inputs: onBeta(), previous: inputs(), recorded };
    for (const running of [false, true]) {
      const source = has("alpha", { users: [guest(running)] });
      expect(describePlan(planned(request, place("beta"), source))).toEqual([
        "moves alpha -> beta with virtual machine web",
      ]);
      expect(planned({ ...request, chosen }, place("beta"), source)).toMatchObject({
        steps: [],
        refusals: [],
      });
    }
    expect(refusals(planned(request, place("beta"), has("alpha")))).toEqual(["notSupported"]);
  });

  it("grows where it is while it is on its way", () => {
    const request = { inputs: onBeta({ size: 96 * MIB }), previous: inputs(), recorded, chosen };
    const { steps } = planned(request, place("beta"), has("alpha", { users: [guest(true)] }));
    expect(steps).toMatchObject([{ kind: "growVolume", host: "alpha", effect: "live" }]);
  });

  it("is where the guest runs when half a migration left it on both hosts", () => {
    const observed: ObservedDisk = {
      target: has("beta", { users: [guest(false)] }),
      elsewhere: has("alpha", { users: [guest(true)] }),
    };
    const request = { identity, inputs: onBeta(), previous: onBeta(), recorded };
    expect(describePlan(plan(request, observed))).toEqual(["moves alpha -> beta with virtual machine web"]);
    const settled = { ...observed, target: has("beta", { users: [guest(true)] }) };
    expect(plan(request, settled)).toMatchObject({ steps: [], refusals: [] });
  });

  it("is made nowhere while the pool that may have it is stopped", () => {
    const request = { inputs: onBeta(), previous: inputs(), recorded, chosen };
    const result = planned(request, place("beta"), place("alpha", { poolState: "stopped" }));
    expect(result.steps).toEqual([]);
    expect(refusals(result)).toEqual(["missing"]);
  });

  it("refuses to be made anew while a domain would lose it, running or not", () => {
    const request = { inputs: inputs({ format: "raw" as const }), previous: inputs(), recorded };
    for (const running of [false, true]) {
      const result = planned(request, has("alpha", { users: [guest(running)] }));
      expect(refusals(result)).toEqual(["inUse"]);
      expect(result.refusals[0]?.message).toContain("domain web uses it");
    }
    expect(refusals(planned(request, has("alpha")))).toEqual([]);
  });

  it("takes over a volume of the declared format only, and never instead of its own elsewhere", () => {
    const target = place("alpha", { volume: volume(32 * MIB, "raw") });
    expect(refusals(planned({}, target))).toEqual(["foreignObject"]);
    expect(refusals(planned({ inputs: inputs({ adopt: true }) }, target))).toEqual(["foreignObject"]);
    const raw = inputs({ adopt: true, format: "raw" });
    expect(describePlan(planned({ inputs: raw }, target))).toEqual([
      "take over disk data in pool images on alpha as it is, no guest notices",
      "disk data 32 MiB -> 64 MiB",
    ]);
    const moving = { inputs: { ...raw }, previous: onBeta({ format: "raw" }), recorded };
    expect(refusals(planned(moving, target, has("beta")))).toEqual(["foreignObject"]);
  });

  it("lets a replacement be checked while the old volume is there, but doesn't apply it over one", () => {
    const raw = { inputs: inputs({ format: "raw" as const, size: 32 * MIB }) };
    expect(planned(raw, has("alpha"))).toMatchObject({ steps: [{ kind: "createVolume" }], refusals: [] });
    expect(refusals(planned({ ...raw, chosen }, has("alpha")))).toEqual(["inUse", "shrink"]);
  });

  it("keeps its id while it is elsewhere or can't be seen, and loses it when it is gone", () => {
    const request = { identity, inputs: onBeta(), previous: onBeta(), recorded };
    const idOf = (target: DiskPlace, elsewhere?: DiskPlace) => disk.idOf(request, { target, elsewhere });
    expect(idOf(place("beta"), has("alpha"))).toBe("images/data");
    expect(idOf(place("beta", { poolState: "stopped" }))).toBe("images/data");
    expect(idOf(place("beta"), place("alpha", { poolState: "stopped" }))).toBe("images/data");
    expect(idOf(place("beta", { mark }))).toBeUndefined();
    expect(idOf(place("beta", { volume: volume() }))).toBeUndefined();
    const fresh = { identity, inputs: onBeta(), chosen };
    expect(
      disk.idOf(fresh, { target: place("beta", { poolState: "absent" }), elsewhere: undefined }),
    ).toBeUndefined();
  });
});
