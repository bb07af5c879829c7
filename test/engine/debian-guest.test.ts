import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensureDebianGuest } from "../../scripts/debian-guest.mjs";
import { DebianGuest } from "../hosts/debian-guest.js";
import type { LabHost } from "../hosts/host.js";
import { Lab, labAvailable } from "../hosts/lab.js";
import { ImageServer } from "../lab/image-server.js";
import { installCommandPlugin } from "../support/command-plugin.js";
import { PulumiProject, projectFilesOf } from "../support/pulumi.js";
import { effectsOf } from "./declared.js";

const { available, missing } = labAvailable();
const lacking = missing.length === 0 ? "" : ` (missing: ${missing.join("; ")})`;

const example = fileURLToPath(new URL("../../examples/debian-cloud-init/", import.meta.url));
const GIB = 2 ** 30;
/** The guest is emulated, and shares two cores with what drives it. */
const minutes = (count: number) => count * 60_000;

// One guest, booted once: what it costs is the boot.
describe.skipIf(!available)(`examples/debian-cloud-init, a real Debian guest${lacking}`, () => {
  let lab: Lab;
  let alpha: LabHost;
  let server: ImageServer;
  let project: PulumiProject;
  let program: string;
  let guest: DebianGuest;
  beforeAll(async () => {
    const { imagePath } = await ensureDebianGuest();
    lab = await Lab.up({ hosts: 1, prefix: "debian" });
    alpha = lab.host("alpha");
    guest = new DebianGuest(alpha, "web");
    server = await ImageServer.start(lab.gateway);
    const image = await readFile(imagePath);
    program = await readFile(`${example}index.ts`, "utf8");
    project = await PulumiProject.create({
      program,
      name: "pulumi-kvm-debian-cloud-init",
      files: await projectFilesOf(example),
      config: {
        host: alpha.address,
        keyFile: lab.privateKeyPath,
        knownHosts: lab.knownHostsPath,
        image: server.serve("debian-12.qcow2", image),
        imageSha256: createHash("sha256").update(image).digest("hex"),
        memory: "512MiB",
        diskSize: "3GiB",
        waitTimeout: "20m",
      },
    });
    console.log(`the plugin of @pulumi/command is ${await installCommandPlugin(project)}`);
  }, minutes(15));
  afterAll(async () => {
    await project?.[Symbol.asyncDispose]();
    await server?.[Symbol.asyncDispose]();
    await lab?.close();
  });

  async function outputsOf(name: string): Promise<Record<string, unknown>> {
    const resources = await project.resources();
    return resources.find(({ urn }) => urn.endsWith(`::${name}`))?.outputs ?? {};
  }

  it(
    "boots from the image, is set up by cloud-init, and runs the program's own command over ssh",
    async () => {
      const up = await project.up({ timeoutMs: minutes(25) });
      expect(await project.outputs()).toEqual({
        address: expect.stringMatching(/^10\.78\.0\.\d+$/),
        says: "ops on web, Debian GNU/Linux 12 (bookworm)",
      });
      const { address } = await project.outputs();
      expect(up.stdout).toContain("waiting for the guest's SSH server");
      expect(await alpha.virsh("net-dhcp-leases", "cloud-lan")).toContain(`${address}/24`);
      // This machine, on which the program ran, has no way to the guest of its own.
      expect(server.transfers("debian-12.qcow2").map(({ from }) => from)).toEqual([alpha.address]);

      expect(await guest.shell("cloud-init status --wait", { timeoutMs: minutes(10) })).toMatch(
        /status: done/,
      );
      expect(await guest.shell("hostname; id -un 1000; cat /home/ops/.ssh/authorized_keys")).toBe(
        `web\nops\n${lab.publicKey}\n`,
      );
      // The root has grown into the disk at the first boot.
      expect(Number(await guest.shell("df --output=size -B1 / | tail -n 1"))).toBeGreaterThan(2.7 * GIB);
    },
    minutes(35),
  );

  it(
    "has nothing to do afterwards, and waits for nothing",
    async () => {
      await project.up({ args: ["--expect-no-changes"] });
      await project.refresh();
      await project.preview({ args: ["--expect-no-changes"] });
      expect(await outputsOf("web")).toMatchObject({ ready: { goal: "ssh" } });
    },
    minutes(10),
  );

  it(
    "sees its disk grow while it runs",
    async () => {
      const boot = await guest.shell("cat /proc/sys/kernel/random/boot_id");
      await project.setConfig("diskSize", "5GiB");
      expect(effectsOf(await project.preview())).toEqual({ web: ["disk web-0 3 GiB -> 5 GiB, live"] });
      await project.up();
      expect(Number(await guest.shell("blockdev --getsize64 /dev/vda"))).toBe(5 * GIB);
      await guest.shell("growpart /dev/vda 1 && resize2fs /dev/vda1");
      expect(Number(await guest.shell("df --output=size -B1 / | tail -n 1"))).toBeGreaterThan(4.6 * GIB);
      expect(await guest.shell("cat /proc/sys/kernel/random/boot_id")).toBe(boot);
    },
    minutes(10),
  );

  it(
    "is known by its agent too",
    async () => {
      const { address } = await project.outputs();
      expect(await alpha.virsh("domifaddr", "web", "--source", "agent")).toContain(`${address}/24`);
      await project.setProgram(program.replace('waitFor: "ssh"', 'waitFor: "agent"'));
      await project.up();
      expect(await outputsOf("web")).toMatchObject({ ready: { goal: "agent" }, ipAddress: address });
      await project.setProgram(program);
    },
    minutes(10),
  );

  it(
    "is gone when it is destroyed, and the host is bare",
    async () => {
      await project.destroy();
      for (const list of ["list", "net-list", "pool-list"])
        expect((await alpha.virsh(list, "--all", "--name")).trim()).toBe("");
      expect(await alpha.shell("ls -A /var/lib/libvirt")).not.toMatch(/cloud-images/);
    },
    minutes(10),
  );
});
