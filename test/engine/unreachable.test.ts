import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mustRun } from "../hosts/command.js";
import { ConsoleWatch } from "../hosts/console-watch.mjs";
import type { LabHost } from "../hosts/host.js";
import { Lab, labAvailable } from "../hosts/lab.js";
import {
  consoleLog,
  DeclaredProject,
  effectsOf,
  errorsOf,
  expectNoStackTraces,
  labHosts,
  tickMachine,
  warningsOf,
} from "./declared.js";

const { available, missing } = labAvailable();
const lacking = missing.length === 0 ? "" : ` (missing: ${missing.join("; ")})`;

const off = { powerState: "stopped", memory: "64MiB" };
const names = Array.from({ length: 10 }, (_, i) => `vm${i}`);
const many = Object.fromEntries(names.map((name) => [name, { on: "alpha", ...off }]));

describe.skipIf(!available)(`a host that doesn't answer${lacking}`, () => {
  let lab: Lab;
  let alpha: LabHost;
  let beta: LabHost;
  let project: DeclaredProject;
  beforeAll(async () => {
    lab = await Lab.up({ hosts: 2, prefix: "unreachable" });
    alpha = lab.host("alpha");
    beta = lab.host("beta");
    project = await DeclaredProject.create({
      hosts: labHosts(lab, { connectTimeout: "3s" }),
      pool: { hosts: ["alpha"], path: "/var/lib/libvirt/unreachable" },
      machines: { ...many, web: tickMachine("web", "alpha"), other: { on: "beta", ...off } },
    });
  });
  afterAll(async () => {
    await project?.[Symbol.asyncDispose]();
    await lab?.close();
  });

  const domainsOn = async (host: LabHost) =>
    (await host.virsh("list", "--all", "--name"))
      .split("\n")
      .filter((name) => name !== "")
      .sort();

  async function recorded(): Promise<string[]> {
    const resources = await project.pulumi.resources();
    return resources.map(({ urn }) => urn.split("::").at(-1) ?? "").sort();
  }

  /** The names of the resources that a message of this kind is about, one line a message. */
  function about(lines: string[], pattern: RegExp): string[] {
    const matching = lines.filter((line) => pattern.test(line));
    return [...new Set(matching.map((line) => /^\w+ (\S+): /.exec(line)?.[1] ?? line))].sort();
  }

  it("costs one connect timeout, a warning a resource, and none of the other host's resources", async () => {
    await alpha.partition();
    const preview = await project.pulumi.preview();
    // Thirteen resources that wait three seconds each would take more than this.
    expect(preview.durationMs).toBeLessThan(25_000);
    expect(about(warningsOf(preview), /host alpha is unreachable: timed out after 3 s/)).toEqual(
      ["alpha", "images", "web", ...names].sort(),
    );
    expect(effectsOf(preview).vm7).toEqual([
      "not known: host alpha is unreachable: timed out after 3 s while connecting to alpha",
    ]);
    expect(effectsOf(preview).other).toContain("create virtual machine other on beta (new)");

    const up = await project.pulumi.up({ expectSuccess: false });
    expect(up.exitCode).not.toBe(0);
    expect(errorsOf(up)[0]).toBe(
      "Host alpha: host alpha is unreachable: timed out after 3 s while connecting to alpha; nothing was assumed or changed",
    );
    expectNoStackTraces(up);
    expect(await domainsOn(beta)).toEqual(["other"]);
    expect(await recorded()).toEqual(["beta", "other"]);
    await alpha.heal();
    await project.pulumi.up();
    expect(await domainsOn(alpha)).toEqual(["web", ...names].sort());
  });

  it("is waited for together with the others of the program that don't answer", async () => {
    const waiting = new Set<Socket>();
    let mostWaiting = 0;
    await using silent = createServer((socket) => {
      waiting.add(socket.on("error", () => undefined).resume());
      mostWaiting = Math.max(mostWaiting, waiting.size);
      socket.on("close", () => waiting.delete(socket));
    });
    await once(silent.listen(0, "127.0.0.1"), "listening");
    const { port } = silent.address() as AddressInfo;
    const { hosts } = project.declared;
    const login = { address: "127.0.0.1", port, sshConfig: false, agent: false, privateKey: lab.privateKey };
    const mute = ["one", "two", "three", "four"].map((user): [string, Record<string, unknown>] => {
      return [user, { ...login, user, connectTimeout: "3s" }];
    });
    await project.declare({ hosts: { ...hosts, ...Object.fromEntries(mute) } });
    const preview = await project.pulumi.preview();
    await project.declare({ hosts });
    expect(mostWaiting).toBe(mute.length);
    const told = about(warningsOf(preview), /is unreachable: timed out after 3 s/);
    expect(told).toEqual(mute.map(([name]) => name).sort());
  });

  it("loses no resource, whatever is done meanwhile, and is repaired when it is back", async () => {
    const before = await recorded();
    await alpha.down();
    const unchanged = await project.pulumi.preview({ args: ["--expect-no-changes"] });
    expect(about(warningsOf(unchanged), /host alpha is unreachable/)).toContain("web");

    for (const name of names) await project.change(name, { description: "changed" });
    await project.declare({ machines: { ...project.declared.machines, third: { on: "beta", ...off } } });
    const up = await project.pulumi.up({ args: ["--continue-on-error"], expectSuccess: false });
    expect(up.exitCode).not.toBe(0);
    expect(up.durationMs).toBeLessThan(30_000);
    expect(
      about(
        errorsOf(up),
        /^VirtualMachine vm\d+: host alpha is unreachable: [^\n]*; nothing was assumed or changed$/,
      ),
    ).toEqual([...names].sort());
    expectNoStackTraces(up);
    expect(await domainsOn(beta)).toEqual(["other", "third"]);

    const refresh = await project.pulumi.refresh({ expectSuccess: false });
    expect(refresh.exitCode).not.toBe(0);
    expect(about(errorsOf(refresh), /host alpha is unreachable: /)).toEqual(
      ["alpha", "images", "web", ...names].sort(),
    );
    expectNoStackTraces(refresh);
    expect(await recorded()).toEqual([...before, "third"].sort());

    const destroy = await project.pulumi.destroy({ args: ["--continue-on-error"], expectSuccess: false });
    expect(destroy.exitCode).not.toBe(0);
    expectNoStackTraces(destroy);
    expect(await domainsOn(beta)).toEqual([]);
    expect(await recorded()).toEqual(["alpha", "images", "web", ...names].sort());

    await alpha.up();
    const preview = await project.pulumi.preview();
    expect(effectsOf(preview)).toMatchObject({
      web: ["start (it is off)"],
      vm3: ['description none -> "changed"'],
    });
    await using web = await ConsoleWatch.start([alpha], consoleLog("web"));
    await project.pulumi.up();
    await web.untilLine(/^tick 2 /);
    await project.pulumi.preview({ args: ["--expect-no-changes"] });
    expect(await recorded()).toEqual([...before, "third"].sort());
  });

  it("is no reason to call a VM gone that could be there; one that is gone for certain is dropped and made again", async () => {
    await project.declare({ pool: undefined, machines: { lost: { on: "alpha", ...off } } });
    await project.pulumi.up();
    const uuid = (await alpha.virsh("domuuid", "lost")).trim();
    await alpha.virsh("undefine", "lost");
    await beta.partition();
    const preview = await project.pulumi.preview();
    expect(about(warningsOf(preview), /host beta is unreachable/)).toEqual(["beta", "lost"]);
    expect(effectsOf(preview)).toEqual({});
    const refresh = await project.pulumi.refresh({ expectSuccess: false });
    expect(refresh.exitCode).not.toBe(0);
    expect(await recorded()).toEqual(["alpha", "beta", "lost"]);

    await beta.heal();
    expect(effectsOf(await project.pulumi.preview())).toEqual({
      lost: ["create virtual machine lost on alpha (it is gone from its host)"],
    });
    await project.pulumi.refresh();
    expect(await recorded()).toEqual(["alpha", "beta"]);
    await project.pulumi.up();
    expect(await domainsOn(alpha)).toEqual(["lost"]);
    expect((await alpha.virsh("domuuid", "lost")).trim()).not.toBe(uuid);
  });

  it("reached by another name stays the same host: nothing moves", async () => {
    const alphaByAddress = { address: alpha.address, sshConfig: lab.sshConfigPath };
    await project.declare({ hosts: { ...project.declared.hosts, alpha: alphaByAddress } });
    const preview = await project.pulumi.preview();
    expect(effectsOf(preview)).toEqual({
      alpha: ["record changed connection, no guest notices"],
      lost: ["record changed connection, no guest notices"],
    });
    await project.pulumi.up();
    await project.pulumi.refresh();
    await project.pulumi.preview({ args: ["--expect-no-changes"] });
    expect(await domainsOn(beta)).toEqual([]);
  });

  it("says in the preview what is wrong with the way to it", async () => {
    const folder = project.pulumi.folder;
    const at = (file: string) => join(folder, file);
    await mustRun(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", at("stranger")]);
    const [, strangersKey] = (await mustRun(["ssh-keygen", "-y", "-f", at("stranger")])).split(" ");
    await writeFile(at("nobody"), "");
    await writeFile(at("impostor"), `${alpha.address} ssh-ed25519 ${strangersKey ?? ""}\n`);
    const hostKey = (await alpha.readFile("/etc/ssh/ssh_host_ed25519_key.pub"))
      .split(" ")
      .slice(0, 2)
      .join(" ");
    const fingerprint = (await alpha.shell("ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub")).split(" ")[1];
    const login = { user: "root", sshConfig: false, agent: false, identityFile: lab.privateKeyPath };
    const { address } = alpha;
    await project.declare({
      hosts: {
        unknown: { address, ...login, knownHosts: at("nobody") },
        impostor: { address, ...login, knownHosts: at("impostor") },
        refused: { address, ...login, knownHosts: lab.knownHostsPath, identityFile: at("stranger") },
        nowhere: { address: "no-such-host.invalid", ...login },
      },
      machines: { box: { on: "unknown", ...off } },
    });
    const expectReasons = (lines: string[]) => {
      const text = lines.join("\n");
      expect(text).toMatch(new RegExp(`^Host unknown: .*${escaped(fingerprint)}`, "m"));
      expect(text).toContain(`add this line to ${at("nobody")}: ${address} ${hostKey}`);
      expect(text).toMatch(
        new RegExp(`^Host impostor: .*HOST KEY HAS CHANGED.*${escaped(fingerprint)}.*line 1`, "m"),
      );
      expect(text).toMatch(/^Host refused: .*refuses to log in user root: tried .*SHA256:/m);
      expect(text).toMatch(/^Host nowhere: .*no-such-host\.invalid/m);
    };
    const preview = await project.pulumi.preview();
    expectReasons(warningsOf(preview));
    expect(about(warningsOf(preview), new RegExp(escaped(fingerprint)))).toContain("box");
    const up = await project.pulumi.up({ args: ["--continue-on-error"], expectSuccess: false });
    expect(up.exitCode).not.toBe(0);
    expectReasons(errorsOf(up));
    expectNoStackTraces(up);
    expect(await domainsOn(alpha)).toEqual([]);
  });
});

function escaped(text = ""): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
}
