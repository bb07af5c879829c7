import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { check, diff } from "../../provider/index.js";
import { definitions } from "../../provider/resources/index.js";
import { findPulumi } from "../../scripts/pulumi-cli.mjs";
import { PulumiProject } from "../support/pulumi.js";
import { connection, type Kind, sound, table } from "./bad-input-table.js";

/** The protocol's constant for a value that isn't known yet. */
const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const printable = /^[^\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]+$/u;
const kinds = Object.keys(sound) as Kind[];

async function problemsOf(kind: Kind, inputs: Record<string, unknown>): Promise<string[]> {
  const checked = await check(kind, {}, { ...sound[kind], ...inputs });
  // A property's name would print its value, secrets included.
  for (const failure of checked.failures) expect(failure.property).toBe("");
  return checked.failures.map(({ reason }) => reason);
}

describe("one wrong input", () => {
  it.each(table)("of a %s: %j", async (kind, inputs, expected) => {
    expect(await problemsOf(kind, inputs)).toEqual([expected]);
  });
});

describe("many wrong inputs", () => {
  it("are all told at once, those between inputs too", async () => {
    const problems = await problemsOf("VirtualMachine", {
      memory: 2048,
      cpus: 4,
      maxCpus: 2,
      initrd: "/boot/initrd",
      commandLine: "quiet",
      disks: [{ size: "1XiB", pool: "a/b", colour: "red" }, { disk: 1 }],
      interfaces: [{ mac: "x" }, { network: "lan", modle: "e1000e" }],
      console: { log: "relative" },
      colour: "blue",
    });
    expect(problems.map((problem) => problem.slice(0, problem.indexOf(": "))).sort()).toEqual([
      "colour",
      "commandLine",
      "console.log",
      "disks[0].colour",
      "disks[0].pool",
      "disks[0].size",
      "disks[1].disk",
      "initrd",
      "interfaces[0]",
      "interfaces[0].mac",
      "interfaces[1].modle",
      "maxCpus",
      "memory",
    ]);
  });

  it("that there aren't have those that there are listed once", async () => {
    const problems = await problemsOf("StoragePool", { colour: "/a", shape: "/b", pathh: "/c" });
    expect(problems).toEqual([
      "colour: there is no such input; there are timeouts, hosts, name, type, path, source, build, autostart, forceDestroy, adopt",
      "shape: there is no such input",
      "pathh: there is no such input; did you mean path?",
    ]);
  });

  it("are none where ignoreChanges brings back what a former check found out", async () => {
    const checksum = `sha256:${"a".repeat(64)}`;
    const { failures } = await check("Image", { ...sound.Image, checksum }, { ...sound.Image, checksum });
    expect(failures.map(({ reason }) => reason)).not.toContainEqual(expect.stringContaining("no such input"));
  });

  it("hold no secret, wherever it was put", async () => {
    const secret = "hunter2-hunter2";
    const problems = [
      ...(await problemsOf("Host", { credentials: { privateKey: [secret], passphrase: { a: secret } } })),
      ...(await problemsOf("Host", { credentials: secret })),
      ...(await problemsOf("Host", { connection: [{ privateKey: secret }] })),
      ...(await problemsOf("Host", { connection: { ...connection, privateKey: secret } })),
      ...(await problemsOf("Network", { credentials: { alpha: secret, beta: { passphrase: 7 } } })),
      ...(await problemsOf("VirtualMachine", { credentials: { privateKey: 7, key: secret } })),
    ];
    expect(problems.length).toBeGreaterThanOrEqual(9);
    expect(problems.join("\n")).not.toContain(secret);
  });

  it("are each one printable line of bounded length", async () => {
    const long = "x\u001b[31m\u009b\u202e\n".repeat(100_000);
    const problems = [
      ...(await problemsOf("VirtualMachine", { name: long, memory: long, description: 7, [long]: long })),
      ...(await problemsOf("VirtualMachine", {
        disks: [{ [long]: 1 }],
        powerState: "\u{1f600}".repeat(500),
      })),
    ];
    for (const problem of problems) {
      expect(problem).toMatch(printable);
      expect(problem.length).toBeLessThan(1_000);
    }
  });
});

describe("what two resources of one program can't both have", () => {
  it.each<[Kind, Record<string, unknown>, RegExp]>([
    [
      "VirtualMachine",
      { name: "twin" },
      /^name: "twin" is the name of VirtualMachine first on alpha as well; /,
    ],
    ["VirtualMachine", { name: "twin", disks: unknown, memory: unknown }, /^name: "twin" is the name of /],
    [
      "Network",
      { name: "twins", mode: "isolated", cidr: undefined },
      /^name: "twins" is the name of Network first/,
    ],
    ["StoragePool", { name: "twins", path: "/twins" }, /^name: "twins" is the name of StoragePool first/],
    ["Disk", { name: "twin" }, /^name: volume twin in pool images on alpha is that of Disk first as well/],
    ["Snapshot", { name: "twin" }, /^name: "twin" is the name of Snapshot first on alpha as well/],
  ])(
    "is told of a %s, while its host is silent and with the rest unknown: %j",
    async (kind, inputs, expected) => {
      const problems = (name: string) =>
        problemsOf(kind, { ...inputs, pulumiUrn: sound[kind].pulumiUrn.replace(/web$/, name) });
      expect(await problems("first")).toEqual([]);
      expect(await problems("first")).toEqual([]);
      const [problem, ...others] = await problems("second");
      expect(problem).toMatch(expected);
      expect(others).toEqual(kind === "StoragePool" ? [expect.stringMatching(/^path: /)] : []);
    },
  );
});

describe("values that aren't known yet", () => {
  it.each(kinds)("are no problem as an input of a %s", async (kind) => {
    const found: readonly string[] = definitions[kind]?.computed?.keys ?? [];
    for (const key of Object.keys(definitions[kind]?.shape ?? {}).filter((each) => !found.includes(each))) {
      const checked = await check(kind, {}, { ...sound[kind], [key]: unknown });
      expect({ key, failures: checked.failures }).toEqual({ key, failures: [] });
      expect(checked.inputs).toMatchObject({ [key]: unknown, effects: unknown });
    }
  });

  it("are no problem at any depth, and what is wrong beside them is told", async () => {
    const somewhere: [Kind, Record<string, unknown>, string[]][] = [
      ["VirtualMachine", { disks: [{ size: unknown, pool: "p" }, unknown] }, []],
      ["VirtualMachine", { disks: [{ disk: { host: unknown, pool: "p", name: "d" } }] }, []],
      [
        "VirtualMachine",
        { disks: [{ size: "1GiB", pool: unknown, backing: { pool: "p", volume: unknown } }] },
        [],
      ],
      ["VirtualMachine", { interfaces: [{ network: unknown, mac: unknown }] }, []],
      ["VirtualMachine", { console: { log: unknown }, migration: { maxDowntime: unknown } }, []],
      ["VirtualMachine", { connection: { ...connection, port: unknown, user: unknown } }, []],
      ["Network", { dhcp: { start: unknown, hosts: [{ mac: unknown, address: unknown }] } }, []],
      ["StoragePool", { hosts: { alpha: { ...connection, address: unknown } } }, []],
      ["Host", { labels: { rack: unknown } }, []],
      [
        "VirtualMachine",
        {
          disks: [
            { size: unknown, pol: "p" },
            { size: 7, pool: "p" },
          ],
        },
        ["disks[0].pol", "disks[1].size"],
      ],
      ["VirtualMachine", { memory: unknown, initrd: "/i" }, ["initrd"]],
      ["VirtualMachine", { cpus: unknown, maxCpus: 2, kernel: unknown, initrd: "/i" }, []],
      ["VirtualMachine", { host: unknown, connection: unknown, credentials: unknown, cpus: 0 }, ["cpus"]],
    ];
    for (const [kind, inputs, paths] of somewhere) {
      const problems = await problemsOf(kind, inputs);
      expect({ inputs, paths: problems.map((p) => p.slice(0, p.indexOf(": "))) }).toEqual({ inputs, paths });
    }
  });
});

/** Anything that a program can send, with the names that schemas know and those that objects have by birth. */
function junk(): fc.Arbitrary<unknown> {
  const names = fc.oneof(
    fc.constantFrom(...new Set(kinds.flatMap((kind) => Object.keys(definitions[kind]?.shape ?? {})))),
    fc.constantFrom("size", "pool", "disk", "network", "mac", "log", "start", "hosts", "address", "mode"),
    fc.constantFrom("__proto__", "constructor", "toString", "hasOwnProperty", "length", "0", ""),
    fc.string({ unit: "binary" }),
  );
  return fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      fc.constantFrom<unknown>(unknown, null, undefined, true, false, "", "1GiB", "5s", "/a", "alpha", "nat"),
      fc.string({ unit: "binary" }),
      fc.string({ unit: "binary", minLength: 1 }).map((text) => text.charAt(0)),
      fc.double(),
      fc.constantFrom(0, -0, 1, 2048, 2 ** 30, 2 ** 60, Number.NaN, Number.POSITIVE_INFINITY),
      fc.array(tie("value"), { maxLength: 4 }),
      fc.array(fc.tuple(names, tie("value")), { maxLength: 6 }).map((entries) => Object.fromEntries(entries)),
    ),
  })).value;
}

/** Inputs of a kind in which some are junk. Only to a port where nothing listens is a way given. */
function inputsOf(kind: Kind): fc.Arbitrary<Record<string, unknown>> {
  const keys = Object.keys(definitions[kind]?.shape ?? {});
  const reaching = ["connection", "hosts"];
  const wayless = (value: unknown) => (typeof value === "object" && value !== null ? "junk" : value);
  const entries = fc.array(
    fc.tuple(fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...keys) }, fc.string()), junk()),
    { maxLength: 6 },
  );
  return entries.map((list) => ({
    ...sound[kind],
    ...Object.fromEntries(list.map(([key, value]) => [key, reaching.includes(key) ? wayless(value) : value])),
  }));
}

const noText = { toString: "none" };

describe("whatever comes in", () => {
  it.each(kinds)("a check of a %s says yes or no, and a diff whether it changed", async (kind) => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.constant({}), inputsOf(kind)), inputsOf(kind), async (olds, news) => {
        const { inputs, failures } = await check(kind, olds, news);
        for (const { property, reason } of failures) {
          expect(property).toBe("");
          expect(reason).toMatch(printable);
        }
        if (failures.length > 0) return;
        expect(JSON.parse(JSON.stringify(inputs))).toEqual(inputs);
        const compared = await diff(kind, "an-id", olds, inputs);
        expect(typeof compared.changes).toBe("boolean");
      }),
      // What has no text of its own is a name as little as any other.
      { numRuns: 1_000, examples: [[sound[kind], { ...sound[kind], pulumiUrn: noText, name: noText }]] },
    );
  });
});

/** What a program in plain JavaScript may do, one case at a time: the first resource that is refused ends the deployment. */
const program = `
import * as pulumi from "@pulumi/pulumi";
import * as kvm from "pulumi-kvm";

const quick = { port: 1, sshConfig: false as const, agent: false, connectTimeout: "2s" };
const alpha = new kvm.Host("alpha", { address: "127.0.0.1", ...quick, passphrase: "hunter2-hunter2" });
const wrong = (inputs: object): any => inputs;
const cases: Record<string, () => void> = {
  many: () => new kvm.VirtualMachine("web", wrong({
    host: alpha, memory: 2048, cpsu: 2, disks: [{ size: "1XiB", pool: 7 }], interfaces: [{ mac: "x" }], initrd: "/i",
  })),
  noHost: () => new kvm.VirtualMachine("web", wrong({ memory: "1GiB", cpus: "2" })),
  hostByName: () => new kvm.StoragePool("images", wrong({ hosts: ["alpha"], path: "images" })),
  otherKind: () => new kvm.Disk("data", wrong({ host: new kvm.Network("lan", { host: alpha, mode: "isolated" }), pool: alpha, size: 5 })),
  lists: () => new kvm.VirtualMachine("web", wrong({ host: alpha, memory: "1GiB", disks: [null, 7, alpha], interfaces: "lan" })),
  namesakes: () => ["web", "db"].map((name) => new kvm.VirtualMachine(name, { host: alpha, memory: "1GiB", name: "web" })),
  bothHosts: () => new kvm.StoragePool("images", { host: alpha, hosts: [alpha], path: "/images" }),
  twice: () => new kvm.StoragePool("images", { hosts: [alpha, { name: "alpha", connection: { address: "local" } }], path: "/images" }),
  secret: () => new kvm.Host("beta", wrong({ address: "127.0.0.1", ...quick, privateKey: 7, passphrase: ["hunter2-hunter2"], adress: "x" })),
  // Outputs of what isn't there yet, in every place.
  unknown: () => {
    const later = alpha.hostname;
    const beta = new kvm.Host("beta", { address: later, labels: { rack: later }, privateKey: pulumi.secret(later) });
    const ref = pulumi.output({ name: later, connection: { address: later } });
    const images = new kvm.StoragePool("images", { hosts: [alpha, beta], path: pulumi.interpolate\`/images/\${later}\` });
    const lan = new kvm.Network("lan", { hosts: [alpha, ref], mode: "nat", cidr: pulumi.interpolate\`\${later}/24\`, dhcp: { hosts: [{ mac: later, address: later }] } });
    const data = new kvm.Disk("data", { host: beta, pool: images, size: alpha.memoryBytes, name: later });
    new kvm.VirtualMachine("web", {
      host: beta, memory: alpha.memoryBytes, cpus: alpha.cpus, maxCpus: 2, name: later,
      disks: [{ disk: data }, { size: alpha.memoryBytes, pool: images, backing: data }, { size: "1GiB", pool: later }],
      interfaces: [{ network: lan }, { network: later, mac: later }],
      kernel: later, commandLine: later, console: { log: later }, migration: { bandwidthMibPerSecond: alpha.cpus },
    });
    new kvm.VirtualMachine("db", { host: ref, memory: "1GiB", disks: alpha.cpus.apply(() => []), interfaces: later.apply(() => []) });
  },
};
cases[new pulumi.Config().require("case")]!();
`;

const cli = await findPulumi();

describe.skipIf(cli === undefined)("a preview", () => {
  let project: PulumiProject;
  beforeAll(async () => {
    project = await PulumiProject.create({ program });
  });
  afterAll(async () => {
    await project?.[Symbol.asyncDispose]();
  });

  async function refused(name: string): Promise<string> {
    await project.setConfig("case", name);
    const preview = await project.run(["preview", "--diff"]);
    expect(preview.exitCode).not.toBe(0);
    const text = `${preview.stdout}${preview.stderr}`;
    // People are told what is wrong with their program, not where ours stood when it noticed.
    expect(text).not.toMatch(/^\s+at .*[(:]\d+:\d+\)?$/m);
    expect(text).not.toMatch(/TypeError|\[object Object\]|Unhandled|hunter2/);
    return text;
  }

  it("tells all that is wrong with a resource", async () => {
    const text = await refused("many");
    for (const line of [
      'memory: 2048 must be at least 1 MiB; a number is bytes, so 2048 is 2 KiB: did you mean "2048MiB" or "2048GiB"?',
      "cpsu: there is no such input; did you mean cpus or cpu?",
      'disks[0].size: "1XiB" is no size',
      "disks[0].pool: 7 must be a string",
      'interfaces[0].mac: "x" must be a MAC address',
      "initrd: needs kernel",
    ])
      expect(text).toContain(line);
  });

  it("tells what is missing or of another kind, where TypeScript was talked out of it", async () => {
    expect(await refused("noHost")).toMatch(
      /host: is missing: it must be a Host resource or \{ name, connection \}[\s\S]*cpus: "2" must be a whole number/,
    );
    expect(await refused("hostByName")).toContain(
      'hosts["0"]: "alpha" must be a Host resource or { name, connection }',
    );
    expect(await refused("otherKind")).toContain("host: is missing: it must be a Host resource");
    const lists = await refused("lists");
    expect(lists).toContain("disks[0]: null must be { disk }, { image, pool, ... } or { size, pool, ... }");
    expect(lists).toContain("disks[1]: 7 must be { disk }, { image, pool, ... } or { size, pool, ... }");
    expect(lists).toContain('interfaces: "lan" must be a list of interfaces');
    expect(await refused("bothHosts")).toContain('StoragePool "images": give host or hosts, not both');
  });

  it("refuses two hosts of one name, of which one would be forgotten", async () => {
    await project.setConfig("case", "twice");
    const preview = await project.preview({ expectSuccess: false });
    expect(preview.exitCode).not.toBe(0);
    expect(preview.diagnostics.map(({ message }) => message).join("")).toContain(
      'hosts: there are two hosts of the name "alpha" in the list',
    );
  });

  it("refuses two virtual machines of one name on one host", async () => {
    expect(await refused("namesakes")).toMatch(
      /name: "web" is the name of VirtualMachine (?:web|db) on alpha as well; give each virtual machine of a host/,
    );
  });

  it("prints no secret", async () => {
    const text = await refused("secret");
    expect(text).toContain("privateKey: must be a string (the value is secret)");
    expect(text).toContain("passphrase: must be a string (the value is secret)");
    expect(text).toContain("adress: there is no such input; did you mean address?");
  });

  it("takes values that aren't known yet in every place", async () => {
    await project.setConfig("case", "unknown");
    const preview = await project.preview();
    expect(preview.changes).toMatchObject({ create: 8 });
    const errors = preview.diagnostics.filter(({ severity }) => severity === "error");
    expect(errors).toEqual([]);
  });
});
