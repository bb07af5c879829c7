import { execFileSync } from "node:child_process";
import { lstatSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { displayWidth } from "../../cli/display-width.js";
import { formatted } from "../../cli/drift/formats/index.js";
import { upOf } from "../../cli/drift/formats/words.js";
import { ignoring } from "../../cli/drift/ignore.js";
import { judge } from "../../cli/drift/judge.js";
import { makeReport } from "../../cli/drift/report.js";
import type { SurveyedHost } from "../../cli/drift/survey.js";
import { parseOutputs, writeWhole } from "../../cli/output.js";
import { noPaint, paintFor } from "../../cli/paint.js";
import { Progress } from "../../cli/progress.js";
import { readInput } from "../../cli/read-input.js";
import { reportTo } from "../../cli/reporting.js";
import { readStates } from "../../cli/state/read-states.js";
import { openBag } from "../../cli/state/secrets.js";
import { readState, type StackState } from "../../cli/state/state.js";
import { UsageError } from "../../cli/usage-error.js";
import { commandPage, reportSchemas } from "../../codegen/command.mjs";
import type { Inspection } from "../../provider/engine/inspection.js";
import { SecretTexts } from "../../provider/planning/secret-texts.js";
import type { Step } from "../../provider/planning/step.js";
import { planned, reportOf, resourceNamed, silentHost } from "./drift-surveys.js";

const root = join(import.meta.dirname, "../..");
const SECRET = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270" };

describe("what is published of the command", () => {
  it("is what the sources say: npm run generate", async () => {
    expect(readFileSync(join(root, "docs/kvm.md"), "utf8")).toBe(await commandPage());
    for (const [name, text] of Object.entries(reportSchemas()))
      expect(readFileSync(join(root, "schemas", name), "utf8")).toBe(text);
  });

  it("has a schema that reports are valid by, and others aren't", () => {
    const text = readFileSync(join(root, "schemas/drift-1.schema.json"), "utf8");
    const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(JSON.parse(text) as object);
    const report = reportOf([
      [resourceNamed("web"), planned([{ kind: "setAutostart", subject: "web", to: true, effect: "live" }])],
      [resourceNamed("db"), { kind: "unreachable", hostName: "alpha", reason: "it is off" }],
      [resourceNamed("gone"), { ...planned([start]), exists: false }],
    ]);
    expect(validate(report), JSON.stringify(validate.errors)).toBe(true);
    expect(validate({ ...report, findings: [{ id: "x", kind: "weather", up: [] }] })).toBe(false);
    const { findings: _, ...without } = report;
    expect(validate(without)).toBe(false);
  });
});

const start: Step = { kind: "start", subject: "web", effect: "none", reason: "it is off" };
const resume: Step = { kind: "resume", subject: "web", effect: "live", reason: "it is paused, ioError" };

describe("an inspection", () => {
  const web = resourceNamed("web");
  const kinds = (inspection: Inspection, resource = web) =>
    judge(resource, inspection).findings.map(({ kind, property }) => [kind, property]);

  it("without steps and refusals is no finding", () => {
    expect(judge(web, planned([]))).toEqual({ status: "same", findings: [] });
  });

  it("of a guest that an I/O error has paused says so once, whatever is declared", () => {
    const circumstances = [{ kind: "pausedByIoError", host: "alpha" }] as const;
    expect(kinds({ ...planned([resume]), circumstances: [...circumstances] })).toEqual([
      ["pausedByIoError", "powerState"],
    ]);
    expect(kinds({ ...planned([]), circumstances: [...circumstances] })).toEqual([
      ["pausedByIoError", "powerState"],
    ]);
  });

  it("of a guest that takes two steps to its power state says once what was wanted and found", () => {
    const pause: Step = { kind: "pause", subject: "web", effect: "stop" };
    const off: Step = { kind: "shutdown", subject: "web", force: false, effect: "stop" };
    const row = (steps: Step[]) =>
      judge(web, planned(steps)).findings.map(({ property, wanted, found, effect, up }) => [
        ...[property, wanted, found, effect, up.length],
      ]);
    expect(row([start, pause])).toEqual([["powerState", "paused", "stopped", "none", 2]]);
    expect(row([resume, off])).toEqual([["powerState", "stopped", "paused, ioError", "stop", 2]]);
  });

  it("of what waits for a restart is no drift", () => {
    const changes = [{ property: "memory", from: "1 GiB", to: "2 GiB" }];
    const judged = judge(web, {
      ...planned([]),
      circumstances: [{ kind: "pendingRestart", host: "alpha", changes }],
    });
    expect(judged.status).toBe("same");
    expect(judged.findings).toMatchObject([
      { kind: "pendingRestart", property: "memory", wanted: "2 GiB", found: "1 GiB", effect: "nextBoot" },
    ]);
  });

  it("of a migration that was cut off is one finding, wherever the guest may have to move afterwards", () => {
    const settle: Step = {
      ...{ kind: "settleMigration", subject: "web", from: "alpha", to: "beta" },
      ...{ effect: "live", reason: "one running copy stays" },
    };
    const move: Step = {
      ...{ kind: "migrate", subject: "web", from: "alpha", to: "beta", copies: [], effect: "migrate" },
    };
    expect(kinds(planned([settle, move]))).toEqual([["interrupted", undefined]]);
    expect(kinds(planned([move]))).toEqual([["drifted", "host"]]);
  });

  it("of a resource of which nothing is there is one finding, with all that up would do", () => {
    const define: Step = {
      ...{ kind: "defineMachine", subject: "web", host: "alpha" },
      ...{ effect: "none", reason: "it is gone from its host" },
    };
    const judged = judge(web, { ...planned([define, start]), exists: false });
    expect(judged.status).toBe("missing");
    expect(judged.findings).toHaveLength(1);
    expect(judged.findings[0]?.up).toHaveLength(2);
  });

  it("of a resource that up refuses promises nothing of what it would have done", () => {
    const move: Step = {
      ...{ kind: "migrate", subject: "web", from: "alpha", to: "beta", copies: [], effect: "migrate" },
    };
    const refusals = [{ kind: "inUse" as const, message: "there is one already" }];
    const refused = (steps: Step[], exists = true) => {
      const inspection = planned(steps);
      return { ...inspection, exists, plan: { ...inspection.plan, refusals } };
    };
    const rows = (inspection: Inspection) =>
      judge(web, inspection).findings.map((found) => [found.kind, found.property, found.effect, upOf(found)]);
    const refusal = ["refused", "refuses: there is one already"];
    expect(rows(refused([move]))).toEqual([
      ["drifted", "host", "refused", "nothing, as it refuses something of it"],
      ["drifted", undefined, ...refusal],
    ]);
    expect(rows(refused([start], false))).toEqual([["missing", undefined, ...refusal]]);
  });

  it("tells a restart for several changes property by property", () => {
    const changes = [
      { property: "memory", from: "1 GiB", to: "2 GiB" },
      { property: "cpus", from: "1", to: "2" },
    ];
    const step: Step = { kind: "restart", subject: "web", force: false, changes, effect: "restart" };
    const { findings } = judge(web, planned([step]));
    expect(findings.map(({ property, effect }) => [property, effect])).toEqual([
      ["memory", "restart"],
      ["cpus", "restart"],
    ]);
    expect(new Set(findings.map(({ up }) => up.join()))).toEqual(
      new Set(["restart the guest for memory 1 GiB -> 2 GiB, cpus 1 -> 2"]),
    );
  });

  it("of a secret property shows neither what is wanted nor what was found", () => {
    const secretive = { ...web, secretKeys: new Set(["description"]) };
    const changes = [{ property: "description", from: "found it", to: "wanted it" }];
    const step: Step = { kind: "updateDefinition", subject: "web", changes, effect: "none" };
    expect(JSON.stringify(judge(secretive, planned([step])))).not.toMatch(/found it|wanted it/);
  });

  it("that failed the last time is drift though the plan is empty", () => {
    expect(kinds(planned([]), { ...web, initErrors: ["no room"] })).toEqual([["drifted", "state"]]);
  });
});

describe("a report", () => {
  const drifted = reportOf([[resourceNamed("web"), planned([start])]]);

  it("ends with 0, 2 or 3, and a silent host outweighs what was found on another", () => {
    expect(reportOf([[resourceNamed("web"), planned([])]]).exitCode).toBe(0);
    expect(drifted.exitCode).toBe(2);
    const silent = [resourceNamed("db"), { kind: "unreachable", hostName: "beta", reason: "off" }] as const;
    const both = reportOf([[resourceNamed("web"), planned([start])], [...silent]], {}, [silentHost("beta")]);
    expect(both).toMatchObject({
      exitCode: 3,
      outcome: "incomplete",
      summary: { drifted: 1, unreachable: 1 },
    });
    const ends = (kind: string) => {
      const failOn = new Set([kind]);
      const unreadable = { kind: "unreadable", reason: "its XML is odd" } as const;
      const [drift, silence, unread] = [[planned([start])], [silent[1]], [unreadable]].map(([inspection]) =>
        inspection === undefined ? 0 : reportOf([[resourceNamed("db"), inspection]], { failOn }).exitCode,
      );
      return { drift, silence, unread };
    };
    // Whoever names silence is told of it as of all else.
    expect(ends("drifted")).toEqual({ drift: 2, silence: 3, unread: 3 });
    expect(ends("unreachable")).toEqual({ drift: 0, silence: 2, unread: 3 });
    expect(ends("unreadable")).toEqual({ drift: 0, silence: 3, unread: 2 });
    expect(ends("orphan")).toEqual({ drift: 0, silence: 3, unread: 3 });
  });

  it("leaves out what an earlier one has, and only that", () => {
    const again = reportOf([[resourceNamed("web"), planned([start])]], { since: drifted });
    expect(again).toMatchObject({ exitCode: 0, findings: [], known: 1 });
    const worse: Step = { ...start, reason: "it has crashed" };
    expect(reportOf([[resourceNamed("web"), planned([worse])]], { since: drifted }).findings).toHaveLength(1);
    // Night after night, with the last report alone, and when a host was silent in between.
    const dark = reportOf(
      [[resourceNamed("web"), { kind: "unreachable", hostName: "alpha", reason: "off" }]],
      {
        since: again,
      },
    );
    expect(dark).toMatchObject({ exitCode: 3, known: 0 });
    for (const since of [again, dark])
      expect(reportOf([[resourceNamed("web"), planned([start])]], { since })).toMatchObject({
        findings: [],
        known: 1,
      });
    const mended = reportOf([[resourceNamed("web"), planned([])]], { since: dark });
    expect(reportOf([[resourceNamed("web"), planned([start])]], { since: mended }).exitCode).toBe(2);
  });
});

it.each(["", "#powerState", "web#"])("to ignore %j is refused: nothing has an empty name", (pattern) => {
  expect(() => ignoring([pattern])).toThrow(/--ignore .*: must be RESOURCE or RESOURCE#PROPERTY/);
});

it.each([
  ["web", true],
  ["VirtualMachine/web", true],
  ["VirtualMachine/*", true],
  ["*#powerState", true],
  ["web#power*", true],
  ["drifted/web", true],
  ["we", false],
  ["web#memory", false],
  ["Disk/web", false],
  ["w.b", false],
])("--ignore %s", (pattern, isIgnored) => {
  const [found] = reportOf([[resourceNamed("web"), planned([start])]]).findings;
  if (found === undefined) throw new Error("nothing was found");
  expect(ignoring([pattern])(found)).toBe(isIgnored);
});

describe("a state's secrets", () => {
  it("are opened where the export has them, and known to be missing where not", () => {
    const secrets = new SecretTexts();
    const opened = openBag(
      {
        plain: "text",
        credentials: { ...SECRET, plaintext: JSON.stringify({ privateKey: "line one\nline two" }) },
        list: [{ inner: { ...SECRET, plaintext: '"deep secret"' } }],
        cloudInit: { ...SECRET, ciphertext: "v1:abc" },
      },
      secrets,
    );
    expect(opened.values).toEqual({
      plain: "text",
      credentials: { privateKey: "line one\nline two" },
      list: [{ inner: "deep secret" }],
    });
    expect(opened.encryptedKeys).toEqual(["cloudInit"]);
    expect([...opened.secretKeys].sort()).toEqual(["cloudInit", "credentials", "list"]);
    expect(secrets.conceal("text: line two, deep secret")).toBe("text: [secret], [secret]");
  });

  it("are read with a byte order mark in front, and so is all that the command line names", async () => {
    const folder = mkdtempSync(join(tmpdir(), "pulumi-kvm-input-"));
    try {
      const file = join(folder, "state.json");
      writeFileSync(file, '\uFEFF{"version":3,"deployment":{}}');
      expect(await readInput(file)).toBe('{"version":3,"deployment":{}}');
      await expect(readInput(join(folder, "none"))).rejects.toThrow(/none can't be read: ENOENT/);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("are named by where they come from when they are empty", () => {
    const empty = readState('{"version":3,"deployment":{}}', "dev", new SecretTexts());
    expect(empty.resources).toEqual([]);
    const report = makeReport([{ state: empty, hosts: [], resources: [], warnings: [] }], {
      ...{ at: new Date(0), unmanaged: false, poolThresholdPercent: 90, isIgnored: () => false },
      ...{ failOn: new Set<string>(), secrets: new SecretTexts() },
    });
    expect(formatted(report, "table", noPaint)).toMatch(/^Drift of dev\n/);
    expect(formatted(report, "prometheus", noPaint)).toContain('{stack="dev"}');
  });

  it("say of what was deleted for a replacement that was cut off just that: its successor is nobody else's", () => {
    const urn = "urn:pulumi:prod::shop::pulumi-nodejs:dynamic/kvm:Disk::data";
    const type = "pulumi-nodejs:dynamic/kvm:Disk";
    const inputs = { name: "data", host: "alpha" };
    const resources = [{ urn, type, id: "images/data", pendingReplacement: true, inputs, outputs: {} }];
    const text = JSON.stringify({ version: 3, deployment: { resources } });
    const [resource] = readState(text, "state.json", new SecretTexts()).resources;
    expect(judge(resource ?? expect.fail(), { ...planned([]), exists: false })).toMatchObject({
      status: "missing",
      findings: [
        {
          ...{ kind: "missing", host: "alpha", effect: "none" },
          reason: "it was deleted for a replacement, which was cut off",
          up: ["make it anew, or go on with what there is of the new one"],
        },
      ],
    });
  });

  it("with what a replacement that was cut off has left to be deleted is no orphan's, and says so", () => {
    const urn = "urn:pulumi:prod::shop::pulumi-nodejs:dynamic/kvm:Disk::data";
    const type = "pulumi-nodejs:dynamic/kvm:Disk";
    const outputs = { name: "data", nonce: "5254f08117848b11" };
    const resources = [{ urn, type, id: "images/data", delete: true, inputs: { name: "data" }, outputs }];
    const text = JSON.stringify({ version: 3, deployment: { resources } });
    const state = readState(text, "state.json", new SecretTexts());
    expect([state.resources, state.deleting.map(({ name }) => name)]).toEqual([[], ["data"]]);
    const mark = { identityHash: "of another name", nonce: outputs.nonce, volume: "data" };
    const pool = {
      name: "images",
      uuid: "p",
      active: true,
      capacityBytes: 0,
      availableBytes: 0,
      marks: [mark],
    };
    const contents = { facts: { uuid: "h" }, domains: [], networks: [], pools: [pool] };
    const host = {
      ...{ name: "alpha", address: "alpha", pools: "all", answer: { kind: "contents", contents } },
    } as unknown as SurveyedHost;
    const report = (of: StackState) =>
      makeReport([{ state: of, hosts: [host], resources: [], warnings: [] }], {
        ...{ at: new Date(0), unmanaged: false, poolThresholdPercent: 90, isIgnored: () => false },
        ...{ failOn: new Set<string>(), secrets: new SecretTexts() },
      });
    expect(report({ ...state, deleting: [] }).findings).toMatchObject([{ kind: "orphan" }]);
    expect(report(state).findings).toEqual([]);
    expect(report(state).notes.join()).toMatch(/Disk data: a replacement .* the next "pulumi up" does that/);
  });

  it("are asked for in a message when a file isn't a state", () => {
    expect(() => readState("{}", "x.json", new SecretTexts())).toThrow(/x.json isn't a stack's state/);
    expect(() => readState("no", "x.json", new SecretTexts())).toThrow(/x.json isn't JSON/);
  });
});

it("has its columns below each other, whatever names are written in", () => {
  const off: Step = { kind: "start", subject: "web", effect: "none", reason: "it is off" };
  const names = ["web", "größe", "日本語サーバー", "한국어", "🐧-box", "日本語".repeat(12)];
  const lines = formatted(
    reportOf(names.map((name) => [resourceNamed(name), planned([off])])),
    "table",
    noPaint,
  ).split("\n");
  const firsts = lines.filter((line) => line.includes(" alpha "));
  expect(firsts).toHaveLength(names.length);
  expect(new Set(firsts.map((line) => displayWidth(line.slice(0, line.indexOf(" alpha "))))).size).toBe(1);
  expect(lines.map(displayWidth).every((width) => width < 120)).toBe(true);
});

it("writes what can be written, and says what can't, by the name that was given", async () => {
  const folder = mkdtempSync(join(tmpdir(), "kvm-outputs-"));
  try {
    const files = [join(folder, "none/a.html"), join(folder, "b.html")];
    const report = reportTo(
      { format: files.map((file) => `html=${file}`) },
      { formats: ["html"], make: async () => ({ exitCode: 0 }), formatted: () => "text" },
    );
    await expect(report).rejects.toThrow(
      new UsageError(`${files[0]} can't be written: ENOENT: no such file or directory`),
    );
    expect(readFileSync(files[1] ?? "", "utf8")).toBe("text");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

it("writes one format to stdout at most", () => {
  const formats = ["json", "html"] as const;
  expect(parseOutputs(["json", "html=a=b.html"], formats)).toEqual([
    { format: "json", file: undefined },
    { format: "html", file: "a=b.html" },
  ]);
  expect(() => parseOutputs(["json", "html"], formats)).toThrow(/only one/);
  expect(() => parseOutputs(["html="], formats)).toThrow(/name of the file is missing/);
});

it("leaves devices, pipes and links in their place, and what is there when it can't write", async () => {
  const folder = mkdtempSync(join(tmpdir(), "kvm-output-"));
  const path = (name: string) => join(folder, name);
  try {
    writeFileSync(path("report"), "old");
    symlinkSync("report", path("link"));
    await writeWhole(path("link"), "new");
    expect(lstatSync(path("link")).isSymbolicLink()).toBe(true);
    expect(readFileSync(path("report"), "utf8")).toBe("new");
    execFileSync("mkfifo", [path("pipe")]);
    const [read] = await Promise.all([readFile(path("pipe"), "utf8"), writeWhole(path("pipe"), "piped")]);
    expect(read).toBe("piped");
    expect(lstatSync(path("pipe")).isFIFO()).toBe(true);
    await expect(writeWhole(path("none/report"), "new")).rejects.toThrow(/can't be written/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it("colours only a terminal's text, and not against NO_COLOR", () => {
  expect(paintFor({ isTTY: true }, {}).bad("x")).toBe("\x1b[31mx\x1b[39m");
  for (const [stream, env] of [
    [{ isTTY: true }, { NO_COLOR: "1" }],
    [{ isTTY: true }, { TERM: "dumb" }],
    [{}, {}],
  ])
    expect(paintFor(stream as { isTTY?: boolean }, env as NodeJS.ProcessEnv).bad("x")).toBe("x");
});

describe("states that are given", () => {
  it("are of different stacks: one that is given twice would have all its findings twice", async () => {
    const folder = mkdtempSync(join(tmpdir(), "pulumi-kvm-states-"));
    const write = (name: string, stack: string, id: string) => {
      const urn = `urn:pulumi:${stack}::shop::pulumi-nodejs:dynamic/kvm:VirtualMachine::web`;
      const resources = [{ urn, type: "pulumi-nodejs:dynamic/kvm:VirtualMachine", id }];
      writeFileSync(join(folder, name), JSON.stringify({ deployment: { resources } }));
      return join(folder, name);
    };
    const read = (...state: string[]) =>
      readStates({ state }, new SecretTexts(), new Progress(process.stderr, { quiet: true }));
    const prod = write("prod.json", "prod", "1");
    expect(
      await read(prod, write("test.json", "test", "2"), write("namesake.json", "prod", "3")),
    ).toHaveLength(3);
    await expect(read(prod, write("copy.json", "prod", "1"))).rejects.toThrow(
      /stack shop\/prod is given twice, by .*prod\.json and by .*copy\.json; give it once/,
    );
    const stacks = { stack: [""] };
    await expect(
      readStates(stacks, new SecretTexts(), new Progress(process.stderr, { quiet: true })),
    ).rejects.toThrow(/--stack: the name is empty/);
    // What has no object of its own is only told by where it was read.
    const hosts = { deployment: { resources: [{ urn: "urn:pulumi:x::y::z::a", type: "kvm:Host" }] } };
    const bare = join(folder, "hosts.json");
    writeFileSync(bare, JSON.stringify(hosts));
    symlinkSync("hosts.json", join(folder, "link.json"));
    await expect(read(bare, join(folder, "link.json"))).rejects.toThrow(
      /--state .*link\.json is given twice/,
    );
    writeFileSync(join(folder, "later.json"), JSON.stringify({ version: 9, deployment: { resources: [] } }));
    await expect(read(join(folder, "later.json"))).rejects.toThrow(/later\.json is a state of version 9/);
    rmSync(folder, { recursive: true });
  });
});
