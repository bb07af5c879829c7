import { describe, expect, it } from "vitest";
import { identityHash, identityOfUrn } from "../../provider/planning/owner.js";
import { describePlan, type Plan } from "../../provider/planning/plan.js";
import { describeStep, mustBeAnnounced } from "../../provider/planning/step.js";
import { snapshot } from "../../provider/resources/snapshot/index.js";
import type {
  FoundSnapshot,
  ObservedMachine,
  ObservedSnapshot,
  SnapshotRequest,
} from "../../provider/resources/snapshot/observe.js";
import { plan } from "../../provider/resources/snapshot/plan.js";
import { obstacles, removal } from "../../provider/resources/snapshot/removal.js";
import { revertToken } from "../../provider/resources/snapshot/revert-plan.js";
import type { Inputs, Outputs } from "../../provider/resources/snapshot/schema.js";

const urn = "urn:pulumi:lab::test::pulumi-kvm:Snapshot::before";
const identity = identityOfUrn(urn) ?? expect.fail("no URN");
const nonce = "00112233445566ff";
const chosen = { uuid: "u", nonce: "ffeeddccbbaa9988" };
const recorded = { id: "web/before", outputs: { nonce, uuid: "d" } as Outputs };

const inputs = (more: Partial<Inputs> = {}): Inputs => ({
  ...{ pulumiUrn: urn, host: "alpha", connection: { address: "10.0.0.1" }, vm: "web", name: "before" },
  ...{ type: "external", ...more },
});
const machine = (more: Partial<ObservedMachine> = {}): ObservedMachine => ({
  ...{
    uuid: "d",
    name: "web",
    isActive: true,
    isAsleep: false,
    firmware: "bios",
    variablesFormat: "raw",
    hasAgentChannel: true,
    hasAgent: true,
  },
  disks: [
    {
      target: "vda",
      path: "/images/web-0",
      format: "qcow2",
      isReadonly: false,
      isCopied: false,
      isEncrypted: false,
    },
    {
      target: "sda",
      path: "/images/cd.iso",
      format: "raw",
      isReadonly: true,
      isCopied: false,
      isEncrypted: false,
    },
  ],
  ...more,
});
const found = (more: Partial<FoundSnapshot["model"]> = {}, isOurs = true): FoundSnapshot => ({
  record: { name: "before", xml: "", isCurrent: true },
  model: {
    ...{ name: "before", createdAtSeconds: 1_700_000_000, memory: { place: "no" } },
    disks: [{ target: "vda", place: "external", overlay: "/images/web-0.before" }],
    ...more,
  },
  text: undefined,
  mark: isOurs ? { identityHash: identityHash(identity), nonce } : undefined,
});
const observed = (more: Partial<ObservedSnapshot> = {}): ObservedSnapshot => ({
  ...{
    ref: { name: "alpha", connection: { address: "10.0.0.1" }, credentials: {} },
    libvirtVersion: "9.0.0",
  },
  ...{ machine: machine(), snapshot: undefined, others: [], ...more },
});
const planned = (request: Partial<SnapshotRequest>, seen: ObservedSnapshot): Plan =>
  plan({ identity, inputs: inputs(), ...request }, seen);
const why = (result: Plan) =>
  result.refusals.map(({ message }) => message.replace(/^.* can't be taken: /, ""));
const internal = { inputs: inputs({ type: "internal" }) };

describe("the plan of a snapshot", () => {
  it("is empty when it is there, and says the same before its VM is as afterwards", () => {
    const there = observed({ snapshot: found() });
    expect(planned({ previous: inputs(), recorded }, there)).toMatchObject({ steps: [], refusals: [] });
    for (const request of [{}, internal]) {
      const early = describePlan(planned(request, observed({ machine: undefined })));
      expect(early).toHaveLength(1);
      for (const isActive of [true, false])
        expect(
          describePlan(planned({ ...request, chosen }, observed({ machine: machine({ isActive }) }))),
        ).toEqual(early);
    }
    expect(planned({ chosen }, observed({ machine: undefined })).refusals[0]?.message).toBe(
      "virtual machine web isn't on alpha, so that no snapshot of it can be taken there",
    );
  });

  it("must have announced that a guest stands still or goes back", () => {
    expect(planned({}, observed()).steps.map(mustBeAnnounced)).toEqual([false]);
    expect(planned(internal, observed()).steps.map(mustBeAnnounced)).toEqual([true]);
    const changed = { inputs: inputs({ revert: "2" }), previous: inputs({ revert: "1" }), recorded };
    const { steps } = planned(changed, observed({ snapshot: found() }));
    expect(steps.map(mustBeAnnounced)).toEqual([true]);
  });

  it("reverts when revert changes, once, and not when it is first taken", () => {
    const seen = observed({ snapshot: found() });
    const kinds = (
      from: string | undefined,
      to: string | undefined,
      request: Partial<SnapshotRequest> = {},
    ) =>
      planned(
        {
          inputs: inputs(to === undefined ? {} : { revert: to }),
          previous: inputs(from === undefined ? {} : { revert: from }),
          ...{ recorded, ...request },
        },
        seen,
      ).steps.map(({ kind }) => kind);
    expect(kinds(undefined, "1")).toEqual(["revertToSnapshot"]);
    expect(kinds("1", "1")).toEqual([]);
    expect(kinds("1", undefined)).toEqual([]);
    expect(planned({ inputs: inputs({ revert: "1" }), chosen }, seen).steps).toEqual([]);
    const done = { ...found(), mark: { ...found().mark, revert: { token: revertToken("2"), isDone: true } } };
    const request = { inputs: inputs({ revert: "2" }), previous: inputs({ revert: "1" }), recorded };
    expect(planned(request, observed({ snapshot: done as FoundSnapshot })).steps).toEqual([]);
  });

  it("says what becomes of the guest when it goes back", () => {
    const request = { inputs: inputs({ revert: "2" }), previous: inputs({ revert: "1" }), recorded };
    const lineOf = (state: string, isActive: boolean, libvirtVersion = "11.3.0") => {
      const seen = { snapshot: found({ state }), machine: machine({ isActive }), libvirtVersion };
      const [step] = planned(request, observed(seen)).steps;
      return step === undefined
        ? ""
        : describeStep(step)
            .join()
            .replace(/^.*Z: /, "");
    };
    const memory = "what its memory, its disks and its definition got since is lost";
    const boots = "the running guest's power is cut and it boots";
    expect(lineOf("running", true)).toBe(`the running guest is back in that moment at once; ${memory}`);
    expect(lineOf("running", false)).toBe(`the guest, which is off, is back in that moment; ${memory}`);
    const disks = "what its disks and its definition got since is lost";
    expect(lineOf("disk-snapshot", true)).toBe(`${boots}; ${disks}`);
    expect(lineOf("shutoff", false)).toBe(disks);
    for (const older of ["9.0.0", "10.0.0"])
      expect(lineOf("disk-snapshot", true, older)).toBe(`${boots}; what its disks got since is lost`);
    expect(lineOf("shutoff", false, "10.0.0")).toBe(disks);
  });

  it("can't revert everything", () => {
    const request = { inputs: inputs({ revert: "2" }), previous: inputs({ revert: "1" }), recorded };
    const full = found({ memory: { place: "external", file: "/images/m" } });
    const child = found({ name: "later", parent: "before" }, false);
    const { refusals } = planned(request, observed({ snapshot: full, others: [child] }));
    expect(refusals.map(({ message }) => message.replace(/^.* snapshot before: /, ""))).toEqual([
      expect.stringMatching(
        /^it has the guest's memory in a file, and libvirt 9.0.0 doesn't go back to that/,
      ),
      expect.stringMatching(/^snapshot later was taken on top of it/),
    ]);
    const newer = observed({ snapshot: full, others: [child], libvirtVersion: "10.0.0" });
    expect(planned(request, newer).refusals).toEqual([]);
    const disks = observed({
      ...{ snapshot: found({ state: "disk-snapshot" }), others: [child], libvirtVersion: "10.0.0" },
    });
    expect(planned(request, disks).refusals).toMatchObject([
      { message: expect.stringMatching(/snapshot later was taken on top of it, and libvirt 10\.0\.0 can't/) },
    ]);
  });

  it("refuses what libvirt would, or couldn't merge again, all at once", () => {
    const raw = machine({
      disks: machine().disks.map((disk) => ({ ...disk, format: "raw" })),
      firmware: "uefi",
    });
    const noMemory = { inputs: inputs({ type: "internal" as const, memory: false }) };
    expect(why(planned(noMemory, observed({ machine: raw })))).toEqual([
      expect.stringMatching(/^memory is false and the guest runs/),
      expect.stringMatching(/^its firmware is UEFI, and libvirt 9.0.0 can't .* \(10.10.0 can\)/),
      expect.stringMatching(/^disk vda is raw, and internal snapshots are kept in qcow2 images/),
    ]);
    const newer = (variablesFormat: string) =>
      why(
        planned(
          { inputs: inputs({ type: "internal" as const }) },
          observed({ machine: machine({ firmware: "uefi", variablesFormat }), libvirtVersion: "11.3.0" }),
        ),
      );
    expect(newer("qcow2")).toEqual([]);
    expect(newer("raw")).toEqual([
      expect.stringMatching(/^its firmware is UEFI, and its variables are in a raw file/),
    ]);
    const much = { inputs: inputs({ memory: true, quiesce: true, disks: ["vdz"] }) };
    const still = machine({ isActive: false, hasAgentChannel: false });
    expect(why(planned(much, observed({ machine: still, libvirtVersion: "8.0.0" })))).toEqual([
      expect.stringMatching(/^libvirt 8.0.0 couldn't merge it again/),
      expect.stringMatching(/^memory is true and the guest is off/),
      expect.stringMatching(/^quiesce needs the guest agent/),
      "it has no disk vdz; there are vda, sda",
      "it has no disk that the guest writes to",
    ]);
    const copied = machine({ disks: machine().disks.map((disk) => ({ ...disk, isCopied: true })) });
    const other = { ...found({ name: "old", disks: [] }, false), text: undefined };
    expect(why(planned({}, observed({ machine: copied, others: [other] })))).toEqual([
      expect.stringMatching(/^disk vda is being copied to another file/),
      expect.stringMatching(/^there is old, which is internal/),
    ]);
  });

  it("takes none in an encrypted disk, and says that what is written beside one isn't encrypted", () => {
    const disks = machine().disks.map((disk) => ({ ...disk, isEncrypted: true }));
    const seen = observed({ machine: machine({ disks }) });
    expect(why(planned(internal, seen))).toEqual([
      'disk vda is encrypted: asked for an internal snapshot then, QEMU ends, and the guest with it; use type "external"',
    ]);
    expect(planned({}, seen)).toMatchObject({
      refusals: [],
      warnings: [
        "disk vda of web is encrypted, and what the guest writes from snapshot before on isn't, until the snapshot is deleted and that is merged",
      ],
    });
    expect(planned({}, observed()).warnings).toEqual([]);
  });

  it("doubts in a preview that a silent agent quiesces, and refuses when it is to", () => {
    const quiesced = { inputs: inputs({ quiesce: true }) };
    const applying = { ...quiesced, chosen: { uuid: "u", nonce } };
    expect(planned(quiesced, observed())).toMatchObject({ refusals: [], warnings: [] });
    const silent = observed({ machine: machine({ hasAgent: false }) });
    const message =
      "snapshot before of web on alpha can't be quiesced: its guest agent doesn't answer; see that qemu-guest-agent runs in the guest (waitFor: \"agent\" waits for it), or leave quiesce out";
    expect(planned(quiesced, silent)).toMatchObject({ refusals: [], warnings: [message] });
    expect(planned(applying, silent)).toMatchObject({ refusals: [{ message }], warnings: [] });
    const off = observed({ machine: machine({ hasAgent: false, isActive: false }) });
    expect(planned(quiesced, off)).toMatchObject({ refusals: [], warnings: [] });
    expect(planned(applying, off)).toMatchObject({ refusals: [{ kind: "missing" }] });
  });

  it("doubts in a preview that one of a guest that sleeps can be taken, and refuses when it still does", () => {
    const asleep = observed({ machine: machine({ isAsleep: true }) });
    const message = expect.stringMatching(/can't be taken while the guest sleeps .*virsh dompmwakeup web/);
    expect(planned({ inputs: inputs() }, asleep)).toMatchObject({ refusals: [], warnings: [message] });
    const applying = { inputs: inputs(), chosen: { uuid: "u", nonce } };
    expect(planned(applying, asleep)).toMatchObject({ refusals: [{ message }], warnings: [] });
  });

  it("takes it anew for what can't be changed, and keeps its id otherwise", () => {
    const seen = observed({ snapshot: found() });
    for (const change of [
      { type: "internal" as const },
      { memory: true },
      { disks: ["vda"] },
      { name: "x" },
    ]) {
      const { replaceBecause, warnings } = planned(
        { inputs: inputs(change), previous: inputs(), recorded },
        seen,
      );
      expect(replaceBecause).toEqual(Object.keys(change));
      expect(warnings).toEqual([
        expect.stringMatching(
          /^snapshot before of web on alpha, taken at 2023-11-14T22:13:20.000Z, is deleted and another/,
        ),
      ]);
    }
    const others = observed({ snapshot: found({}, false) });
    expect(planned({ inputs: inputs({ name: "x" }), previous: inputs() }, others).warnings).toEqual([]);
    expect(snapshot.idOf({ identity, inputs: inputs(), recorded, previous: inputs() }, seen)).toBe(
      "web/before",
    );
    const foreign = observed({ snapshot: found({}, false) });
    expect(planned({}, foreign).refusals.map(({ kind }) => kind)).toEqual(["foreignObject"]);
    expect(snapshot.idOf({ identity, inputs: inputs() }, foreign)).toBeUndefined();
  });

  it("says of its removal whether anything is merged, and for what libvirt would refuse it", async () => {
    const gone = { recorded, previous: inputs() };
    const removed = (seen: Partial<ObservedSnapshot>, more: Partial<Inputs> = {}) => {
      const request = { identity, inputs: inputs(more), ...gone };
      return {
        said: removal(request, observed(seen)).flatMap(describeStep),
        refused: async () =>
          (await obstacles(request, observed(seen)))
            .filter(({ keepers }) => keepers.length > 0)
            .map(({ keepers, refusal }) => refusal(keepers)),
      };
    };
    const upper = (name: string, parent: string): FoundSnapshot => {
      const { model, ...rest } = found({ name, parent }, false);
      return { ...rest, model, record: { name, xml: "", isCurrent: false } };
    };
    const lower = { snapshot: found(), others: [upper("after", "before"), upper("other", "else")] };
    expect(removed({ snapshot: found() }).said).toEqual([
      "delete snapshot before of web on alpha: what was written since is merged into its disks, live",
    ]);
    const inside = found({ disks: [{ target: "vda", place: "internal" }] });
    expect(removed({ snapshot: inside }).said).toEqual([
      "delete snapshot before of web on alpha: its disks stay as they are, and nothing goes back to it any more, live",
    ]);
    expect(await removed({ snapshot: found() }).refused()).toEqual([]);
    expect(await removed(lower).refused()).toEqual([
      expect.stringMatching(
        /^snapshot before of web on alpha can't be deleted: the guest went back to it, and after is built on it/,
      ),
    ]);
    // The guest is on what came after it, as ever.
    const { record, ...rest } = found();
    const below = { ...rest, record: { ...record, isCurrent: false } };
    expect(await removed({ ...lower, snapshot: below }).refused()).toEqual([]);
    expect(await removed(lower, { retainOnDelete: true }).refused()).toEqual([]);
    const out = machine({ disks: [] });
    expect(await removed({ snapshot: found(), machine: out }).refused()).toEqual([
      "disk vda, which snapshot before is of, isn't in web any more, and libvirt can't delete the snapshot without it; plug it in again first",
    ]);
    // That one is forgotten.
    expect(await removed({ snapshot: inside, machine: out }).refused()).toEqual([]);
  });
});
