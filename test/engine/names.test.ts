import { copyFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { DOMParser } from "@xmldom/xmldom";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ConsoleWatch } from "../hosts/console-watch.mjs";
import type { LabHost } from "../hosts/host.js";
import { Lab, labAvailable } from "../hosts/lab.js";
import { tickCommandLine, tickGuest } from "../hosts/tick-guest.js";
import { PulumiProject } from "../support/pulumi.js";
import { contentsOf, type HostContents, volumesIn } from "./contents.js";

const { available, missing } = labAvailable();
const lacking = missing.length === 0 ? "" : ` (missing: ${missing.join("; ")})`;

/** What has a meaning in XML, in a shell, in QEMU's options, in file name patterns or in none of them. */
const odd = `<b a="1">&amp; ' \\ ü☃𝄞 %s,x=1 * ? $(touch pwned); \`id\` |#~!{}[]`;
const folder = `/var/lib/libvirt/odd ${odd}`;
const log = `/var/log/libvirt/qemu/console ${odd}.log`;
const kernel = `/var/lib/libvirt/kernel ${odd}`;
const commandLine = `${tickCommandLine} odd="${odd}"`;
const description = `${odd}\n\t second line `;
/** What `log` would be to a shell that saw patterns in it, the words of it, and what a command in it would make. */
const decoys = [
  log.replace("*", "anything").replace("?", "1"),
  ...log.split(" ").filter((word) => word.startsWith("/")),
  "/var/log/libvirt/qemu/pwned",
];
const vm = `v ${odd}`.slice(0, 90);
const ownedDisk = `o ${odd}`.slice(0, 50);

/** By XML 1.0, whose only line ends are these: libvirt knows no others. */
const parser = new DOMParser({ normalizeLineEndings: (text) => text.replace(/\r\n?/g, "\n") });

const program = `
import { readFileSync } from "node:fs";
import * as kvm from "pulumi-kvm";
const { hosts, pool, disk, network, machine, on, more } = JSON.parse(readFileSync("odd.json", "utf8"));
const [alpha, beta] = hosts.map(({ resource, inputs }: any) => new kvm.Host(resource, inputs));
const images = new kvm.StoragePool(pool.resource, { hosts: [alpha, beta], ...pool.inputs });
const lan = new kvm.Network(network.resource, { hosts: [alpha, beta], ...network.inputs });
const host = on === 0 ? alpha : beta;
const data = new kvm.Disk(disk.resource, { host, pool: images, ...disk.inputs });
const { disks, ...inputs } = machine.inputs;
new kvm.VirtualMachine(machine.resource, {
  host,
  disks: [{ disk: data, serial: "Ab_9.+-" }, ...disks.map((each: any) => ({ pool: images, ...each }))],
  interfaces: [{ network: lan }],
  ...inputs,
});
const base = new kvm.Disk("base", { host: alpha, pool: images, size: "1MiB", name: "base " + disk.inputs.name });
for (const [i, args] of more.entries())
  new kvm.VirtualMachine("more-" + i, {
    host: alpha, memory: "64MiB", powerState: "stopped", kernel: machine.inputs.kernel,
    disks: [{ size: "1MiB", pool: images, name: args.name, backing: base }], ...args,
  });
`;

describe.skipIf(!available)(`odd names and values${lacking}`, () => {
  let lab: Lab;
  let alpha: LabHost;
  let project: PulumiProject;
  let beta: LabHost;
  let bare: HostContents[];
  let declared: Record<string, unknown>;
  const contents = () => Promise.all(lab.hosts.map((host) => contentsOf(host)));
  const declare = async (more: Record<string, unknown>) => {
    declared = { ...declared, ...more };
    await project.write("odd.json", JSON.stringify(declared));
  };
  beforeAll(async () => {
    lab = await Lab.up({ hosts: 2, prefix: "names" });
    alpha = lab.host("alpha");
    beta = lab.host("beta");
    const { kernelPath, initrdPath } = tickGuest();
    for (const host of lab.hosts) await host.mustExec(["cp", kernelPath, kernel]);
    const keys = join(lab.folder, `keys ${odd}`);
    await mkdir(keys);
    await copyFile(lab.privateKeyPath, join(keys, "id"));
    await copyFile(lab.knownHostsPath, join(keys, "known hosts"));
    declared = {
      hosts: lab.hosts.map(({ name, address }) => ({
        resource: `${name} ${odd}`,
        inputs: {
          ...{ address, user: "root", sshConfig: false, agent: false },
          ...{ identityFile: join(keys, "id"), knownHosts: join(keys, "known hosts") },
          labels: { [odd]: description },
        },
      })),
      pool: { resource: `pool ${odd}`, inputs: { name: `p ${odd}`, path: folder } },
      disk: { resource: `disk ${odd}`, inputs: { name: `d ${odd}`, size: "1MiB" } },
      network: {
        resource: `net ${odd}`,
        inputs: { name: `n ${odd}`, mode: "isolated", cidr: "10.98.0.1/24", dhcp: true },
      },
      machine: {
        resource: `machine ${odd}`,
        inputs: {
          ...{ name: vm, memory: "128MiB", kernel, initrd: initrdPath, commandLine, description },
          console: { log },
          disks: [{ name: ownedDisk, size: "1MiB" }],
        },
      },
    };
    project = await PulumiProject.create({ program });
    await declare({ on: 0, more: [] });
    bare = await contents();
  });
  afterAll(async () => {
    await project?.[Symbol.asyncDispose]();
    await lab?.close();
  });

  /** The definition, the files and the console of the running VM hold what the program says. */
  async function expectUnchanged(host: LabHost): Promise<void> {
    const uuid = (await host.virsh("list", "--uuid")).trim();
    for (const which of [[], ["--inactive"]]) {
      const xml = parser.parseFromString(await host.virsh("dumpxml", ...which, uuid), "text/xml");
      const text = (tag: string) => xml.getElementsByTagName(tag)[0]?.textContent;
      expect(text("name")).toBe(vm);
      expect(text("description")).toBe(description);
      expect(text("kernel")).toBe(kernel);
      expect(text("cmdline")).toBe(commandLine);
      expect(text("serial")).toBe("Ab_9.+-");
      const attributes = (tag: string, name: string) =>
        new Set([...xml.getElementsByTagName(tag)].flatMap((element) => element.getAttribute(name) || []));
      expect(attributes("log", "file")).toEqual(new Set([log]));
      expect(attributes("source", "file")).toEqual(
        new Set([`${folder}/d ${odd}`, `${folder}/${vm}-${ownedDisk}`]),
      );
      expect(attributes("source", "network")).toEqual(new Set([`n ${odd}`]));
      expect(attributes("kvm-owner:owner", "name")).toEqual(new Set([`machine ${odd}`]));
    }
    expect(await volumesIn(host, folder)).toEqual(expect.arrayContaining([`d ${odd}`, `${vm}-${ownedDisk}`]));
    await project.preview({ args: ["--expect-no-changes"] });
  }

  it("arrive unchanged, in definitions, files and the guest", async () => {
    await project.up();
    await using watch = await ConsoleWatch.start([alpha], log, { fromStart: true });
    await watch.untilLine(/^tick 1 /);
    expect(watch.lines.map(({ text }) => text)).toContain(`commandline ${commandLine}`);
    await expectUnchanged(alpha);
    await project.up({ args: ["--refresh", "--expect-no-changes"] });
  });

  it("travel along when the VM moves", async () => {
    await using watch = await ConsoleWatch.start(lab.hosts, log);
    await watch.untilTicks(2);
    await declare({ on: 1 });
    await project.up();
    await watch.untilTicks(4);
    expect(watch.ticks.at(-1)?.host).toBe("beta");
    expect(watch.report()).toMatchObject({ missing: [], repeated: [], restarts: 0 });
    await expectUnchanged(beta);
    expect(await volumesIn(alpha, folder)).toEqual([`base d ${odd}`]);
  });

  it("are right in their edges too: empty, blank, like options, patterns, entities and escapes", async () => {
    const more = [
      { name: "-rf", description: "", commandLine: "" },
      { name: "--help", description: " ", commandLine: " quiet " },
      { name: "%n%s", description: "\n\n", commandLine: "a\nb\tc" },
      { name: "a:b", description: "]]><![CDATA[x", commandLine: "--- ,,= $" },
      { name: "&#10;", description: "&#10;<!-- -->", commandLine: "&lt;" },
      { name: "a,b=c", description: "\u00a0\u2028\u0085", commandLine: "\u00a0" },
      { name: "c'o\"n", description: "\\n \\", commandLine: "'\"'" },
    ];
    await declare({ more });
    await project.up();
    for (const [i, { name, description, commandLine }] of more.entries()) {
      const dumped = await alpha.virsh("dumpxml", "--domain", name);
      const xml = parser.parseFromString(dumped, "text/xml");
      const text = (tag: string) => xml.getElementsByTagName(tag)[0]?.textContent ?? "";
      expect([i, text("name"), text("description"), text("cmdline")]).toEqual([
        i,
        name,
        description,
        commandLine,
      ]);
      expect(await volumesIn(alpha, folder)).toContain(`${name}-${name}`);
    }
    await project.preview({ args: ["--expect-no-changes"] });
  });

  it("take away what is theirs when they go, and not what they look like", async () => {
    for (const path of decoys) await alpha.writeFile(path, "a decoy");
    await project.destroy();
    for (const path of decoys) {
      expect(await alpha.readFile(path)).toBe("a decoy");
      await alpha.mustExec(["rm", "--", path]);
    }
    expect(await contents()).toEqual(bare);
    // It ends with 1 when folders of others go while it looks into them.
    expect(await alpha.shell("find / -xdev -name pwned || [ $? = 1 ]")).toBe("");
  });
});
