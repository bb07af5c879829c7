import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mustRun, run } from "../hosts/command.js";
import type { LabHost } from "../hosts/host.js";
import { Lab, labAvailable } from "../hosts/lab.js";
import { type CommandResult, PulumiProject, type StackResource } from "../support/pulumi.js";

const { available, missing } = labAvailable();
const lacking = missing.length === 0 ? "" : ` (missing: ${missing.join("; ")})`;

const passphrase = "correct horse, battery's staple";
/** What a guest is given: its host has to know it, nobody else. */
const guestSecrets = {
  screen: "s3cr-scr",
  password: "guest-passw0rd-in-plain",
  file: "token-of-a-service-in-a-file",
} as const;
/** What the program marks as secrets where none are expected: on the host they stand in the VM's definition. */
const marks = ["first & <marked> 'description'", "second & <marked> 'description'"] as const;

const program = `
import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import * as kvm from "pulumi-kvm";
const config = new pulumi.Config();
const text = (name: string) => readFileSync(config.require("keys") + "/" + name, "utf8");
const login = { user: "root", sshConfig: false as const, agent: false, knownHosts: config.require("knownHosts") };
const [alphaAddress, betaAddress] = config.requireObject<[string, string]>("addresses");

// Secrets of the stack's configuration: a key, and the passphrase that it is encrypted with.
const alpha = new kvm.Host("alpha", {
  address: alphaAddress, ...login,
  privateKey: config.requireSecret("privateKey"), passphrase: config.requireSecret("passphrase"),
});
// A text that nobody marked as a secret.
const beta = new kvm.Host("beta", { address: betaAddress, ...login, privateKey: text("plain") });
// Hosts without a resource: the key marked, and not marked.
const connection = { address: betaAddress, ...login };
const marked: kvm.HostRef = { name: "beta", connection, credentials: { privateKey: pulumi.secret(text("marked")) } };
const unmarked: kvm.HostRef = { name: "beta", connection, credentials: { privateKey: text("plain") } };

const pool = new kvm.StoragePool("images", { hosts: [alpha, beta], path: "/var/lib/libvirt/secrets" });
new kvm.StoragePool("other", { hosts: [alpha, marked], path: "/var/lib/libvirt/secrets-other" });
new kvm.Network("lan", { hosts: [unmarked, alpha], mode: "isolated" });
const disk = new kvm.Disk("data", { host: alpha, pool, size: "1MiB" });
const off = { memory: "64MiB", powerState: "stopped" as const, description: config.get("description") };
new kvm.VirtualMachine("one", { host: alpha, disks: [{ disk }], ...off });
new kvm.VirtualMachine("two", { host: marked, ...off });
new kvm.VirtualMachine("three", { host: pulumi.output(unmarked) as pulumi.Input<kvm.HostRef>, ...off });
// What its guest is to know, none of it marked as a secret.
new kvm.VirtualMachine("four", {
  host: alpha, disks: [{ size: "1MiB", pool }], graphics: { type: "vnc", password: text("screen") },
  cloudInit: {
    users: [{ name: "ops", password: text("password") }],
    writeFiles: [{ path: "/etc/token", content: text("file") }],
    runcmd: config.get("description") ? ["true"] : [],
  },
  ...off,
});
// Marked where nobody expects a secret.
new kvm.VirtualMachine("five", {
  host: alpha, ...off, description: config.requireSecret("marked"), title: config.get("title"),
});
export const connections = [alpha.connection, beta.connection];
`;

describe.skipIf(!available)(`keys and passphrases${lacking}`, () => {
  let lab: Lab;
  let hosts: readonly LabHost[];
  let project: PulumiProject;
  let needles: ReadonlyMap<string, string>;
  let guestNeedles: Map<string, string>;
  const keys: Record<string, string> = {};
  beforeAll(async () => {
    lab = await Lab.up({ hosts: 2, prefix: "secrets" });
    hosts = lab.hosts;
    const folder = join(lab.folder, "keys");
    await mustRun(["mkdir", "-m", "700", folder]);
    const authorized: string[] = [];
    for (const name of ["encrypted", "plain", "marked", "stranger"]) {
      const path = join(folder, name);
      const protection = name === "encrypted" ? passphrase : "";
      await mustRun(["ssh-keygen", "-q", "-t", "ed25519", "-C", `of-${name}`, "-N", protection, "-f", path]);
      keys[name] = await readFile(path, "utf8");
      if (name !== "stranger") authorized.push(await readFile(`${path}.pub`, "utf8"));
    }
    for (const [name, secret] of Object.entries(guestSecrets)) await writeFile(join(folder, name), secret);
    for (const host of hosts) await host.writeFile("/etc/ssh/authorized_keys", authorized.join(""));
    needles = needlesOf(keys);
    guestNeedles = new Map(
      Object.entries(guestSecrets).map(([name, secret]) => [secret, `the guest's ${name}`]),
    );
    const config = {
      keys: folder,
      knownHosts: lab.knownHostsPath,
      addresses: JSON.stringify(hosts.map(({ address }) => address)),
    };
    project = await PulumiProject.create({ program, config });
    await project.setConfig("privateKey", keys.encrypted ?? "", { secret: true });
    await project.setConfig("passphrase", passphrase, { secret: true });
    await project.setConfig("marked", marks[0], { secret: true });
    for (const mark of marks)
      for (const text of [mark, mark.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")])
        guestNeedles.set(text, "what the program marked");
  });
  afterAll(async () => {
    await project?.[Symbol.asyncDispose]();
    await lab?.close();
  });

  const foundOnHost = (text: string) =>
    [...needles].flatMap(([needle, what]) => (text.includes(needle) ? [what] : []));
  const found = (text: string) => [
    ...foundOnHost(text),
    ...[...guestNeedles].flatMap(([needle, what]) => (text.includes(needle) ? [what] : [])),
  ];

  /** What Pulumi itself traces of its calls is left out: its engine's log, and the SDK's debug lines. */
  function expectSilent({ stdout, stderr }: CommandResult): void {
    const lines = `${stdout}\n${stderr}`.split("\n");
    const others = lines.filter((line) => !/"severity":"debug"|^\{"time":.*"level":/.test(line));
    for (const line of others) expect(found(line), line.slice(0, 500)).toEqual([]);
  }

  /** The state with its history and its copies, and what else Pulumi writes. */
  async function expectClean(folder: string): Promise<void> {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    const files = entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
    expect(files.length).toBeGreaterThan(0);
    for (const file of files) expect(found(await readFile(file, "utf8")), file).toEqual([]);
  }

  it("make their way to both hosts, and can be read on neither, in no process, log or document", async () => {
    const up = project.start(["up", "--yes", "--skip-preview", "--json"]);
    let running = true;
    const processes: string[] = [];
    const watching = (async () => {
      while (running) {
        for (const { command } of await project.processes()) processes.push(command);
        for (const host of hosts)
          processes.push(await host.shell("ps axww -o args; cat /proc/[0-9]*/environ 2>/dev/null || true"));
      }
    })();
    const result = await up.done;
    running = false;
    await watching;
    expect(result.exitCode, result.stderr + result.stdout.slice(-2000)).toBe(0);
    expectSilent(result);
    expect(found(processes.join("\n"))).toEqual([]);
    for (const host of hosts) {
      const documents = await host.shell(`
        for domain in $(virsh -q list --all --name); do virsh dumpxml --security-info $domain; done
        for pool in $(virsh -q pool-list --all --name); do virsh pool-dumpxml $pool; virsh vol-list $pool; done
        for network in $(virsh -q net-list --all --name); do virsh net-dumpxml $network; done`);
      expect(documents).toContain("kvm-owner");
      expect(foundOnHost(documents)).toEqual([]);
    }
    const patterns = join(lab.folder, "patterns");
    await writeFile(patterns, [...needles.keys()].join("\n"));
    const { stdout } = await run(["grep", "-rlF", "-f", patterns, join(lab.folder, "hosts")]);
    expect(stdout).toBe("");
  });

  it("are in no output, however much is asked for", async () => {
    await project.setConfig("description", "changed");
    await project.setConfig("marked", marks[1], { secret: true });
    await project.setConfig("title", "five");
    expectSilent(await project.expect(["preview", "--json"]));
    const preview = await project.expect(["preview", "--diff", "-v=9", "--logtostderr"]);
    expectSilent(preview);
    // The document's difference is told, with what isn't secret.
    expect(preview.stdout).toContain("description [secret] -> [secret]");
    expect(preview.stdout + preview.stderr).toMatch(/\+ +<title>five<\/title>/);
    expectSilent(await project.expect(["up", "--yes", "--skip-preview", "--diff", "-v=9", "--logtostderr"]));
    expectSilent(await project.expect(["refresh", "--yes", "--diff", "-v=9", "--logtostderr"]));
    expectSilent(await project.expect(["refresh", "--yes", "--skip-preview", "--json"]));
    expectSilent(await project.expect(["stack", "export"]));
    expectSilent(await project.expect(["stack", "--show-ids"]));
  });

  it("stand encrypted in every resource, in inputs and in outputs, and hide nothing else", async () => {
    await expectClean(join(project.folder, ".state"));
    const resources = await project.resources();
    expect(resources).toHaveLength(11);
    for (const resource of resources) {
      const name = resource.urn.split("::").at(-1);
      for (const [side, values] of Object.entries(sidesOf(resource))) {
        const where = `${side} of ${name}`;
        expect(values.credentials, where).toEqual({
          ...secretMark,
          ciphertext: expect.stringMatching(/^v1:/),
        });
        const hidden = Object.entries(values).flatMap(([key, value]) =>
          JSON.stringify(value).includes(Object.keys(secretMark)[0] ?? "") ? [key] : [],
        );
        expect(hidden.filter((key) => key !== "peerCredentials").sort(), where).toEqual(
          { four: ["cloudInit", "credentials", "graphics"], five: ["credentials", "description"] }[
            name ?? ""
          ] ?? ["credentials"],
        );
      }
    }
    const [decrypted] = (await project.resources({ showSecrets: true })).filter(({ urn }) =>
      urn.endsWith("::two"),
    );
    expect(JSON.stringify(decrypted?.inputs?.credentials)).toContain(keys.marked?.split("\n")[3]);
    expect(await project.outputs()).toEqual({
      connections: hosts.map(({ address }) => ({
        address,
        user: "root",
        sshConfig: false,
        agent: false,
        knownHosts: lab.knownHostsPath,
      })),
    });
  });

  it("are in no error about an input that isn't allowed", async () => {
    await project.setConfig("marked", `${marks[1]}\u0007`, { secret: true });
    const refused = await project.run(["preview"]);
    expect(refused.exitCode).not.toBe(0);
    expect(refused.stdout + refused.stderr).toMatch(/description: .*\(the value is secret\)/);
    expectSilent(refused);
    await project.setConfig("marked", marks[1], { secret: true });
  });

  it("are in no error: of a wrong passphrase, a broken key, a key that is refused", async () => {
    const broken = (keys.encrypted ?? "").split("\n").toSpliced(2, 2).join("\n");
    const failures: [string, string, RegExp][] = [
      [keys.encrypted ?? "", "correct horse, battery's stable", /passphrase/],
      [broken, passphrase, /privateKey|no private key/],
      [keys.stranger ?? "", "", /refuses to log in user root: tried publickey ssh-ed25519 SHA256:/],
    ];
    for (const [privateKey, words, reason] of failures) {
      await project.setConfig("privateKey", privateKey, { secret: true });
      await project.setConfig("passphrase", words, { secret: true });
      const preview = await project.run(["preview", "--diff"]);
      expect(preview.stdout + preview.stderr).toMatch(reason);
      expectSilent(preview);
      const up = await project.run(["up", "--yes", "--skip-preview", "--json", "--continue-on-error"]);
      expect(up.exitCode).not.toBe(0);
      expect(up.stdout).toMatch(reason);
      expectSilent(up);
    }
    await project.setConfig("privateKey", keys.encrypted ?? "", { secret: true });
    await project.setConfig("passphrase", passphrase, { secret: true });
    await project.up();
    await expectClean(join(project.folder, ".state"));
  });

  it("open the other hosts too when a VM is gone and has to be looked for", async () => {
    const [alpha, beta] = hosts;
    await beta?.virsh("undefine", "two");
    await alpha?.virsh("undefine", "one");
    await project.refresh();
    const names = (await project.resources()).map(({ urn }) => urn.split("::").at(-1) ?? "");
    expect(names).not.toContain("one");
    expect(names).not.toContain("two");
    await project.up();
    await beta?.virsh("undefine", "two");
    await alpha?.virsh("undefine", "one");
    await project.destroy();
    expect(await project.resources()).toEqual([]);
    await expectClean(join(project.folder, ".state"));
  });
});

/** By which Pulumi tells a secret in a state. */
const secretMark = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270" };

function sidesOf({ inputs, outputs }: StackResource): Record<string, Record<string, unknown>> {
  return { inputs: inputs ?? {}, outputs: outputs ?? {} };
}

/** What must not be seen anywhere: lines of the keys, which stay the same however the text is quoted, and the passphrase. */
function needlesOf(keys: Readonly<Record<string, string>>): Map<string, string> {
  const needles = new Map([[passphrase, "the passphrase"]]);
  for (const [name, text] of Object.entries(keys)) {
    const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("-----"));
    // How a key begins is the same for all of its kind.
    for (const line of lines.slice(2)) needles.set(line, `key ${name}`);
    needles.set(Buffer.from(text).toString("base64").slice(300, 360), `key ${name} in base64`);
  }
  return needles;
}
