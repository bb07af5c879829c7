import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mustRun } from "../hosts/command.js";
import { ConsoleWatch } from "../hosts/console-watch.mjs";
import { Lab, labAvailable } from "../hosts/lab.js";
import { tickCommandLine, tickGuest } from "../hosts/tick-guest.js";
import { ImageServer, sha256 } from "../lab/image-server.js";
import { PulumiProject } from "../support/pulumi.js";
import { contentsOf, volumesIn } from "./contents.js";
import { consoleLog, effectsOf, errorsOf } from "./declared.js";

const { available, missing } = labAvailable();
const lacking = missing.length === 0 ? "" : ` (missing: ${missing.join("; ")})`;
const MIB = 2 ** 20;
const folder = "/var/lib/libvirt/pulumi";

const program = `
import * as pulumi from "@pulumi/pulumi";
import * as kvm from "pulumi-kvm";
const config = new pulumi.Config();
const sshConfig = config.require("sshConfig");
const alpha = new kvm.Host("alpha", { address: "alpha", sshConfig });
const beta = new kvm.Host("beta", { address: "beta", sshConfig });
const hosts: Record<string, kvm.Host> = { alpha, beta };
const images = new kvm.StoragePool("images", { hosts: [alpha, beta], path: "${folder}" });
const base = new kvm.Image("base", {
  hosts: config.getObject<string[]>("imageHosts")?.map((name) => hosts[name]) ?? [alpha, beta],
  pool: images, source: config.require("source"), sha256: config.get("sha256"),
});
const local = new kvm.Image("local", { host: alpha, pool: images, source: new pulumi.asset.FileAsset("./local.qcow2") });
const lan = new kvm.Network("lan", { host: alpha, mode: "isolated" });
const { machine, disks } = kvm.ova("./appliance.ova", { networks: { "VM Network": lan } });
new kvm.VirtualMachine("appliance", {
  ...machine, host: alpha, powerState: "stopped", firmware: "bios",
  disks: disks.map(({ name, bus, image, sizeBytes }) =>
    image === undefined
      ? { size: sizeBytes, pool: images, bus }
      : { image: new kvm.Image("appliance-" + name, { ...image, host: alpha, pool: images }), pool: images, bus }),
});
export const volume = base.volume;
export const localVolume = local.volume;
if (config.getBoolean("machine") ?? true) {
  const web = new kvm.VirtualMachine("web", {
    host: hosts[config.require("on")], memory: "128MiB",
    disks: [
      { image: base, size: config.get("size") },
      { image: base, size: "80MiB", pool: images, format: "raw", name: "copy" },
    ],
    kernel: config.require("kernel"), initrd: config.require("initrd"), commandLine: "${tickCommandLine}",
    console: { log: "${consoleLog("web")}" },
  });
}
`;

describe.skipIf(!available)(`images${lacking}`, () => {
  let lab: Lab;
  let scratch: string;
  let server: ImageServer;
  let project: PulumiProject;
  let content: Buffer;

  beforeAll(async () => {
    lab = await Lab.up({ hosts: 2, prefix: "image" });
    scratch = await mkdtemp(join(tmpdir(), "pulumi-kvm-image-"));
    server = await ImageServer.start(lab.gateway);
    await mustRun([
      "sh",
      "-c",
      'head -c 1000000 /dev/urandom >"$1/raw" && truncate -s 64M "$1/raw" && qemu-img convert -f raw -O qcow2 "$1/raw" "$1/base.qcow2"',
      "sh",
      scratch,
    ]);
    const { readFile } = await import("node:fs/promises");
    content = await readFile(join(scratch, "base.qcow2"));
    const { kernelPath, initrdPath } = tickGuest();
    project = await PulumiProject.create({
      program,
      config: {
        sshConfig: lab.sshConfigPath,
        on: "alpha",
        kernel: kernelPath,
        initrd: initrdPath,
        source: server.serve("base.qcow2", content),
        sha256: sha256(content),
      },
    });
    await mustRun(["qemu-img", "create", "-q", "-f", "qcow2", join(project.folder, "local.qcow2"), "8M"]);
    await mustRun([
      "sh",
      "-ec",
      `cd "$1"; head -c 1000000 /dev/urandom >system.raw; truncate -s 8M system.raw; cp "$2" a.ovf
         qemu-img convert -O vmdk -o subformat=streamOptimized system.raw system.vmdk
         sha256sum --tag a.ovf system.vmdk >a.mf; tar --format=ustar -cf "$3/appliance.ova" a.ovf a.mf system.vmdk`,
      "sh",
      scratch,
      fileURLToPath(new URL("../fixtures/ova/vmware.ovf", import.meta.url)),
      project.folder,
    ]);
  });
  afterAll(async () => {
    await project?.[Symbol.asyncDispose]();
    await server?.[Symbol.asyncDispose]();
    await rm(scratch, { recursive: true, force: true });
    await lab?.close();
  });

  const info = async (host: string, volume: string) =>
    JSON.parse(await lab.host(host).shell(`qemu-img info -U --output=json ${folder}/${volume}`)) as Record<
      string,
      unknown
    >;

  it("carry a running VM's disk, by a program that plans nothing afterwards", async () => {
    const before = await contentsOf(lab.host("alpha"));
    const volume = `base-${sha256(content).slice(0, 16)}`;
    const preview = await project.preview();
    const where = `(base.qcow2 from ${lab.gateway}:${server.port}) into pool images on`;
    expect(effectsOf(preview)).toMatchObject({
      base: [`fetch image ${volume} ${where} alpha (new)`, `fetch image ${volume} ${where} beta (new)`],
      web: [
        expect.stringMatching(/^create virtual machine web on alpha/),
        `create disk web-0 (64 MiB, qcow2) in pool images on alpha, from image ${volume}`,
        `create disk web-copy (80 MiB, raw) in pool images on alpha, from image ${volume}`,
        expect.stringMatching(/^start/),
      ],
    });
    await project.up();
    await using web = await ConsoleWatch.start(lab.hosts, consoleLog("web"), { fromStart: true });
    await web.untilTicks(3);
    const { volume: output, localVolume } = await project.outputs();
    expect(output).toBe(volume);
    const volumes = await volumesIn(lab.host("alpha"), folder);
    const applianceVolume = volumes.find((name) => name.startsWith("appliance-disk-1-")) ?? "none";
    expect(volumes).toEqual(
      [volume, localVolume, "web-0", "web-copy", applianceVolume, "appliance-0", "appliance-1"].sort(),
    );
    // What the appliance says of its machine, and what was in its disk.
    const appliance = await lab.host("alpha").virsh("dumpxml", "appliance");
    expect(appliance).toMatch(/<memory unit='KiB'>262144</);
    expect(appliance).toMatch(/<vcpu[^>]*>2</);
    expect(appliance.match(/<target dev='sd[ab]' bus='sata'/g)).toHaveLength(2);
    expect(appliance).toMatch(/<source network='lan'\/>\s*<model type='vmxnet3'\/>/);
    const first = lab.host("alpha").outsidePath(`${folder}/${applianceVolume}`);
    await mustRun(["qemu-img", "compare", "-U", "-F", "raw", first, join(scratch, "system.raw")]);
    expect(await info("alpha", "appliance-0")).toMatchObject({
      "backing-filename": `${folder}/${applianceVolume}`,
    });
    expect(await info("alpha", "appliance-1")).toMatchObject({ "virtual-size": 16 * MIB });
    expect(await info("alpha", "web-0")).toMatchObject({
      "backing-filename": `${folder}/${volume}`,
      "backing-filename-format": "qcow2",
      "virtual-size": 64 * MIB,
    });
    expect(await info("alpha", "web-copy")).toMatchObject({ format: "raw", "virtual-size": 80 * MIB });
    await lab
      .host("alpha")
      .shell(
        `cmp -n ${64 * MIB} ${folder}/web-copy <(qemu-img dd -U -f qcow2 -O raw if=${folder}/${volume} of=/tmp/x.raw 2>/dev/null; cat /tmp/x.raw); rm -f /tmp/x.raw`,
      );
    await project.preview({ args: ["--expect-no-changes"] });
    expect(server.transfers("base.qcow2")).toHaveLength(2);

    // Its host must have the image, and the disk's data isn't given up for another.
    await project.setConfig("imageHosts", '["alpha"]');
    await project.setConfig("on", "beta");
    const elsewhere = await project.preview({ expectSuccess: false });
    expect(errorsOf(elsewhere).join("\n")).toContain(
      "disks[0].image: image base is on alpha, the virtual machine on beta: add beta to the image's hosts",
    );
    await project.setConfig("on", "alpha");
    await project.removeConfig("imageHosts");
    await project.setConfig("size", "32MiB");
    const small = await project.preview({ expectSuccess: false });
    expect(errorsOf(small).join("\n")).toContain(
      "disks[0].size: 32 MiB is less than the 64 MiB of image base",
    );
    await project.removeConfig("size");
    const other = Buffer.concat([content, Buffer.alloc(512)]);
    await project.setConfig("source", server.serve("other.qcow2", other));
    await project.setConfig("sha256", sha256(other));
    const changed = await project.preview({ expectSuccess: false });
    expect(errorsOf(changed).join("\n")).toMatch(
      /disk web-0 of web was made from image base-\w+, and image base-\w+ is declared.*onImageChange: "keep"/,
    );
    await project.setConfig("source", server.url("base.qcow2"));
    await project.setConfig("sha256", sha256(content));

    // The other host has the image too: only the layer went there.
    await project.setConfig("on", "beta");
    await project.up();
    await web.untilTicks(3);
    expect(web.report().restarts).toBe(0);
    expect(await info("beta", "web-0")).toHaveProperty("backing-filename", `${folder}/${volume}`);
    await project.preview({ args: ["--expect-no-changes"] });

    const { rows } = { rows: await project.destroy() };
    expect(rows.exitCode).toBe(0);
    expect((await contentsOf(lab.host("alpha"))).files).toEqual(before.files);
    expect(server.transfers("base.qcow2")).toHaveLength(2);
  });
});
