import { chmod, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findPulumi } from "../../scripts/pulumi-cli.mjs";
import { ConsoleWatch } from "../hosts/console-watch.mjs";
import type { LabHost } from "../hosts/host.js";
import { Lab, labAvailable } from "../hosts/lab.js";
import { tickCommandLine, tickGuest } from "../hosts/tick-guest.js";
import { ImageServer, sha256 } from "../lab/image-server.js";
import { packAppliance } from "../support/appliance.js";
import { PulumiProject, projectFilesOf } from "../support/pulumi.js";

const { available, missing } = labAvailable();
const lacking = missing.length === 0 ? "" : ` (missing: ${missing.join("; ")})`;

/** The example as it stands: its program, its project file, its compiler options. */
async function exampleProject(
  name: string,
  config: Record<string, string>,
  env: NodeJS.ProcessEnv = {},
): Promise<PulumiProject> {
  const folder = fileURLToPath(new URL(`../../examples/${name}/`, import.meta.url));
  const files = await projectFilesOf(folder);
  const projectName = /^name: (\S+)$/m.exec(files["Pulumi.yaml"] ?? "")?.[1] ?? "";
  return PulumiProject.create({
    program: await readFile(join(folder, "index.ts"), "utf8"),
    name: projectName,
    files,
    config,
    env,
    typeCheck: true,
  });
}

function guestConfig(): Record<string, string> {
  const { kernelPath, initrdPath } = tickGuest();
  return { kernel: kernelPath, initrd: initrdPath, memory: "128MiB" };
}

/** Names of what libvirt has on a host, whether it runs or not. */
async function namesOn(host: LabHost, list: "list" | "net-list" | "pool-list"): Promise<string[]> {
  return (await host.virsh(list, "--all", "--name")).split("\n").filter((name) => name !== "");
}

async function expectBare(host: LabHost): Promise<void> {
  for (const list of ["list", "net-list", "pool-list"] as const)
    expect(await namesOn(host, list)).toEqual([]);
}

/** A second up changes nothing, nor does looking at the hosts, nor an up after that. */
async function expectNothingToDo(project: PulumiProject): Promise<void> {
  await project.up({ args: ["--expect-no-changes"] });
  await project.refresh();
  await project.up({ args: ["--expect-no-changes"] });
}

describe.skipIf(!available)(`examples/quickstart${lacking}`, () => {
  let lab: Lab;
  let project: PulumiProject;
  beforeAll(async () => {
    lab = await Lab.up({ hosts: 2, prefix: "quickstart" });
    project = await exampleProject("quickstart", { ...guestConfig(), sshConfig: lab.sshConfigPath });
  });
  afterAll(async () => {
    await project?.[Symbol.asyncDispose]();
    await lab?.close();
  });

  it("builds two machines on two hosts, and has nothing to do afterwards", async () => {
    await project.up();
    expect(await namesOn(lab.host("alpha"), "list")).toEqual(["web"]);
    expect(await namesOn(lab.host("beta"), "list")).toEqual(["db"]);
    await using web = await ConsoleWatch.start(lab.hosts, "/var/log/libvirt/qemu/web-console.log", {
      fromStart: true,
    });
    await web.untilLine(/^tick 2 /, { host: "alpha" });
    await web.untilLine(/^disk vda 67108864$/);
    await expectNothingToDo(project);
  });

  it("moves the VM when webHost changes, and the guest ticks on", async () => {
    await using web = await ConsoleWatch.start(lab.hosts, "/var/log/libvirt/qemu/web-console.log");
    await web.untilTicks(4);
    await project.setConfig("webHost", "beta");
    const preview = await project.preview();
    const step = preview.steps.find(({ name }) => name === "web");
    expect(step?.op).toBe("update");
    expect(JSON.stringify(step?.newInputs?.effects)).toContain("migrate alpha -> beta");
    await project.up();
    await web.untilTicks(8);

    expect(web.ticks.at(-1)?.host).toBe("beta");
    expect(web.report()).toMatchObject({ missing: [], repeated: [], restarts: 0 });
    expect(web.report().largestGapMs).toBeLessThan(2000);
    expect(await namesOn(lab.host("alpha"), "list")).toEqual([]);
    expect((await namesOn(lab.host("beta"), "list")).sort()).toEqual(["db", "web"]);
    const { webRunsOn, webLastMigration } = await project.outputs();
    expect(webRunsOn).toBe("beta");
    expect(webLastMigration).toMatchObject({ from: "alpha", to: "beta" });
    await expectNothingToDo(project);
  });

  it("says so when webHost is no host", async () => {
    await project.setConfig("webHost", "gamma");
    const refused = await project.preview({ expectSuccess: false });
    expect(refused.exitCode).not.toBe(0);
    expect(refused.stdout).toContain("it must be alpha or beta");
    await project.setConfig("webHost", "beta");
  });

  it("leaves the hosts bare when it is destroyed", async () => {
    await project.destroy();
    for (const host of lab.hosts) {
      await expectBare(host);
      expect(await host.shell("ls -A /var/lib/libvirt /var/log/libvirt/qemu")).not.toMatch(
        /quickstart|console/,
      );
    }
  });
});

describe.skipIf(!available)(`examples/shared-storage${lacking}`, () => {
  let lab: Lab;
  let project: PulumiProject;
  const log = "/var/log/libvirt/qemu/app-console.log";
  beforeAll(async () => {
    lab = await Lab.up({ hosts: 2, prefix: "shared", sharedFolder: true });
    project = await exampleProject("shared-storage", {
      ...guestConfig(),
      commandLine: `${tickCommandLine} write=vda:shared read=vda`,
      sshConfig: lab.sshConfigPath,
      sharedPath: lab.sharedPath,
    });
  });
  afterAll(async () => {
    await project?.[Symbol.asyncDispose]();
    await lab?.close();
  });

  it("builds, and has nothing to do afterwards", async () => {
    await project.up();
    await using app = await ConsoleWatch.start(lab.hosts, log, { fromStart: true });
    await app.untilLine(/^content vda shared$/);
    await expectNothingToDo(project);
  });

  it("is refused the move when libvirt can't tell that the storage is shared, and runs on", async () => {
    await using app = await ConsoleWatch.start(lab.hosts, log);
    await project.setConfig("appHost", "beta");
    const refused = await project.up({ expectSuccess: false });
    expect(refused.exitCode).not.toBe(0);
    expect(refused.diagnostics.map(({ message }) => message).join("\n")).toMatch(/unsafe/i);
    expect(await namesOn(lab.host("alpha"), "list")).toEqual(["app"]);
    expect(await namesOn(lab.host("beta"), "list")).toEqual([]);
    const { number } = await app.untilTicks(2);
    expect(number).toBeGreaterThan(0);
    expect(app.report()).toMatchObject({ missing: [], repeated: [], restarts: 0 });
  });

  it("moves without its disk when told that the storage is safe", async () => {
    await using app = await ConsoleWatch.start(lab.hosts, log);
    const before = await lab.host("alpha").shell(`ls -i ${lab.sharedPath}`);
    await project.setConfig("unsafe", "true");
    await project.up();
    await app.untilTicks(8);
    expect(app.ticks.at(-1)?.host).toBe("beta");
    expect(app.report()).toMatchObject({ missing: [], repeated: [], restarts: 0 });
    expect(app.report().largestGapMs).toBeLessThan(2000);
    expect(await lab.host("beta").shell(`ls -i ${lab.sharedPath}`)).toBe(before);
    await expectNothingToDo(project);
    await project.destroy();
    for (const host of lab.hosts) await expectBare(host);
    expect((await lab.host("alpha").shell(`ls -A ${lab.sharedPath}`)).trim()).toBe("");
  });
});

describe.skipIf(!available)(`examples/local-host${lacking}`, () => {
  let lab: Lab;
  let project: PulumiProject;
  beforeAll(async () => {
    lab = await Lab.up({ hosts: 1, prefix: "local" });
    const cliFolder = await findPulumi();
    // Pulumi runs on the host itself: its libvirt socket, its files, its loopback.
    const bin = join(lab.folder, "bin");
    await lab.host("alpha").shell(`mkdir -p ${bin}`);
    const inside = `exec nsenter -t ${lab.host("alpha").pid} -m -u -i -n -p -- sh -c 'cd "$0" && exec "$@"' "$PWD" ${cliFolder}/pulumi "$@"`;
    await writeFile(join(bin, "pulumi"), `#!/bin/sh\n${inside}\n`);
    await chmod(join(bin, "pulumi"), 0o755);
    project = await exampleProject(
      "local-host",
      { ...guestConfig(), commandLine: tickCommandLine },
      { PATH: [bin, cliFolder, process.env.PATH].join(":") },
    );
  });
  afterAll(async () => {
    await project?.[Symbol.asyncDispose]();
    await lab?.close();
  });

  it("builds, has nothing to do afterwards, and leaves the host bare", async () => {
    const alpha = lab.host("alpha");
    await project.up();
    expect(await project.outputs()).toMatchObject({ hostname: "alpha", state: "running" });
    await using box = await ConsoleWatch.start([alpha], "/var/log/libvirt/qemu/box-console.log", {
      fromStart: true,
    });
    await box.untilLine(/^address 10\.77\.0\./);
    await expectNothingToDo(project);
    await project.destroy();
    await expectBare(alpha);
  });
});

describe.skipIf(!available)(`examples/ova${lacking}`, () => {
  let lab: Lab;
  let server: ImageServer;
  let project: PulumiProject;
  let appliance: Buffer;
  beforeAll(async () => {
    lab = await Lab.up({ hosts: 1, prefix: "ova" });
    server = await ImageServer.start(lab.gateway);
    appliance = await packAppliance(join(lab.folder, "appliance"));
    project = await exampleProject("ova", {
      ...{ host: "alpha", sshConfig: lab.sshConfigPath },
      ...{ appliance: server.serve("appliance.ova", appliance), sha256: sha256(appliance) },
    });
  });
  afterAll(async () => {
    await project?.[Symbol.asyncDispose]();
    await server?.[Symbol.asyncDispose]();
    await lab?.close();
  });

  it("boots an appliance from an address, which only the host downloads", async () => {
    const alpha = lab.host("alpha");
    const preview = await project.preview();
    const image = preview.steps.find(({ type }) => type.endsWith(":Image"));
    expect(image?.newInputs).toMatchObject({ member: "system.vmdk", volumeFormat: "qcow2" });
    expect(server.asked.filter(({ from, range }) => from === alpha.address || range === undefined)).toEqual(
      [],
    );
    await project.up();
    await using console = await ConsoleWatch.start([alpha], "/var/log/libvirt/qemu/appliance-console.log", {
      fromStart: true,
    });
    await console.untilLine(/^tick 2 2$/);
    expect(await project.outputs()).toMatchObject({ called: "Appliance & more", state: "running" });
    expect(server.asked.filter(({ from }) => from === alpha.address)).toHaveLength(1);
    expect((await alpha.virsh("domblklist", "appliance")).match(/sd[ab] .*appliances/g)).toHaveLength(2);
    await project.up({ args: ["--expect-no-changes"] });
    await project.destroy();
    await expectBare(alpha);
  });
});
