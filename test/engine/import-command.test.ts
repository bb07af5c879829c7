import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { importReport } from "../../cli/import/report.js";
import { withOwnerMark } from "../../provider/libvirt/xml/index.js";
import { type CommandResult, run } from "../hosts/command.js";
import { ConsoleWatch } from "../hosts/console-watch.mjs";
import type { LabHost } from "../hosts/host.js";
import { Lab, labAvailable } from "../hosts/lab.js";
import { tickCommandLine, tickGuest } from "../hosts/tick-guest.js";
import { PulumiProject } from "../support/pulumi.js";
import { changedBy, effectsOf } from "./declared.js";
import * as made from "./imported-machines.js";

const { available, missing } = labAvailable(["virt-install", "virtinst"]);
const lacking = missing.length === 0 ? "" : ` (missing: ${missing.join("; ")})`;
const folder = made.IMAGES;
const log = "/var/log/libvirt/qemu/installed-console.log";

describe.skipIf(!available)(`kvm import${lacking}`, () => {
  let lab: Lab;
  let alpha: LabHost;
  let beta: LabHost;
  let project: PulumiProject;
  beforeAll(async () => {
    lab = await Lab.up({ hosts: 2, prefix: "kvm-import", sharedFolder: true });
    alpha = lab.host("alpha");
    beta = lab.host("beta");
    project = await PulumiProject.create({ program: "", name: "shop" });
    const define = async (kind: "define" | "net-define" | "pool-define", xml: string, host = alpha) => {
      await host.writeFile("/run/defined.xml", xml);
      await host.virsh(kind, "/run/defined.xml");
    };
    await alpha.shell(
      "ip link add br7 type bridge; ip link set br7 up; mkdir /var/lib/libvirt/iso; truncate -s 64K /var/lib/libvirt/iso/seed.iso; truncate -s 8M /var/lib/libvirt/outside.img",
    );
    for (const host of lab.hosts) {
      await host.virsh("pool-define-as", "images", "dir", "--target", folder);
      await host.virsh("pool-start", "images");
      await host.virsh("pool-autostart", "images");
    }
    for (const host of lab.hosts) {
      await host.virsh("pool-define-as", "shared", "dir", "--target", "/var/lib/libvirt/shared");
      await host.virsh("pool-start", "shared");
    }
    for (const volume of ["both.raw", "idle.raw"])
      await alpha.virsh("vol-create-as", "shared", volume, "1MiB", "--format", "raw");
    await define("define", made.sharing("share-a", "/var/lib/libvirt/shared/both.raw"));
    await define("define", made.sharing("share-b", "/var/lib/libvirt/shared/both.raw"), beta);
    await define("pool-define", made.ofAStack);
    await alpha.virsh("pool-define-as", "unused", "dir", "--target", "/var/lib/libvirt/iso");
    await alpha.virsh("pool-start", "unused");
    for (const xml of [made.lan, made.vagrantNetwork]) await define("net-define", xml);
    await define("net-define", made.lan, beta);
    for (const name of ["default", "vagrant-libvirt"]) await alpha.virsh("net-start", name);
    await beta.virsh("net-start", "default");
    for (const host of lab.hosts) await host.virsh("net-autostart", "default");
    await alpha.virsh("vol-create-as", "images", "box.qcow2", "32MiB", "--format", "qcow2");
    const backing = ["--backing-vol", "box.qcow2", "--backing-vol-format", "qcow2"];
    await alpha.virsh(
      "vol-create-as",
      "images",
      "shop_default.img",
      "32MiB",
      "--format",
      "qcow2",
      ...backing,
    );
    for (const [volume, format] of [
      ["desk.qcow2", "qcow2"],
      ["quorum.raw", "raw"],
      ["spare.qcow2", "qcow2"],
      ["taken.qcow2", "qcow2"],
    ] as const)
      await alpha.virsh("vol-create-as", "images", volume, "16MiB", "--format", format);
    const { kernelPath, initrdPath } = tickGuest();
    await alpha.shell(
      `virt-install --connect qemu:///system --name installed --memory 160 --vcpus 2,maxvcpus=4 --virt-type qemu --machine q35 --import \
        --disk pool=images,size=0.05,format=qcow2,bus=virtio,serial=root --disk size=0.02,pool=images,bus=sata --disk /var/lib/libvirt/iso/seed.iso,device=cdrom,bus=sata --network bridge=br7,model=virtio --network network=default,model=e1000e \
        --osinfo detect=on,require=off --graphics vnc,password=${made.PASSWORD} --video qxl --watchdog i6300esb,action=pause --tpm none \
        --boot kernel=${kernelPath},initrd=${initrdPath},kernel_args="${tickCommandLine}" --serial pty,log.file=${log} --noautoconsole`,
      { timeoutMs: 120_000 },
    );
    for (const xml of [made.desk, made.vagrantBox, ...made.cluster, made.differing])
      await define("define", xml);
    for (const xml of made.others) await define("define", xml, beta);
    const uuid = (await alpha.virsh("domuuid", "installed")).trim();
    await define(
      "define",
      made.managed.replace("<name>managed<", `<uuid>${uuid}</uuid><name>installed<`),
      beta,
    );
    for (const name of ["desk.qcow2", "lone.qcow2"])
      await beta.virsh("vol-create-as", "images", name, "16MiB");
    const owner = { project: "other", stack: "dev", name: "ours", type: "x", nonce: "0123456789abcdef" };
    await define("define", withOwnerMark(made.managed, { ...owner, phase: "created" }));
    await alpha.virsh("start", "differing");
    await alpha.virsh("detach-interface", "differing", "bridge", "--config");
  });
  afterAll(async () => {
    await project?.[Symbol.asyncDispose]();
    await lab?.close();
  });

  function kvm(args: readonly string[], hosts = "alpha"): Promise<CommandResult> {
    const command = join(project.folder, "node_modules/pulumi-kvm/dist/cli/kvm.js");
    return run([process.execPath, command, "import", hosts, "-F", lab.sshConfigPath, ...args], {
      environment: project.env,
      timeoutMs: 60_000,
    });
  }

  const machines = ["desk of Ada", "installed", "node-1", "node-2", "shop_default"];
  /** Our marks are all that may come, and figures of storage what may differ. */
  const withoutMarks = (xml: string) =>
    xml
      .replace(/\s*<kvm:(\w+)[^>]*xmlns:kvm="urn:pulumi-kvm[^>]*?(\/>|>[\s\S]*?<\/kvm:\1>)/g, "")
      .replace(/\s*<(\S+) xmlns:\S+="urn:pulumi-kvm[^>]*?(\/>|>[\s\S]*?<\/\1>)/g, "")
      .replace(/\s*<metadata>\s*<\/metadata>|\s*<metadata\/>/g, "")
      .replace(/\s*<(capacity|allocation|available) .*/g, "")
      .replace(/\s*<network[^>]*xmlns:kvm=[^>]*>|\s*<network connections='\d+'>/g, "<network>");

  async function documents(): Promise<Record<string, string>> {
    const asked = [
      ...machines.map((name) => ["dumpxml", "--inactive", "--security-info", name]),
      ["dumpxml", "--security-info", "installed"],
      ["list", "--all"],
      ...["default", "vagrant-libvirt"].flatMap((name) => [
        ["net-dumpxml", name],
        ["net-dumpxml", "--inactive", name],
      ]),
      ["net-list", "--all"],
      ...["images", "unused"].map((name) => ["pool-dumpxml", name]),
      ["pool-list", "--all"],
    ];
    const texts: Record<string, string> = {};
    for (const args of asked) texts[args.join(" ")] = await alpha.virsh(...(args as [string]));
    for (const name of ["node-1", "my vm", "my-vm", "installed"])
      texts[`beta ${name}`] = await beta.virsh("dumpxml", "--inactive", name);
    return texts;
  }

  it("writes the same program each time, with what can be taken over as it is", async () => {
    const both = "alpha,beta";
    const written = await kvm(["--all", "--project", "shop", "--out", project.folder, "--force"], both);
    expect(written.exitCode).toBe(2);
    const program = await readFile(join(project.folder, "index.ts"), "utf8");
    const again = await kvm(["--all", "--stdout", "-q"], both);
    expect(again).toMatchObject({ exitCode: 2, stdout: program, stderr: "" });
    const json = await kvm(["installed", "node-*", "--json", "-q"]);
    const { resources, left } = importReport.parse(JSON.parse(json.stdout));
    expect(json.exitCode).toBe(0);
    expect(left).toEqual([]);
    expect(resources.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      ...["StoragePool images", "StoragePool unused", "Network default", "Disk quorum.raw"],
      ...["VirtualMachine installed", "VirtualMachine node-1", "VirtualMachine node-2"],
    ]);
    expect(resources.at(-1)).toMatchObject({
      inputs: {
        ...{ adopt: true, cpus: 1, memory: "64MiB", powerState: "stopped" },
        disks: [{ disk: { pool: "images", name: "quorum.raw" }, cache: "none", shareable: true }],
        interfaces: [{ bridge: "br7", mac: "52:54:00:cc:00:01", link: "down" }],
      },
    });
    for (const text of [
      "disks: [{ disk: quorumRaw,",
      "interfaces: [{ network: vagrantLibvirt,",
      'host: alpha,\n    name: "desk of Ada"',
      'const images = new kvm.StoragePool(\n  "images",\n  {\n    hosts: [alpha, beta],',
      '"alpha-node-1",\n  {\n    host: alpha,\n    name: "node-1"',
      '"beta-node-1",\n  {\n    host: beta,\n    name: "node-1"',
      '"my-vm-2",\n  {\n    host: beta,\n    name: "my vm"',
      '"my-vm",\n  {\n    host: beta,\n    adopt',
      '"lone.qcow2",\n  {\n    host: beta,',
      '{ size: "20972KiB", pool: images, volume: "installed-1.qcow2", bus: "sata", discard: "unmap" }',
      'cdroms: [{ source: { pool: unused, volume: "seed.iso" } }]',
      'dhcp: { start: "192.168.121.1", end: "192.168.121.254" }',
      "disk vdb (/var/lib/libvirt/outside.img, in no pool); network card 52:54:00:aa:00:02",
      "const spareQcow2 = new kvm.Disk",
      'const idleRaw = new kvm.Disk(\n  "idle.raw",\n  {\n    host: alpha,',
      "disk vda (both.raw in pool shared: share-b on beta has the same file)",
      "disk vda (both.raw in pool shared: share-a on alpha has the same file)",
    ])
      expect(program.replaceAll("\n// ", " ")).toContain(text);
    // It has a card in its running guest alone, which is left to who has put it there.
    expect(written.stderr).not.toContain("differing on alpha");
    expect(written.stderr).toMatch(/installed on beta: it is defined on alpha as well \(the same UUID\)/);
    expect(written.stderr).toMatch(
      /desk.qcow2 on beta: .*desk.qcow2 is a disk on alpha: the same one, if they/,
    );
    expect(written.stderr).toContain("idle.raw on beta: it is the same file as on alpha");
    expect(written.stderr).toContain("of-a-stack on alpha: a Pulumi stack made it, as its UUID tells");
    expect(written.stderr).toContain('managed on alpha: it is "ours" of Pulumi stack other/dev');
    for (const text of [program, written.stdout, written.stderr, json.stdout])
      expect(text).not.toContain(made.PASSWORD);
  });

  it("gives a program that compiles, and changes nothing on the host", async () => {
    const compiler = [process.execPath, "node_modules/typescript/bin/tsc", "-p", project.folder, "--noEmit"];
    expect(await run(compiler, { timeoutMs: 120_000 })).toMatchObject({ exitCode: 0, stdout: "" });
    await using watch = await ConsoleWatch.start([alpha], log);
    await watch.untilTicks(1);
    const before = await documents();
    const announced = Object.entries(effectsOf(await project.preview()));
    const ofOthers = announced.filter(([name]) => !["alpha", "beta"].includes(name));
    expect(ofOthers.length).toBe(20);
    for (const [name, effects] of ofOthers)
      for (const effect of effects ?? ["none"]) expect(effect, name).toMatch(/^take over .* as it is/);
    await project.up();
    const after = await documents();
    expect(after["dumpxml --inactive --security-info installed"]).toContain("urn:pulumi-kvm");
    for (const [command, text] of Object.entries(after))
      expect(withoutMarks(text), command).toBe(withoutMarks(before[command] ?? ""));
    const second = await project.preview({ args: ["--expect-no-changes"] });
    expect(changedBy(second)).toEqual({});
    await watch.untilTicks(1);
    expect(watch.report()).toMatchObject({ restarts: 0, missing: [], repeated: [] });
    // One that is gone is made again, and isn't its namesake of the other host.
    await beta.virsh("undefine", "node-1");
    const gone = await project.preview();
    expect(effectsOf(gone)).toEqual({
      "beta-node-1": [expect.stringMatching(/^create virtual machine node-1 on beta \(it is gone/)],
    });
    const nothingLeft = await kvm(["--json", ...machines]);
    expect(nothingLeft.exitCode).toBe(0);
    const { resources, left } = importReport.parse(JSON.parse(nothingLeft.stdout));
    expect(resources).toEqual([]);
    expect(left.map(({ name, managed }) => [name, managed])).toEqual(machines.map((name) => [name, true]));
  });

  it("refuses what it can't do with a line that says what to do", async () => {
    for (const [args, exitCode, message, hosts] of [
      [["--out", project.folder], 1, /isn't empty; choose another folder with --out/],
      [["--stdout", "nobody*"], 1, /no virtual machine nobody\* on alpha; there are desk of Ada, differing/],
      [["--stdout", "--json"], 1, /--out, --stdout and --json: give one of them/],
      [
        ["--stdout"],
        1,
        /alpha and same are one machine .*; name it once/,
        `alpha,same=root@${alpha.address}`,
      ],
      [["--stdout"], 1, /two hosts would be called alpha; NAME=HOST gives/, "alpha,alpha"],
      [["--stdout"], 3, /127\.0\.0\.1/, "alpha,root@127.0.0.1:1"],
    ] as const) {
      const result = await kvm(args, hosts);
      expect(result.stderr).toMatch(message);
      expect(result).toMatchObject({ exitCode, stdout: "" });
    }
    const command = join(project.folder, "node_modules/pulumi-kvm/dist/cli/kvm.js");
    const nobody = await run([process.execPath, command, "import", "root@127.0.0.1:1", "--stdout"], {
      environment: project.env,
      timeoutMs: 60_000,
    });
    expect(nobody).toMatchObject({ exitCode: 3, stdout: "" });
    expect(nobody.stderr).toMatch(/^kvm: .*127\.0\.0\.1/m);
  });
});
