import { describe, expect, it } from "vitest";
import { identityHash, identityOfUrn } from "../../provider/planning/owner.js";
import { describePlan, type Plan } from "../../provider/planning/plan.js";
import type { Attachment } from "../../provider/resources/attachments.js";
import { disk } from "../../provider/resources/disk/index.js";
import type { ObservedDisk } from "../../provider/resources/disk/observed.js";
import type { DiskPlace, DiskRequest } from "../../provider/resources/disk/place.js";
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
const guest = (running: boolean, more: Partial<Attachment> = {}): Attachment => ({
  ...{
    uuid: "g",
    name: "web",
    target: "vda",
    depth: 0,
    running,
    defined: true,
    readonly: false,
    hasSnapshots: false,
    mirror: undefined,
  },
  ...more,
});

function place(host: "alpha" | "beta", more: Partial<DiskPlace> = {}): DiskPlace {
  const wants = host === "alpha" ? inputs() : onBeta();
  return {
    ref: { name: host, connection: wants.connection, credentials: {} },
    ...{ hostUuid: host, pool: "images", name: "data", poolState: "running", folder: "/images" },
    ...{ availableBytes: 2 ** 40, volume: undefined, mark: undefined, foreignMarks: [], users: [] },
    ...{ unfinished: undefined, leaving: undefined, ...more },
  };
}
const has = (host: "alpha" | "beta", more: Partial<DiskPlace> = {}) =>
  place(host, { volume: volume(), mark, ...more });
const planned = (
  request: Partial<DiskRequest>,
  target: DiskPlace,
  elsewhere?: DiskPlace,
  layers: string[] = [],
): Plan => plan({ identity, inputs: inputs(), ...request }, { target, elsewhere, layers });
const kindsOf = (result: Plan) => result.refusals.map(({ kind }) => kind);

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

  it("doesn't grow for guests that only read it, unless another writes", () => {
    const request = { inputs: inputs({ size: 96 * MIB }), previous: inputs(), recorded };
    const reader = guest(true, { readonly: true });
    const writer = guest(true, { uuid: "h", name: "db" });
    const grown = (...users: Attachment[]) => {
      const { refusals, warnings } = planned(request, has("alpha", { users }));
      return { refusals: refusals.map(({ message }) => message), warnings };
    };
    expect(grown(reader)).toEqual({
      refusals: [
        'disk data can\'t grow from 64 MiB to 96 MiB under a running guest that can only read it; stop domain web first (powerState: "stopped")',
      ],
      warnings: [],
    });
    expect(grown(reader, writer)).toEqual({
      refusals: [],
      warnings: ["domain web has disk data too, and sees the new size at its next boot"],
    });
    expect(grown({ ...reader, running: false })).toEqual({ refusals: [], warnings: [] });
  });

  it("that is encrypted neither grows without its guest nor goes under it to another pool", () => {
    const refused = (more: Partial<Inputs>, target: DiskPlace, elsewhere?: DiskPlace) =>
      planned({ inputs: inputs(more), previous: inputs(), recorded }, target, elsewhere).refusals;
    const encrypted = { volume: { ...volume(), encrypted: true as const } };
    const users = [guest(true)];
    const size = 96 * MIB;
    expect(refused({ size }, has("alpha", { ...encrypted, users }))).toEqual([]);
    expect(refused({ size }, has("alpha", encrypted))).toMatchObject([
      { kind: "notSupported", message: expect.stringMatching(/can't grow .* while no guest runs with it/) },
    ]);
    const fast = place("alpha", { pool: "fast" });
    expect(refused({ pool: "fast" }, fast, has("alpha", encrypted))).toEqual([]);
    expect(refused({ pool: "fast" }, fast, has("alpha", { ...encrypted, users }))).toMatchObject([
      { kind: "notSupported", message: expect.stringMatching(/encrypted, .* stop web first/) },
    ]);
  });

  it("creates in a pool that isn't there yet only at a preview", () => {
    const target = place("alpha", { poolState: "absent" });
    expect(describePlan(planned({}, target))).toEqual([
      "create disk data (64 MiB, qcow2) in pool images on alpha",
    ]);
    expect(kindsOf(planned({ chosen }, target))).toEqual(["missing"]);
    expect(kindsOf(planned({ chosen }, place("alpha", { poolState: "stopped" })))).toEqual(["missing"]);
  });

  it("warns when a disk is gone with its mark, as where a file system isn't mounted", () => {
    const warnings = (request: Partial<DiskRequest>, target: DiskPlace) => planned(request, target).warnings;
    const lost = expect.stringMatching(
      /^neither disk data nor its mark is in pool images on alpha any more: .*mounted/,
    );
    expect(warnings({ previous: inputs() }, place("alpha"))).toEqual([lost]);
    expect(warnings({ previous: inputs() }, place("alpha", { mark }))).toEqual([]);
    expect(warnings({}, place("alpha"))).toEqual([]);
    expect(warnings({ previous: inputs(), replaces: true }, place("alpha"))).toEqual([]);
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
    expect(other.warnings).toEqual([
      "disk data in pool images on alpha is deleted and made anew for its changed backing: what was written to it is lost. To keep it, leave its backing as before, and declare another Disk",
    ]);
    const kept = inputs({ backing: "base", retainOnDelete: true });
    expect(planned({ inputs: layered, previous: kept, recorded }, has("alpha")).warnings).toEqual([]);
    expect(planned({ inputs: layered, previous: kept, recorded }, place("alpha")).warnings).toEqual([]);
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
    expect(describePlan(planned(request, place("beta"), has("alpha")))).toEqual([
      "move disk data alpha -> beta",
    ]);
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
      layers: [],
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
    expect(kindsOf(result)).toEqual(["missing"]);
  });

  it("refuses to be made anew while a domain would lose it, running or not", () => {
    const request = { inputs: inputs({ format: "raw" as const }), previous: inputs(), recorded };
    for (const running of [false, true]) {
      const result = planned(request, has("alpha", { users: [guest(running)] }));
      expect(kindsOf(result)).toEqual(["inUse"]);
      expect(result.refusals[0]?.message).toContain("domain web uses it");
    }
    expect(kindsOf(planned(request, has("alpha")))).toEqual([]);
  });

  it("takes over a volume of the declared format only, and never instead of its own elsewhere", () => {
    const target = place("alpha", { volume: volume(32 * MIB, "raw") });
    expect(kindsOf(planned({}, target))).toEqual(["foreignObject"]);
    expect(kindsOf(planned({ inputs: inputs({ adopt: true }) }, target))).toEqual(["foreignObject"]);
    const raw = inputs({ adopt: true, format: "raw" });
    expect(describePlan(planned({ inputs: raw }, target))).toEqual([
      "take over disk data in pool images on alpha as it is, no guest notices",
      "disk data 32 MiB -> 64 MiB",
    ]);
    const moving = { inputs: { ...raw }, previous: onBeta({ format: "raw" }), recorded };
    expect(kindsOf(planned(moving, target, has("beta")))).toEqual(["foreignObject"]);
  });

  it("doesn't take another's volume in place of its own, which goes: two that change names would lose both", () => {
    const elsewhere = has("alpha");
    const theirs = { identityHash: "f".repeat(16), nonce: "0".repeat(16), volume: "other" };
    const refusalsOf = (foreignMarks: DiskPlace["foreignMarks"], adopt: boolean) => {
      const target = place("alpha", { name: "other", volume: volume(), foreignMarks });
      const request = { inputs: inputs({ name: "other", adopt }), previous: inputs() };
      return planned(request, target, elsewhere).refusals.map(({ message }) => message);
    };
    for (const adopt of [false, true])
      expect(refusalsOf([theirs], adopt)).toEqual([
        "disk data in pool images would be deleted for its changed name, and other in pool images on alpha is another resource's; keep its name. Where Disks of the program have changed names with each other, change the resources' names in the state instead (pulumi state rename, by way of a third name): their volumes then stay as they are",
      ]);
    expect(refusalsOf([], false)).toEqual([expect.stringContaining("or set adopt: true to take it over")]);
    expect(refusalsOf([], true)).toEqual([]);
  });

  it("lets a replacement be checked while the old volume is there, but doesn't apply it over one", () => {
    const raw = { inputs: inputs({ format: "raw" as const, size: 32 * MIB }) };
    const replacement = { ...raw, replaces: true };
    expect(planned(replacement, has("alpha"))).toMatchObject({
      steps: [{ kind: "createVolume" }],
      refusals: [],
    });
    const again =
      "record disk data in pool images on alpha, which this resource made before and goes on with as it is (--replace makes it anew), no guest notices";
    expect(describePlan(planned(raw, has("alpha")))).toEqual([again]);
    const larger = planned({ inputs: inputs({ size: 96 * MIB }) }, has("alpha"));
    expect(describePlan(larger)).toEqual([again, expect.stringContaining("64 MiB -> 96 MiB")]);
    expect(kindsOf(planned({ ...raw, chosen }, has("alpha")))).toEqual(["madeOtherwise", "shrink"]);
  });

  it("keeps its id while it is elsewhere or can't be seen, and loses it when it is gone", () => {
    const request = { identity, inputs: onBeta(), previous: onBeta(), recorded };
    const idOf = (target: DiskPlace, elsewhere?: DiskPlace) =>
      disk.idOf(request, { target, elsewhere, layers: [] });
    expect(idOf(place("beta"), has("alpha"))).toBe("images/data");
    expect(idOf(place("beta", { poolState: "stopped" }))).toBe("images/data");
    expect(idOf(place("beta"), place("alpha", { poolState: "stopped" }))).toBe("images/data");
    expect(idOf(place("beta", { mark }))).toBeUndefined();
    expect(idOf(place("beta", { volume: volume() }))).toBeUndefined();
    const fresh = { identity, inputs: onBeta(), chosen };
    expect(
      disk.idOf(fresh, { target: place("beta", { poolState: "absent" }), elsewhere: undefined, layers: [] }),
    ).toBeUndefined();
  });

  describe("that is to be in another pool", () => {
    const fast = { pool: "fast", folder: "/fast" };
    const request = { inputs: inputs({ pool: "fast" }), previous: inputs(), recorded, chosen };
    const move = "move disk data from pool images to pool fast on alpha";

    it("says who runs on meanwhile, and grows it afterwards", () => {
      const larger = { ...request, inputs: inputs({ pool: "fast", size: 96 * MIB }) };
      const lines = (users: Attachment[]) =>
        describePlan(planned(larger, place("alpha", fast), has("alpha", { users })));
      expect(lines([])).toEqual([move, "disk data 64 MiB -> 96 MiB"]);
      expect(lines([guest(false)])).toEqual([move, "disk data 64 MiB -> 96 MiB"]);
      expect(lines([guest(true)])).toEqual([
        `${move}, live: web runs on`,
        "disk data 64 MiB -> 96 MiB, live",
      ]);
    });

    it("goes on from half a copy, and ends one that is whole", () => {
      const leaving = { leaving: mark };
      const half = place("alpha", { ...fast, volume: volume(), unfinished: mark });
      expect(describePlan(planned(request, half, has("alpha", leaving)))).toEqual([move]);
      // A guest has gone over to it: observing takes that for a mark.
      const pivoted = { ...half, mark, users: [guest(true)] };
      expect(describePlan(planned(request, pivoted, has("alpha", leaving)))).toEqual([move]);
      const left = place("alpha", { volume: volume(), ...leaving });
      expect(describePlan(planned(request, has("alpha", fast), left))).toEqual([move]);
      expect(planned(request, has("alpha", fast))).toMatchObject({ steps: [], refusals: [] });
    });

    it("settles first where the disk was going to when people changed their minds", () => {
      const from = has("alpha", { leaving: mark });
      const to = place("alpha", { ...fast, volume: volume(), unfinished: mark });
      const back = { identity, inputs: inputs(), previous: inputs(), recorded };
      const observed = (interrupted: ObservedDisk["interrupted"]) => ({
        ...{ target: from, elsewhere: to, layers: [], interrupted },
      });
      expect(describePlan(plan(back, observed({ from, to })))).toEqual([
        "settle the interrupted move of disk data from pool images to pool fast on alpha: one whole volume stays",
      ]);
      expect(describePlan(plan(back, observed({ from, to: undefined })))).toEqual([
        "clear what an interrupted move of disk data noted on alpha",
      ]);
      expect(disk.idOf(back, observed({ from, to }))).toBe("images/data");
    });

    it("names all that is in the way", () => {
      const mirror = { path: "/else/data", job: "copy" as const, ready: false };
      const users = [guest(true, { hasSnapshots: true, mirror }), guest(false, { uuid: "h", name: "db" })];
      const target = place("alpha", { ...fast, availableBytes: 100 });
      const source = has("alpha", { users, volume: { ...volume(), allocationBytes: 200 } });
      const { refusals } = planned(request, target, source, ["layer"]);
      expect(refusals.map(({ message }) => message.replace(/^.* on alpha: /, ""))).toEqual([
        "domain web and domain db both have it; detach it from all but one",
        expect.stringMatching(/^snapshots of domain web hold its place/),
        expect.stringMatching(/^domain web is copying it to \/else\/data already/),
        "volume layer is a layer over it and would lose it; delete that first",
        "it takes 200 bytes, and that pool has 100 bytes left; make room there, or choose another pool",
      ]);
      const stopped = place("alpha", { ...fast, poolState: "stopped" });
      expect(kindsOf(planned(request, stopped, has("alpha")))).toEqual(["missing"]);
    });

    it("doesn't change host and pool at once while a domain has it", () => {
      const both = { ...request, inputs: onBeta({ pool: "fast" }) };
      const { refusals } = planned(both, place("beta", fast), has("alpha", { users: [guest(false)] }));
      expect(refusals[0]?.message).toMatch(
        /can't change from host alpha to beta and from pool images to fast/,
      );
      expect(describePlan(planned(both, place("beta", fast), has("alpha")))).toEqual([
        "move disk data alpha -> beta (pool images -> fast)",
      ]);
    });
  });
});
