import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DoctorReport } from "../../cli/doctor/report.js";
import { bootstrapCommand, readBootstrap } from "../../provider/fitness/bootstrap.js";
import { bootstrapSettings } from "../../provider/fitness/bootstrap-settings.js";
import { ensureBareSystem } from "../../scripts/bare-system.mjs";
import { build } from "../../scripts/build.mjs";
import { run } from "../hosts/command.js";
import type { LabHost } from "../hosts/host.js";
import { Lab, labAvailable } from "../hosts/lab.js";
import { installCommandPlugin } from "../support/command-plugin.js";
import { PulumiProject, projectFilesOf } from "../support/pulumi.js";

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
      'emulation: "qemu", filesystems: [{ source: "/srv", target: "srv" }],',
    );
    expect(program).toContain('emulation: "qemu"');
    project = await PulumiProject.create({
      program,
      name: "pulumi-kvm-bare-system",
      files: await projectFilesOf(example),
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
        "installed virtiofsd",
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

  it("has packages of Fedora's and RHEL's names installed by dnf, where rpm doesn't know them (empty ones)", async () => {
    await bare.shell("apt-get -q install -y dnf rpm createrepo-c >/dev/null 2>&1");
    const ours =
      "libvirt-daemon-kvm libvirt-client qemu-kvm qemu-img edk2-ovmf swtpm swtpm-tools zstd bzip2 xz tar gzip";
    await bare.shell(`mkdir -p /run/specs /etc/yum.repos.d; cd /run/specs
      spec() { printf '%s\n' "Name: $1" 'Version: 1' 'Release: 1' 'Summary: empty' 'License: none' 'BuildArch: noarch' "$2" '%description' empty '%files' >"$1.spec"; }
      for name in ${ours} util-linux; do spec "$name" ''; done
      # As a minimal RHEL has them.
      spec coreutils-single 'Provides: coreutils'; spec curl-minimal 'Provides: curl'
      for file in *.spec; do rpmbuild -bb --define '_rpmdir /srv/rpms' "$file" >/dev/null 2>&1; done
      createrepo_c -q /srv/rpms
      printf '%s\n' '[local]' 'name=local' 'baseurl=file:///srv/rpms' 'gpgcheck=0' >/etc/yum.repos.d/local.repo
      printf '%s\n' 'ID="rhel"' 'ID_LIKE="fedora"' 'PRETTY_NAME="RHEL"' >/run/os-release
      dnf -q install -y coreutils-single curl-minimal tar gzip util-linux >/dev/null 2>&1
      mount --bind /run/os-release /etc/os-release`);
    const { create, stdin } = bootstrapCommand(bootstrapSettings("bare", { firmware: true, tpm: true }));
    const bootstrap = async () =>
      readBootstrap("bare", await bare.mustExec(["dash", "-c", create], { stdin }));
    expect(await bootstrap()).toMatchObject({
      distribution: "RHEL",
      changes: [
        "installed libvirt-daemon-kvm libvirt-client qemu-kvm qemu-img xz zstd bzip2 edk2-ovmf swtpm swtpm-tools",
      ],
    });
    await bare.shell(`rpm -q ${ours}; ! rpm -q curl coreutils`);
    expect((await bootstrap()).changes).toEqual([]);
    await bare.shell(
      "rpm -e --nodeps qemu-kvm; sed -i s,srv/rpms,srv/nothing, /etc/yum.repos.d/local.repo; dnf -q clean all",
    );
    await expect(bootstrap()).rejects.toThrow(/pulumi-kvm: dnf install qemu-kvm failed/);
    await bare.shell("umount /etc/os-release");
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

  it("comes back from a power cut with what starts by itself, and the rest is put right", async () => {
    const steady =
      'new kvm.VirtualMachine("steady", { host, memory: "64MiB", emulation: "qemu", autostart: true });';
    await project.setProgram(`${program}\n${steady}\n`);
    await project.up();
    await bare.down();
    await bare.up();
    const states = () => bare.shell("for vm in steady first; do virsh -q domstate $vm | head -n 1; done");
    await expect.poll(() => states().catch(String), { timeout: 60_000 }).toBe("running\nshut off\n");
    expect(await bare.virsh("pool-info", "default")).toMatch(/running/);
    // The bridge, of which the notes say so, is gone; a device of the machine wouldn't be.
    await bare.shell("ip link add up0 type veth peer name up1");
    await project.setProgram(
      `${program.replace("  bridge: bridge ===", '  triggers: ["power cut"],\n  bridge: bridge ===')}\n${steady}\n`,
    );
    await project.up();
    expect(await project.outputs()).toMatchObject({
      changes: ["made the bridge brvms", "put up0 into the bridge brvms"],
    });
    expect(await states()).toBe("running\nrunning\n");
  });
});
