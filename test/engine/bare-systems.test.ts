import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DoctorReport } from "../../cli/doctor/report.js";
import { ensureBareSystem } from "../../scripts/bare-system.mjs";
import { build } from "../../scripts/build.mjs";
import { run } from "../hosts/command.js";
import type { LabHost } from "../hosts/host.js";
import { Lab, labAvailable } from "../hosts/lab.js";
import { installCommandPlugin } from "../support/command-plugin.js";
import { PulumiProject } from "../support/pulumi.js";

const { available, missing } = labAvailable();
const lacking = missing.length === 0 ? "" : ` (missing: ${missing.join("; ")})`;

const example = fileURLToPath(new URL("../../examples/bare-host/", import.meta.url));
const command = fileURLToPath(new URL("../../dist/cli/kvm.js", import.meta.url));

/** Debian 13 always; others as test/hosts/bare-system.sh builds them. */
const others = (process.env.PULUMI_KVM_BARE_SYSTEMS ?? "").split(":").filter((folder) => folder !== "");
const systems = ["Debian 13", ...others];

// Its own systemd is PID 1 of each of these hosts, and its own apt installs real packages. AppArmor and udev aren't there: they are the kernel's that all share.
describe.skipIf(!available).each(systems)(`a bare system, %s${lacking}`, (name) => {
  let lab: Lab;
  let bare: LabHost;
  let project: PulumiProject;
  let program: string;
  beforeAll(async () => {
    await build({ ifNeeded: true });
    const system = name === "Debian 13" ? await ensureBareSystem() : name;
    lab = await Lab.up({ hosts: ["bare"], prefix: "system", user: "operator", systems: { bare: system } });
    bare = lab.host("bare");
    await bare.shell("echo 'operator ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/operator");
    await bare.shell("chmod 440 /etc/sudoers.d/operator; ip link add up0 type veth peer name up1");
    // Without KVM this machine has nothing to say whose emulation is meant.
    program = (await readFile(`${example}index.ts`, "utf8")).replace(
      /powerState: "stopped",.*/,
      'emulation: "qemu",',
    );
    expect(program).toContain('emulation: "qemu"');
    project = await PulumiProject.create({
      program,
      name: "pulumi-kvm-bare-system",
      files: {
        "Pulumi.yaml": await readFile(`${example}Pulumi.yaml`, "utf8"),
        "tsconfig.json": await readFile(`${example}tsconfig.json`, "utf8"),
      },
      config: {
        host: bare.address,
        hostKey: /^bare\S* (.*)$/m.exec(await readFile(lab.knownHostsPath, "utf8"))?.[1] ?? "",
        user: "operator",
        keyFile: lab.privateKeyPath,
        bridge: "brvms",
        bridgePort: "up0",
        memory: "64MiB",
      },
    });
    await installCommandPlugin(project);
  });
  afterAll(async () => {
    await project?.[Symbol.asyncDispose]();
    await lab?.close();
  });

  const doctor = async () => {
    const args = [command, "doctor", "-q", "--json", "--ssh-config", lab.sshConfigPath, "operator@bare"];
    const { stdout } = await run([process.execPath, ...args], { timeoutMs: 60_000 });
    return JSON.parse(stdout) as DoctorReport;
  };
  const found = async (id: string) => (await doctor()).findings.find((finding) => finding.id === id);

  it("is told by kvm doctor what it lacks, and by which commands it comes", async () => {
    expect(await bare.shell("readlink /proc/1/exe; systemctl is-system-running")).toMatch(/systemd\nrunning/);
    expect(await found("libvirt/bare")).toMatchObject({
      ...{ level: "problem", what: "libvirt isn't installed" },
      fix: {
        commands: [
          "sudo apt-get update",
          expect.stringMatching(/^sudo apt-get install -y libvirt-daemon-system /),
          "sudo systemctl enable --now libvirtd",
        ],
      },
    });
    // Not run: the clock is this machine's.
    expect((await found("time/bare"))?.fix?.commands).toEqual([
      "sudo apt-get update",
      "sudo apt-get install -y chrony",
    ]);
    for (const line of (await found("tools/bare/unpack"))?.fix?.commands ?? []) await bare.shell(line);
    expect((await doctor()).findings.map(({ id }) => id)).not.toContain("tools/bare/unpack");
  });

  it("becomes a host by its own package manager and systemd, with a VM that runs", async () => {
    await project.up();
    const outputs = await project.outputs();
    expect(outputs).toMatchObject({
      changes: [
        expect.stringMatching(/^installed libvirt-daemon-system libvirt-clients qemu-system-x86 qemu-utils /),
        "operator is a member of the group libvirt",
        "defined the pool default at /var/lib/libvirt/images",
        "started the pool default",
        "the pool default starts with the host",
        "made the bridge brvms",
        "put up0 into the bridge brvms",
      ],
      notes: expect.arrayContaining([
        expect.stringMatching(/^the bridge brvms is gone with the next reboot/),
      ]),
    });
    expect(await bare.shell("systemctl is-active libvirtd; systemctl is-enabled libvirtd")).toBe(
      "active\nenabled\n",
    );
    expect(await bare.shell("systemctl --failed --plain --no-legend")).toBe("");
    expect(await bare.virsh("domstate", "first")).toBe("running\n");
    expect(await bare.virsh("pool-info", "default")).toMatch(/running[\s\S]*Autostart: +yes/);
    const report = await doctor();
    expect(
      report.findings
        .filter(({ level, check }) => level === "problem" && check !== "kvm")
        .map(({ what }) => what),
    ).toEqual([]);
    // libvirt's own network, for which it needs dnsmasq and a firewall's program.
    await bare.shell("virsh -q net-info default | grep -q 'Active: *yes' || virsh -q net-start default");
    expect(await bare.shell("ip -br -4 addr show virbr0")).toContain("192.168.122.1/24");
  });

  it("stays as it is: looked at again nothing is changed", async () => {
    const state = () =>
      bare.shell("sha256sum /var/lib/dpkg/status; cat /etc/group; systemctl list-unit-files --state=enabled");
    const before = await state();
    await project.up({ args: ["--expect-no-changes"] });
    await project.setProgram(
      program.replace("  bridge: bridge ===", '  triggers: ["again"],\n  bridge: bridge ==='),
    );
    await project.up();
    const { changes, notes } = await project.outputs();
    expect(changes).toEqual([]);
    expect(notes).toContain("all was as it should be: nothing was changed");
    expect(await state()).toBe(before);
    expect(await bare.virsh("domstate", "first")).toBe("running\n");
  });
});
