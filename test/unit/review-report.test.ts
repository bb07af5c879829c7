import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { escapeMarkdown } from "../../cli/markup.js";
import { noPaint } from "../../cli/paint.js";
import { program } from "../../cli/program.js";
import { Progress } from "../../cli/progress.js";
import { toneOf } from "../../cli/review/formats/words.js";
import { type GatheredChange, gather } from "../../cli/review/gather.js";
import { nameOf } from "../../cli/review/impact.js";
import { makeReport } from "../../cli/review/make-report.js";
import { readPreview } from "../../cli/review/preview.js";
import { previewOptions } from "../../cli/review/preview-options.js";
import { report as reportSchema } from "../../cli/review/report.js";
import { formatted, gates } from "../../cli/review/run.js";
import { readState, type StateResource } from "../../cli/state/state.js";
import { secrecyOf } from "../../provider/engine/secrecy.js";
import { emptyPlan } from "../../provider/planning/plan.js";
import { SecretTexts } from "../../provider/planning/secret-texts.js";
import type { Step } from "../../provider/planning/step.js";
import type { Keeper, RemovalObstacle } from "../../provider/resources/removal-obstacle.js";
import {
  type ChangeOptions,
  changeOf,
  hostOf,
  MIB,
  machineState,
  resourceState,
  reviewOf,
  silent,
  smallWorld,
} from "./review-worlds.js";

const machine = { name: "web", host: "alpha" };
const state = machineState(machine);
const one = (steps: Step[], options: ChangeOptions = {}) =>
  reviewOf({
    hosts: [hostOf("alpha", [machine]), hostOf("beta", [])],
    machines: [machine],
    changes: [changeOf("web", steps, { resource: state, ...options })],
  });
const memory = { property: "memory", from: "1 GiB", to: "2 GiB" };

describe("the review of a change", () => {
  it("is of the published schema", () => {
    const path = join(import.meta.dirname, "../../schemas/review-1.schema.json");
    const validate = new Ajv2020().compile(JSON.parse(readFileSync(path, "utf8")));
    const report = reviewOf(smallWorld());
    expect(validate(JSON.parse(JSON.stringify(report))), JSON.stringify(validate.errors)).toBe(true);
    expect(reportSchema.parse(report)).toEqual(report);
  });

  it("answers first whether a guest restarts, whatever else there is", () => {
    const verdict = (steps: Step[], options?: ChangeOptions) => one(steps, options).verdict[0];
    const subject = "web";
    const lost: Step = {
      kind: "deleteVolume",
      subject,
      host: "alpha",
      pool: "images",
      volume: "web-0",
      sizeBytes: MIB,
      effect: "none",
    };
    expect(verdict([])).toBe("No: no guest restarts, stops or moves.");
    expect(verdict([{ kind: "restart", subject, force: false, changes: [memory], effect: "restart" }])).toBe(
      "Yes: 1 guest restarts.",
    );
    expect(verdict([{ kind: "shutdown", subject, force: false, effect: "stop" }])).toBe(
      "Yes: 1 guest stops, no guest restarts.",
    );
    expect(verdict([{ kind: "pause", subject, effect: "stop" }])).toBe(
      "Yes: 1 guest is paused, no guest restarts.",
    );
    const start: Step = { kind: "start", subject, effect: "none", reason: "new" };
    expect(one([start, { kind: "pause", subject, effect: "stop" }]).verdict).toEqual([
      "No: no guest restarts, stops or moves.",
      "Started: web.",
    ]);
    expect(
      verdict([{ kind: "migrate", subject, from: "alpha", to: "beta", copies: [], effect: "migrate" }]),
    ).toMatch(/^Hardly: no guest restarts or stops; 1 guest moves/);
    expect(verdict([{ kind: "changeRunning", subject, changes: [memory], effect: "live" }])).toMatch(
      /^No: no guest restarts, stops or moves; what changes at once/,
    );
    const unplugged = { property: "interfaces[52:54:00:00:00:01]", from: "network lan", to: "none" };
    const felt = { ...unplugged, warning: "the guest loses it" };
    expect(verdict([{ kind: "changeRunning", subject, changes: [felt], effect: "live" }])).toBe(
      "Yes: 1 guest loses a disk or a link, no guest restarts.",
    );
    const goes: Step = {
      ...{ kind: "removeMachine", subject, host: "alpha", guest: "powerCut", snapshots: [], effect: "stop" },
    };
    const found: Step = { kind: "record", subject, effect: "none", reason: "it was made before" };
    const replacement = [start];
    const replaced = one([found], { operation: "replace", removal: [goes, lost], replacement });
    expect(replaced.verdict).toEqual([
      "Yes: 1 guest is replaced, data is deleted.",
      "Stopped, deleted and made anew: VirtualMachine web.",
      "Lost for good: disk web-0 in pool images on alpha (1 MiB).",
      "Started: web.",
    ]);
    expect(replaced.changes[0]?.steps.map(({ kind }) => kind)).toEqual([
      "removeMachine",
      "deleteVolume",
      "start",
    ]);
    expect(replaced).toMatchObject({ outcome: "noticed", exitCode: 0 });
    expect(replaced.hosts[0]?.guests).toEqual({ before: 1, after: 1 });
    expect(verdict([lost])).toBe("No running guest restarts or stops, but data is deleted.");
    expect(
      verdict(
        [
          {
            kind: "restartNetwork",
            subject: "lan",
            host: "alpha",
            changes: [memory],
            machines: ["a", "b"],
            link: "cut",
            effect: "live",
          },
        ],
        { kind: "Network" },
      ),
    ).toBe("Yes: 2 guests lose their network for some seconds, no guest restarts.");
    const untold = {
      kind: "unobservable",
      reason: "host beta is unreachable: off",
      hostName: "beta",
    } as const;
    expect(verdict([], { found: untold })).toBe("It can't be told whether a guest restarts.");
    const refusal = { kind: "shrink", message: "disk web-0 can't shrink" } as const;
    expect(one([], { plan: { refusals: [refusal] } })).toMatchObject({ outcome: "uncertain", exitCode: 3 });
  });

  it("tells of what is refused, though Pulumi previews no step for it", async () => {
    const { step } = changeOf("db", []);
    const plan = {
      ...emptyPlan(),
      refusals: [{ kind: "shrink" as const, message: "disk db-0 can't shrink" }],
    };
    const secrets = new SecretTexts();
    const preview = { project: "shop", stack: "prod", steps: [], others: 0, errors: [""], warnings: [] };
    const record = { urn: step.urn, kind: step.kind, call: "check" as const, inputs: {} };
    const gatheredOf = (isOnRecord: boolean) =>
      gather(preview, {
        ...{ state: undefined, secrets, progress: new Progress(process.stderr, { quiet: true }) },
        records: [{ ...record, isOnRecord, found: { kind: "planned", plan, explained: [] } }],
      });
    const gathered = await gatheredOf(false);
    expect(gathered.changes.map(({ step }) => step.operation)).toEqual(["create"]);
    // The state has it under the URN of before, of which it is an alias.
    expect((await gatheredOf(true)).changes.map(({ step }) => step.operation)).toEqual(["update"]);
    const report = makeReport(gathered, {
      ...{ at: new Date(0), failOn: new Set(["refused"] as const), bandwidthMibPerSecond: 1, secrets },
    });
    expect(report).toMatchObject({
      exitCode: 2,
      changes: [{ name: "db", impacts: ["refused"], reason: "disk db-0 can't shrink" }],
    });
    expect(report.verdict).toContain("Refused, and why stands below: VirtualMachine db.");
  });

  it("tells of deletions that are refused, at the top, and of none that the deployment itself makes possible", () => {
    const domain: Keeper & { kind: "domain" } = {
      ...{ kind: "domain", label: "web", host: "alpha" },
      ...{ uuid: state.id, name: "web", running: true },
    };
    const volume = {
      kind: "volume" as const,
      host: "alpha",
      pool: "images",
      label: "x",
      volume: "x",
      path: "/x",
    };
    const marked = { ...volume, marks: [{ identityHash: "none of these", nonce: "of-web", volume: "x" }] };
    const foreign = { ...volume, label: "y", volume: "y", path: "/y", marks: [] };
    const upper: Keeper = { kind: "snapshot", label: "upper", host: "alpha" };
    const obstaclesOf = (...keepers: Keeper[]): RemovalObstacle[] => [
      { keepers, refusal: (left) => `${left.map(({ label }) => label).join(" and ")} would lose it` },
    ];
    const web: StateResource = { ...state, outputs: { nonce: "of-web" } };
    const disk = "urn:pulumi:prod::shop::pulumi-nodejs:dynamic/kvm:Disk::data";
    const reviewed = (
      keepers: Keeper[],
      other?: GatheredChange,
      operation: "delete" | "replace" = "delete",
    ) => {
      const removed = changeOf("data", [], {
        ...{ kind: "Disk", operation, removal: [lostStep], obstacles: obstaclesOf(...keepers) },
        resource: resourceState("Disk", "data", { name: "data", host: "alpha", pulumiUrn: disk }),
      });
      return reviewOf({
        ...{ hosts: [hostOf("alpha", [machine])], machines: [machine], failOn: ["deleteData"] },
        changes: [removed, ...(other === undefined ? [] : [other])],
      });
    };
    const lostStep: Step = {
      ...{ kind: "deleteVolume", subject: "data", host: "alpha", pool: "images", volume: "data" },
      ...{ sizeBytes: MIB, effect: "none" },
    };
    const unplug: Step = {
      ...{ kind: "changeRunning", subject: "web", effect: "live" },
      changes: [{ property: "disks[vdb]", from: "data in images", to: "none" }],
    };
    const live: Step = { kind: "changeRunning", subject: "web", changes: [memory], effect: "live" };
    const later: Step = { kind: "updateDefinition", subject: "web", changes: [memory], effect: "nextBoot" };
    const off: Step = { kind: "shutdown", subject: "web", force: false, effect: "stop" };
    const update = (...steps: Step[]) => changeOf("web", steps, { resource: web });
    const gone = changeOf("web", [], { operation: "delete", resource: web, removal: [] });
    const kept: Step = {
      ...{ kind: "keepVolume", subject: "web", host: "alpha", pool: "images", volume: "x", effect: "none" },
    };
    const dependent = update(unplug);
    dependent.step.dependsOn = [disk];
    const cases: [refused: string | undefined, report: ReturnType<typeof reviewed>][] = [
      [undefined, reviewed([])],
      ["web", reviewed([domain])],
      ["web", reviewed([{ ...domain, uuid: "of no state" }], gone)],
      [undefined, reviewed([domain], gone)],
      ["upper", reviewed([upper], update(live))],
      [
        undefined,
        reviewed([upper], changeOf("upper", [], { kind: "Snapshot", operation: "delete", removal: [] })),
      ],
      ["web", reviewed([domain], changeOf("web", [], { operation: "forget", resource: web }))],
      [undefined, reviewed([domain], update(unplug))],
      [undefined, reviewed([domain], update(off))],
      ["web", reviewed([domain], update(live, later))],
      [undefined, reviewed([{ ...domain, running: false }], update(later))],
      [
        undefined,
        reviewed(
          [domain],
          changeOf("web", [], { resource: web, found: { kind: "unknown", keys: ["disks"] } }),
        ),
      ],
      [
        undefined,
        reviewed(
          [domain],
          changeOf("web", [], { operation: "create", inputs: { name: "web", adopt: true } }),
        ),
      ],
      [undefined, reviewed([domain], changeOf("before", [], { kind: "Snapshot" }))],
      // What comes in its place isn't there before: who depends on it waits for that.
      ["web", reviewed([domain], dependent, "replace")],
      [undefined, reviewed([domain], dependent)],
      ["x", reviewed([marked])],
      [undefined, reviewed([marked], gone)],
      ["x", reviewed([marked], update(live, later))],
      [undefined, reviewed([marked], update(live, { ...lostStep, volume: "x" }))],
      ["x", reviewed([marked], changeOf("web", [], { operation: "delete", resource: web, removal: [kept] }))],
      ["y", reviewed([marked, foreign], gone)],
      ["x and y", reviewed([marked, foreign])],
      [undefined, reviewed([foreign], changeOf("before", [], { kind: "Snapshot", operation: "delete" }))],
    ];
    for (const [i, [refused, report]] of cases.entries()) {
      const change = report.changes.find(({ kind }) => kind === "Disk");
      const reason = refused === undefined ? undefined : `${refused} would lose it`;
      expect([i, change?.reason, change?.lost.length]).toEqual([i, reason, refused === undefined ? 1 : 0]);
      const isReplaced = change?.operation === "replace";
      if (reason === undefined) expect(report.exitCode).toBe(2);
      else {
        expect(report.exitCode).toBe(3);
        expect(report.verdict[1]).toBe(
          `The deployment would fail at ${isReplaced ? "replacing" : "deleting"} Disk data: ${reason}.`,
        );
      }
    }
    expect(reviewed([domain]).verdict[0]).toBe("No: no guest restarts, stops or moves.");
  });

  it("says of what Pulumi leaves on the host that nothing is deleted, and what is in its way", () => {
    const found: Step = { kind: "record", subject: "web", effect: "none", reason: "it goes on with it" };
    const left = (replacement: Step[], plan = {}) => {
      const change = changeOf("web", [], { operation: "replace", resource: state, replacement });
      change.step.leftBecause = "retainOnDelete";
      if (change.replacement?.found.kind === "planned") Object.assign(change.replacement.found.plan, plan);
      return reviewOf({
        ...{ hosts: [hostOf("alpha", [machine])], machines: [machine], changes: [change] },
        failOn: ["replace", "deleteData"],
      });
    };
    expect(left([found])).toMatchObject({
      ...{ exitCode: 0, outcome: "unnoticed", verdict: ["No: no guest restarts, stops or moves."] },
      changes: [{ operation: "replace", impacts: ["none"], lost: [] }],
    });
    expect(left([], { refusals: [{ kind: "inUse", message: "it is qcow2" }] })).toMatchObject({
      ...{ exitCode: 3, changes: [{ impacts: ["refused"], reason: "it is qcow2" }] },
      verdict: [
        "No: no guest restarts, stops or moves.",
        "The deployment would fail at replacing VirtualMachine web: it is qcow2.",
      ],
    });
  });

  it("tells of what is still to be deleted after a replacement that was cut off, which no preview lists", async () => {
    const urn = "urn:pulumi:prod::shop::pulumi-nodejs:dynamic/kvm:Disk::data";
    const type = "pulumi-nodejs:dynamic/kvm:Disk";
    const left = { urn, type, id: "images/data", delete: true, inputs: { name: "data", host: "alpha" } };
    const resources = [left, { ...left, id: "other", retainOnDelete: true }];
    const secrets = new SecretTexts();
    const state = readState(JSON.stringify({ version: 3, deployment: { resources } }), "x", secrets);
    const preview = { project: "shop", stack: "prod", steps: [], others: 0, errors: [], warnings: [] };
    const gathered = (isTargeted: boolean) =>
      gather(preview, {
        ...{ state, records: [], secrets, isTargeted },
        progress: new Progress(process.stderr, { quiet: true }),
      });
    const { changes } = await gathered(false);
    expect(changes.map(({ step, removal }) => [step.operation, removal?.kind])).toEqual([
      ["delete", "unreadable"],
      ["forget", undefined],
    ]);
    const lost: Step = {
      ...{ kind: "deleteVolume", subject: "data", host: "alpha", pool: "images", volume: "data" },
      ...{ sizeBytes: MIB, effect: "none" },
    };
    const [one] = changes as [GatheredChange, GatheredChange];
    const report = reviewOf({
      ...{
        hosts: [hostOf("alpha", [])],
        machines: [],
        others: [{ ...resourceState("Disk", "data", {}), urn }],
      },
      changes: [{ ...one, removal: { kind: "planned", steps: [lost], obstacles: [] } }],
    });
    expect(report).toMatchObject({
      ...{
        unchanged: 1,
        summary: { deleteData: 1 },
        topology: { disks: [{ name: "data", impact: "none" }] },
      },
      changes: [{ notes: [expect.stringMatching(/left it to be deleted; no preview says so/)] }],
    });
    expect((await gathered(true)).changes).toEqual([]);
  });

  it("plans what is new in a preview that was given again, with what its check found out", async () => {
    const { step } = changeOf("rows", [], { kind: "Disk", operation: "create" });
    // Nobody listens there.
    const connection = { address: "127.0.0.1", port: 1, sshConfig: false, hostKeyPolicy: "acceptNew" };
    const inputs = {
      ...{ pulumiUrn: step.urn, name: "rows", host: "alpha", connection, credentials: {} },
      ...{
        pool: "images",
        size: MIB,
        format: "raw",
        source: "/etc/hostname",
        sourceChecksum: "0".repeat(64),
      },
      effects: ["create disk rows (1 MiB, raw) in pool images on alpha"],
    };
    const steps = [{ ...step, inputs }];
    const preview = { project: "shop", stack: "prod", steps, others: 0, errors: [], warnings: [] };
    const gathered = await gather(preview, {
      ...{ state: undefined, secrets: new SecretTexts(), records: undefined },
      progress: new Progress(process.stderr, { quiet: true }),
    });
    expect(gathered.changes[0]?.records).toMatchObject([{ call: "check", found: { kind: "unobservable" } }]);
  });

  it("is a gate only for what it is told to be", () => {
    const change = changeOf(
      "web",
      [{ kind: "restart", subject: "web", force: false, changes: [memory], effect: "restart" }],
      { resource: state },
    );
    const world = { hosts: [hostOf("alpha", [machine])], machines: [machine], changes: [change] };
    expect(reviewOf(world).exitCode).toBe(0);
    expect(reviewOf({ ...world, failOn: ["migrate"] }).exitCode).toBe(0);
    expect(reviewOf({ ...world, failOn: ["migrate", "restart"] })).toMatchObject({
      exitCode: 2,
      failed: ["restart"],
    });
    expect(reviewOf({ ...world, hosts: [silent("alpha")], changes: [] }).exitCode).toBe(0);
  });

  it("closes each gate on what it names, and on nothing else", () => {
    const subject = "web";
    const at = { subject, host: "alpha" };
    const removal = (guest: "off" | "powerCut"): ChangeOptions => ({
      operation: "delete",
      removal: [
        {
          ...{ kind: "removeMachine", ...at, guest, snapshots: [] },
          effect: guest === "off" ? "none" : "stop",
        },
      ],
    });
    const unplugged = { property: "disks[vdb]", from: "data", to: "none", warning: "the guest loses it" };
    const restarted: Step = {
      ...{ ...at, kind: "restartNetwork", changes: [memory], machines: ["web"] },
      ...{ link: "cut", effect: "live" },
    };
    const volume = { pool: "images", volume: "web-0", sizeBytes: MIB, effect: "none" } as const;
    const unobservable = { kind: "unobservable", reason: "off" } as const;
    const cases: [impacts: string, steps: Step[], options?: ChangeOptions][] = [
      ["delete-data", [{ kind: "deleteVolume", ...at, ...volume }]],
      ["replace", [], { operation: "replace" }],
      ["restart", [{ kind: "restart", subject, force: false, changes: [memory], effect: "restart" }]],
      ["stop", [{ kind: "shutdown", subject, force: false, effect: "stop" }]],
      ["pause", [{ kind: "pause", subject, effect: "stop" }]],
      ["disconnect", [restarted]],
      ["detach live", [{ kind: "changeRunning", subject, changes: [unplugged], effect: "live" }]],
      ["delete", [], removal("off")],
      ["stop delete", [], removal("powerCut")],
      ["refused", [], { plan: { refusals: [{ kind: "shrink", message: "it can't shrink" }] } }],
      ["unreachable", [], { found: { ...unobservable, hostName: "beta" } }],
      [
        "unreachable",
        [],
        { operation: "delete", removal: { kind: "unreachable", hostName: "b", reason: "off" } },
      ],
      ["unknown", [], { found: { kind: "unknown", keys: ["memory"] } }],
      ["unknown", [], { found: { ...unobservable, hostName: undefined } }],
      ["migrate", [{ kind: "migrate", subject, from: "alpha", to: "beta", copies: [], effect: "migrate" }]],
      ["live", [{ kind: "setAutostart", subject, to: true, effect: "live" }]],
      ["next-boot", [{ kind: "updateDefinition", subject, changes: [memory], effect: "nextBoot" }]],
      ["", [{ kind: "renameMachine", subject, from: "web", to: "www", effect: "none" }]],
    ];
    expect(new Set(cases.flatMap(([names]) => names.split(" ")))).toEqual(
      new Set(["", ...gates.map(nameOf)]),
    );
    for (const [names, steps, options] of cases)
      for (const gate of gates) {
        const { exitCode, failed } = reviewOf({
          ...{ hosts: [hostOf("alpha", [machine])], machines: [machine], failOn: [gate] },
          changes: [changeOf("web", steps, { resource: state, ...options })],
        });
        const closes = names.split(" ").includes(nameOf(gate));
        expect([names, gate, failed, exitCode === 2]).toEqual([names, gate, closes ? [gate] : [], closes]);
      }
  });

  it("reckons with the room of each host", () => {
    const { hosts } = reviewOf(smallWorld());
    const room = (name: string) => hosts.find((host) => host.name === name);
    // Of nine running ones two move away, and one to each of the others, where one more is made and one goes.
    expect(room("alpha")?.guests).toEqual({ before: 9, after: 7 });
    expect(room("beta")?.memory).toMatchObject({ before: 9 * 1024 * MIB, after: (9 + 1 + 4) * 1024 * MIB });
    expect(room("gamma")?.guests).toEqual({ before: 9, after: 9 });
    const pool = room("beta")?.pools[0];
    expect((pool?.before ?? 0) - (pool?.after ?? 0)).toBe(20 * 1024 * MIB + 512 * MIB);
  });

  it("warns first of memory and room that a host won't have, with figures, and of none that it has", () => {
    const big = {
      kind: "createVolume",
      subject: "big",
      host: "alpha",
      pool: "images",
      volume: "big-0",
    } as const;
    const reviewed = (memoryMib: number, sizeGib: number) => {
      const named = { name: "big", host: "alpha", memoryMib };
      const steps: Step[] = [
        { kind: "defineMachine", subject: "big", host: "alpha", effect: "none", reason: "new" },
        { ...big, sizeBytes: sizeGib * 1024 * MIB, format: "qcow2", effect: "none" },
        { kind: "start", subject: "big", effect: "none", reason: "new" },
      ];
      const inputs = machineState(named).inputs;
      const changes = [changeOf("big", steps, { operation: "create", inputs })];
      return reviewOf({ hosts: [hostOf("alpha", [machine], 8)], machines: [machine], changes });
    };
    const report = reviewed(8192, 400);
    expect(report.verdict).toEqual([
      "No: no guest restarts, stops or moves.",
      "Warning: more memory than alpha has: running guests may claim 9 GiB of 8 GiB (1 GiB before).",
      "Warning: more disks than pool images on alpha has room for: 300 GiB of 500 GiB are free, and those that are made or grow need 400 GiB when they are full.",
      "New: big.",
    ]);
    expect(report).toMatchObject({ outcome: "unnoticed", exitCode: 0 });
    expect(toneOf(report)).toBe("warn");
    expect(reviewed(7168, 300).verdict).toEqual(["No: no guest restarts, stops or moves.", "New: big."]);
  });

  it("tells when the host isn't any more as the preview said, and what isn't known before the deployment", () => {
    const start: Step = { kind: "start", subject: "web", effect: "none", reason: "it is off" };
    expect(one([start], { effects: ["memory 1 GiB -> 2 GiB, live"] }).changes[0]).toMatchObject({
      impacts: ["unknown"],
      reason: expect.stringMatching(
        /changed since the preview, which said: memory .* now it would be: start/,
      ),
    });
    const unknown = { kind: "unknown" as const, keys: ["host"] };
    expect(one([], { found: unknown }).exitCode).toBe(3);
    // Nobody is in what isn't there yet.
    expect(one([], { found: unknown, operation: "create", resource: undefined })).toMatchObject({
      ...{ exitCode: 0, outcome: "unnoticed" },
    });
  });

  it("holds nothing that is secret, in no format, though it stood in XML, and was short", () => {
    const secrets = new SecretTexts();
    const planted = `planted<"&'>secret`;
    secrets.add(planted);
    const inXml = planted.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
    const of = (description: string) =>
      reviewOf({
        ...{ hosts: [hostOf("alpha", [machine])], machines: [machine], secrets },
        changes: [
          changeOf(
            "web",
            [
              {
                kind: "updateDefinition",
                subject: "web",
                changes: [{ property: "description", from: description, to: `"${description}"` }],
                effect: "none",
              },
            ],
            {
              resource: state,
              inputs: { ...state.inputs, description },
              masked: { ...state.inputs, description: "[secret]" },
              explained: [
                `the definition changes:\n@@ -1 +1 @@\n-  <description>${inXml}</description>\n+  <description>${description}</description>`,
              ].map(secrecyOf({ description, secretInputs: ["description"] }, undefined).explained),
              plan: { warnings: [`said of ${planted}`] },
            },
          ),
        ],
      });
    for (const format of ["text", "markdown", "html", "json"] as const) {
      expect(formatted(of(planted), format, noPaint)).not.toMatch(/planted/);
      // Too short to be found in a text: then the document's changes aren't shown.
      expect(formatted(of("xyz"), format, noPaint)).not.toMatch(/xyz/);
    }
  });

  it("mentions nobody, links to nothing and turns nothing round, whatever a machine is called", () => {
    const name = "@ada #7 GH-7 shop/web#7 http://x.test www.x.test \u202eon a@x.test";
    const harmless =
      "@\u200bada #\u200b7 GH\u200b-7 shop/web#\u200b7 http:&#47;/x.test www&#46;x.test ?on a@x.test";
    expect(escapeMarkdown(name)).toBe(harmless);
    const report = reviewOf({
      ...{ hosts: [hostOf("alpha", [machine])], machines: [machine] },
      changes: [
        changeOf(name, [{ kind: "start", subject: name, reason: name, effect: "none" }], {
          ...{ resource: state, explained: [`the definition changes:\n@@ -1 +1 @@\n+${name}`] },
        }),
      ],
    });
    const outsideOfFences = formatted(report, "markdown", noPaint).replace(/^```diff$[\s\S]*?^```$/gm, "");
    expect(outsideOfFences).not.toMatch(/(?<!\w)@(?!\u200b)|(?<!&)#\d|GH-|:\/\/|www\./);
    for (const format of ["text", "markdown", "html"] as const)
      expect(formatted(report, format, noPaint)).not.toContain("\u202e");
  });

  it("has in the picture before a change what a machine has until then", () => {
    const disks = [{ pool: "images" }, { pool: "images" }];
    const report = reviewOf({
      ...{ hosts: [hostOf("alpha", [machine])], machines: [machine] },
      changes: [
        changeOf("web", [], {
          resource: { ...state, inputs: { ...state.inputs, disks: [{ pool: "images" }] } },
          inputs: { ...state.inputs, disks, interfaces: [{ network: "lan" }] },
        }),
      ],
    });
    expect(report.topology.machines).toMatchObject([
      { disks: ["0 in images", "1 in images"], networks: ["lan"], former: { disks: ["0 in images"] } },
    ]);
    const page = formatted(report, "html", noPaint);
    const drawn = [...page.matchAll(/>(\d disks?)[^<]*</g)].map(([, text]) => text);
    // For wide screens and for narrow ones.
    expect(drawn).toEqual(["1 disk", "2 disks", "1 disk", "2 disks"]);
  });

  it("takes nothing for deleted that Pulumi only forgets", () => {
    const urn = (kind: string, name: string) =>
      `urn:pulumi:prod::shop::pulumi-nodejs:dynamic/kvm:${kind}::${name}`;
    const gone = (kind: string, name: string, options: object) => ({
      ...{ op: "delete", urn: urn(kind, name) },
      oldState: { id: name, type: `pulumi-nodejs:dynamic/kvm:${kind}`, inputs: { name }, ...options },
    });
    const read = readPreview(
      JSON.stringify({
        steps: [
          gone("Disk", "kept", { retainOnDelete: true }),
          gone("Disk", "gone", { deletedWith: urn("Disk", "staying") }),
          gone("VirtualMachine", "inside", { deletedWith: urn("Host", "alpha") }),
          gone("Host", "alpha", {}),
          { ...gone("VirtualMachine", "changed", { retainOnDelete: true }), op: "update" },
        ],
      }),
      "file",
    );
    expect(read.steps.map(({ name, operation, leftBecause }) => [name, operation, leftBecause])).toEqual([
      ["kept", "forget", "retainOnDelete"],
      ["gone", "delete", undefined],
      ["inside", "forget", "deletedWith alpha"],
      ["alpha", "delete", undefined],
      ["changed", "update", undefined],
    ]);
    const report = reviewOf({
      ...{ hosts: [hostOf("alpha", [machine])], machines: [machine] },
      ...{ changes: [changeOf("web", [], { operation: "forget", resource: state })], failOn: [...gates] },
    });
    expect(report).toMatchObject({
      ...{ exitCode: 0, outcome: "unnoticed", verdict: ["No: no guest restarts, stops or moves."] },
      changes: [{ operation: "forget", impacts: ["none"], lost: [] }],
      topology: { machines: [{ before: "alpha", after: "alpha" }] },
    });
    expect(report.hosts[0]?.memory?.after).toBe(report.hosts[0]?.memory?.before);
    for (const format of ["text", "markdown", "html"] as const)
      expect(formatted(report, format, noPaint)).toMatch(
        /nothing of it on the host, for its option retainOnDelete/,
      );
  });

  it("reads a preview as one document and as a stream of events, replacements as one", () => {
    const type = "pulumi-nodejs:dynamic/kvm:Disk";
    const urn = `urn:pulumi:prod::shop::my:Component$${type}::archive`;
    const old = { type, id: "images/archive", inputs: { name: "archive" }, outputs: { nonce: "1" } };
    const made = { type, inputs: { name: "archive", format: "raw", effects: ["create disk archive"] } };
    const forced = { op: "replace", urn, oldState: old, newState: made, replaceReasons: ["id"] };
    expect(readPreview(JSON.stringify({ steps: [forced] }), "file").steps[0]?.replaceBecause).toEqual([]);
    const whole = {
      steps: [
        { op: "same", urn: "urn:pulumi:prod::shop::pulumi:pulumi:Stack::shop-prod" },
        { op: "replace", urn, oldState: old, newState: made, replaceReasons: ["format"] },
        {
          op: "create",
          urn: "urn:pulumi:prod::shop::random:index:RandomPet::pet",
          newState: { type: "random:index:RandomPet" },
        },
      ],
      diagnostics: [{ severity: "error", message: "\u001b[31mno\u001b[39m\n" }],
      changeSummary: { replace: 1 },
    };
    const events = [
      { resourcePreEvent: { metadata: { op: "delete-replaced", urn, old, new: null, keys: ["format"] } } },
      { resourcePreEvent: { metadata: { op: "replace", urn, old, new: made } } },
      { resourcePreEvent: { metadata: { op: "create-replacement", urn, old, new: made } } },
      { diagnosticEvent: { severity: "error", message: "no" } },
    ];
    const expected = {
      ...{ project: "shop", stack: "prod", errors: ["no"] },
      steps: [
        {
          ...{ urn, kind: "Disk", name: "archive", operation: "replace", effects: ["create disk archive"] },
          ...{ replaceBecause: ["format"], old: { id: "images/archive" } },
        },
      ],
    };
    expect(readPreview(`${JSON.stringify(whole)}\n`, "x")).toMatchObject({ ...expected, others: 1 });
    expect(readPreview(events.map((event) => JSON.stringify(event)).join("\n"), "x")).toMatchObject(expected);
    expect(() => readPreview("hello", "x")).toThrow(/x isn't a preview/);
    expect(() => readPreview('{"deployment": {}}', "x")).toThrow(/x isn't a preview/);
  });
});

describe("what is passed on to pulumi preview", () => {
  it("is all that leaves a review of what is said", () => {
    const words = ["-r", "--target", "urn:x", "-pj4", "--config=json:x=1", "-tjoe", "--parallel", "2"];
    expect(previewOptions(words)).toEqual(words);
    for (const [word, message] of [
      ["--json", /--json can't be passed on .* made with it already/],
      ["-rj", /-rj can't be passed on/],
      ["--stack=prod", /give it before --/],
      ["-C", /give it before --/],
      ["--save-plan", /give it before --/],
      ["--show-secrets", /no review holds secrets/],
      ["--expect-no-changes", /--fail-on/],
    ] as const)
      expect(() => previewOptions(["--refresh", word])).toThrow(message);
  });
});

describe("the job in examples/review-job", () => {
  const folder = join(import.meta.dirname, "../../examples/review-job");
  const textOf = (name: string) => readFileSync(join(folder, name), "utf8");

  it("is YAML with the parts that the services ask for, and gives kvm review options that it has", async () => {
    const github = parse(textOf("github-actions.yaml")) as {
      on: object;
      jobs: { review: { steps: object[] } };
    };
    expect(Object.keys(github.on)).toEqual(["pull_request"]);
    expect(github.jobs.review.steps.length).toBeGreaterThan(4);
    const gitlab = parse(textOf("gitlab-ci.yaml")) as { review: { script: string[] } };
    expect(gitlab.review.script).toHaveLength(2);
    const known = (await program(() => undefined)).commands
      .find((command) => command.name() === "review")
      ?.options.map(({ long }) => long);
    const lines = ["github-actions.yaml", "gitlab-ci.yaml"].flatMap(
      (name) => textOf(name).match(/npx kvm review[^\n]*(?:\n {10}--.*)*/g) ?? [],
    );
    expect(lines).toHaveLength(2);
    for (const line of lines)
      for (const option of line.match(/--[a-z-]+/g) ?? []) expect(known).toContain(option);
  });
});
