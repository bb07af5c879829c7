import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { makeReport } from "../../cli/doctor/report.js";
import { namedHost } from "../../cli/doctor/run.js";
import { asTable } from "../../cli/doctor/table.js";
import { noPaint } from "../../cli/paint.js";
import { program } from "../../cli/program.js";
import type { HostExamination } from "../../provider/fitness/examine.js";
import { pairsOf } from "../../provider/fitness/examine-ways.js";
import { SecretTexts } from "../../provider/planning/secret-texts.js";
import { betaSeen, libvirtFacts, NOW, pool, seenWith, wayWith } from "./fitness-facts.js";

describe("a host as people write it", () => {
  it.each([
    ["kvm1", { address: "kvm1" }],
    ["ops@kvm1.example.net:2222", { address: "kvm1.example.net", user: "ops", port: 2222 }],
    ["192.0.2.1", { address: "192.0.2.1" }],
    ["root@[2001:db8::1]:22", { address: "2001:db8::1", user: "root", port: 22 }],
    ["2001:db8::1", { address: "2001:db8::1" }],
    ["ssh://ops@kvm1:22", { address: "kvm1", user: "ops", port: 22 }],
    ["qemu+ssh://ops@kvm1/system", { address: "kvm1", user: "ops" }],
    ["local", { address: "local" }],
    ["qemu:///system", { address: "local" }],
  ])("%s", (text, connection) => {
    expect(namedHost(text)).toEqual({ name: connection.address, connection, credentials: {} });
  });

  it.each([
    "",
    "-oProxyCommand=x",
    "a b",
    "kvm1:0",
    "kvm1:99999",
    "http://kvm1",
    "qemu+ssh://kvm1/session",
    "ssh://kvm1?x=y",
    "a@b@c:1:2",
  ])("is not %j", (text) => {
    expect(() => namedHost(text)).toThrow(/must be|host name/);
  });

  it.each(["doctor", "import", "console"])("comes with the same options for kvm %s", async (name) => {
    const command = (await program(() => {}, name)).commands[0];
    const taken = command?.parseOptions(
      "-i k --known-hosts=~/k -F none -J ops@b:22,c --connect-timeout 5s".split(" "),
    );
    expect(taken?.unknown).toEqual([]);
    const { connection } = namedHost("kvm1", command?.opts());
    expect(connection).toEqual({
      ...{ address: "kvm1", identityFile: join(process.cwd(), "k"), knownHosts: "~/k", sshConfig: false },
      ...{ proxyJump: "ops@b:22,c", connectTimeout: "5000ms" },
    });
    // As kvm doctor called it first.
    command?.parseOptions(["--identity", "/old"]);
    expect(namedHost("kvm1", { identity: command?.opts().identity }).connection.identityFile).toBe("/old");
  });

  it.each([
    [{ connectTimeout: "soon" }, /--connect-timeout soon: must be a duration .* from 100ms to 10m/],
    [{ connectTimeout: "1h" }, /--connect-timeout 1h/],
    [{ proxyJump: "a b" }, /--proxy-jump "a b": must be \[USER@\]HOST/],
    [{ sshConfig: "" }, /--ssh-config: the name of the file is missing/],
  ])("refuses %j", (options, message) => {
    expect(() => namedHost("kvm1", options)).toThrow(message);
  });
});

describe("a report", () => {
  const alpha: HostExamination = { name: "alpha", address: "192.0.2.1", seen: seenWith() };
  const beta: HostExamination = { name: "beta", address: "192.0.2.2", seen: betaSeen };
  const silent: HostExamination = {
    ...{ name: "gamma", address: "gamma" },
    seen: { kind: "silent", silence: { kind: "timeout", reason: "no answer within 5 s, hunter2-planted" } },
  };
  const report = (examinations: HostExamination[], ignored: string[] = [], secrets = new SecretTexts()) =>
    makeReport(
      { examinations, ways: examinations.length === 2 ? [wayWith()] : [], commonCpu: undefined },
      { at: NOW, isIgnored: ({ check }) => ignored.includes(check), secrets },
    );
  const poor: HostExamination = {
    ...alpha,
    seen: seenWith({}, { kind: "open", facts: libvirtFacts({ pools: [pool({ isActive: false })] }) }),
  };

  it("ends with what was found", () => {
    expect(report([alpha, beta])).toMatchObject({ outcome: "fit", exitCode: 0 });
    expect(report([poor])).toMatchObject({ outcome: "unfit", exitCode: 2, summary: { problem: 1 } });
    expect(report([poor], ["pools"])).toMatchObject({ outcome: "fit", exitCode: 0, ignored: 1 });
    expect(report([poor, silent], ["login"])).toMatchObject({ outcome: "incomplete", exitCode: 3 });
  });

  it("is valid by the schema that is published", () => {
    const text = readFileSync(join(import.meta.dirname, "../../schemas/doctor-1.schema.json"), "utf8");
    const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(JSON.parse(text) as object);
    for (const each of [report([alpha, beta]), report([poor, silent])])
      expect(validate(each), JSON.stringify(validate.errors)).toBe(true);
    expect(validate({ ...report([alpha]), outcome: "ill" })).toBe(false);
  });

  it("holds no secret in any format, and commands no terminal", () => {
    const secrets = new SecretTexts();
    secrets.add("hunter2-planted");
    const made = report([alpha, silent], [], secrets);
    expect(JSON.stringify(made) + asTable(made, noPaint)).not.toContain("hunter2");
    const [first] = made.hosts;
    const evil = asTable(
      { ...made, hosts: [{ ...first, system: "\u001b[2J" } as (typeof made.hosts)[0]] },
      noPaint,
    );
    expect(evil).not.toContain("\u001b");
  });

  it("says when only some of the ways were tried", () => {
    const some = makeReport(
      { examinations: [alpha, beta], ways: [wayWith()], commonCpu: undefined },
      { at: NOW, isIgnored: () => false, secrets: new SecretTexts() },
    );
    expect(some.ways).toEqual({ tried: 1, all: 2 });
    expect(asTable(some, noPaint)).toContain("Of 2 ways between these hosts 1 were tried");
  });

  it("says in a sentence how it stands", () => {
    expect(asTable(report([alpha, beta]), noPaint)).toMatch(
      /alpha -> beta\n[\s\S]*No problem\. 2 hosts\.\n$/,
    );
    expect(asTable(report([poor, silent]), noPaint)).toMatch(
      /1 of 2 hosts could not be looked at; of the rest: 1 problem\.\n$/,
    );
  });
});

describe("the ways that are tried", () => {
  it.each([2, 32, 33, 500])("of %d hosts lead to and from each, all or as many", (count) => {
    const hosts = Array.from({ length: count }, (_, i) => i);
    const pairs = pairsOf(hosts);
    const reach = count <= 32 ? count - 1 : 8;
    for (const host of hosts) {
      const others = pairs.from(host);
      expect(new Set(others)).toHaveProperty("size", reach);
      expect(others).not.toContain(host);
      expect(new Set(pairs.to(host))).toHaveProperty("size", reach);
      for (const other of others) expect(pairs.to(other)).toContain(host);
    }
  });
});
