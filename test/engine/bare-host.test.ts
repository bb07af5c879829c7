import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bootstrapCommand, readBootstrap } from "../../provider/fitness/bootstrap.js";
import { bootstrapSettings } from "../../provider/fitness/bootstrap-settings.js";
import type { LabHost } from "../hosts/host.js";
import { Lab, labAvailable } from "../hosts/lab.js";
import { installCommandPlugin } from "../support/command-plugin.js";
import { PulumiProject, projectFilesOf } from "../support/pulumi.js";

const { available, missing } = labAvailable(["swtpm", "swtpm"], ["swtpm_setup", "swtpm-tools"]);
const lacking = missing.length === 0 ? "" : ` (missing: ${missing.join("; ")})`;

const example = fileURLToPath(new URL("../../examples/bare-host/", import.meta.url));
const takeAway = fileURLToPath(new URL("../hosts/bare-host.sh", import.meta.url));

// Debian's own apt installs real packages here. Where Pulumi's plugin of @pulumi/command can't be downloaded a stand-in runs the command.
describe.skipIf(!available)(`a bare host${lacking}`, () => {
  let lab: Lab;
  let alpha: LabHost;
  let project: PulumiProject;
  let program: string;
  beforeAll(async () => {
    lab = await Lab.up({ hosts: 2, prefix: "bare", user: "operator" });
    alpha = lab.host("alpha");
    const taking = [
      "bash",
      "-s",
      "operator",
      "libvirt-clients",
      "dnsmasq-base",
      "zstd",
      "swtpm-tools",
      "swtpm",
    ];
    await alpha.mustExec(taking, { stdin: await readFile(takeAway, "utf8") });
    await alpha.shell("ip link add up0 type veth peer name up1");
    program = await readFile(`${example}index.ts`, "utf8");
    const knownHosts = await readFile(lab.knownHostsPath, "utf8");
    project = await PulumiProject.create({
      program,
      name: "pulumi-kvm-bare-host",
      files: await projectFilesOf(example),
      config: {
        host: alpha.address,
        hostKey: /^alpha\S* (.*)$/m.exec(knownHosts)?.[1] ?? "",
        keyFile: lab.privateKeyPath,
        bridge: "brvms",
        bridgePort: "up0",
        memory: "64MiB",
      },
    });
    console.log(`the plugin of @pulumi/command is ${await installCommandPlugin(project)}`);
  });
  afterAll(async () => {
    await project?.[Symbol.asyncDispose]();
    await lab?.close();
  });

  it("is previewed before there is a libvirt, and becomes a host with a VM on it", async () => {
    const tools = () =>
      alpha.shell("for each in virsh dnsmasq swtpm; do command -v $each || echo none; done");
    expect(await tools()).toBe("none\nnone\nnone\n");
    const preview = await project.preview();
    expect(preview.diagnostics.filter(({ severity }) => severity !== "info")).toEqual([]);
    expect(await tools()).toBe("none\nnone\nnone\n");

    await project.up();
    expect(await project.outputs()).toMatchObject({
      changes: [
        "installed libvirt-clients dnsmasq-base zstd swtpm swtpm-tools",
        "started libvirtd",
        "defined the pool default at /var/lib/libvirt/images",
        "started the pool default",
        "the pool default starts with the host",
        "made the bridge brvms",
        "put up0 into the bridge brvms",
      ],
      notes: expect.arrayContaining(["no KVM: guests will be emulated"]),
      findings: expect.arrayContaining([expect.stringMatching(/^problem: no KVM/)]),
      libvirt: expect.stringMatching(/^\d+\.\d+\.\d+$/),
    });
    expect(
      await alpha.shell(
        "dpkg -s libvirt-clients dnsmasq-base zstd swtpm swtpm-tools | grep -c 'install ok installed'",
      ),
    ).toBe("5\n");
    expect(await alpha.virsh("list", "--all", "--name")).toContain("first");
    expect(await alpha.virsh("pool-info", "default")).toMatch(/running[\s\S]*Autostart: +yes/);
    expect(await alpha.shell("basename $(readlink /sys/class/net/up0/master)")).toBe("brvms\n");
    expect(await project.stateText()).not.toContain(lab.privateKey.split("\n")[2]);
  });

  it("has nothing to do afterwards; looked at again nothing is changed, and it says so", async () => {
    await project.up({ args: ["--expect-no-changes"] });
    const before = await alpha.shell(
      "cat /var/lib/dpkg/status | sha256sum; virsh -q pool-dumpxml default; cat /etc/group",
    );
    await project.setProgram(
      program.replace("  bridge: bridge ===", '  triggers: ["again"],\n  bridge: bridge ==='),
    );
    await project.up();
    const { changes, notes } = await project.outputs();
    expect(changes).toEqual([]);
    expect(notes).toContain("all was as it should be: nothing was changed");
    expect(
      await alpha.shell(
        "cat /var/lib/dpkg/status | sha256sum; virsh -q pool-dumpxml default; cat /etc/group",
      ),
    ).toBe(before);
  });

  async function bootstrap(host: LabHost, inputs: object) {
    const { create, stdin } = bootstrapCommand(
      bootstrapSettings("one", { firmware: true, tpm: true, ...inputs }),
    );
    const { exitCode, stdout, stderr } = await host.exec(["dash", "-c", create], { stdin });
    return { exitCode, stderr, ...readBootstrap("one", stdout) };
  }

  it("takes a member into the group, and refuses what would cut it off", async () => {
    const member = await bootstrap(alpha, { member: "operator", pool: false });
    expect(member).toMatchObject({ exitCode: 0, changes: ["operator is a member of the group libvirt"] });
    expect(await alpha.shell("id -nG operator")).toContain("libvirt");
    const cut = await bootstrap(alpha, { bridge: { name: "br9", port: "br0" } });
    expect(cut.exitCode).toBe(1);
    expect(cut.stderr).toContain("br0 has an address: move it to a bridge by the distribution's own means");
    expect(await alpha.shell("ls /sys/class/net")).not.toContain("br9");
    const stranger = await bootstrap(alpha, { member: "nobody-here" });
    expect(stranger).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining("there is no user nobody-here"),
    });
  });

  it("of Fedora has its own packages and daemons asked for (stand-ins for dnf, rpm and systemctl)", async () => {
    const beta = lab.host("beta");
    await beta.writeFile("/run/os-release", 'ID=fedora\nPRETTY_NAME="Fedora Linux 42"\n');
    await beta.shell(
      "mount --bind /run/os-release /etc/os-release; mkdir -p /run/stand-ins /run/state /run/systemd/system",
    );
    const standIn = async (name: string, text: string) => {
      await beta.writeFile(`/run/stand-ins/${name}`, `#!/bin/sh\n${text}\n`);
      await beta.shell(`chmod +x /run/stand-ins/${name}`);
    };
    await standIn(
      "rpm",
      'for last; do :; done; case $last in qemu-img | coreutils | util-linux | curl | tar | gzip | xz) ;; *) [ -e "/run/state/$last" ] ;; esac',
    );
    await standIn("dnf", 'echo "dnf $*" >>/run/state/log; shift 3; for each; do : >"/run/state/$each"; done');
    await standIn(
      "systemctl",
      `case "$1 $2" in
"cat virtqemud."* | "cat virtnetworkd."*) ;;
"is-enabled "*) [ -e "/run/state/enabled-$2" ] && echo enabled ;;
"is-active -q") [ -e "/run/state/active-$3" ] ;;
"enable "*) : >"/run/state/enabled-$2"; echo "systemctl $*" >>/run/state/log ;;
"start "*) : >"/run/state/active-$2"; echo "systemctl $*" >>/run/state/log ;;
*) exit 1 ;;
esac`,
    );
    const { create, stdin } = bootstrapCommand(
      bootstrapSettings("one", { pool: false, firmware: true, tpm: false }),
    );
    const run = async () => {
      const line = `export PATH=/run/stand-ins:$PATH; ${create}`;
      const { exitCode, stdout, stderr } = await beta.exec(["dash", "-c", line], { stdin });
      return { exitCode, stderr, ...readBootstrap("one", stdout) };
    };
    expect(await run()).toMatchObject({ exitCode: 0, distribution: "Fedora Linux 42" });
    expect((await beta.readFile("/run/state/log")).trim().split("\n")).toEqual([
      "dnf -q install -y libvirt-daemon-kvm libvirt-client qemu-kvm zstd bzip2 edk2-ovmf",
      ...["virtqemud", "virtnetworkd"].flatMap((unit) => [
        `systemctl enable ${unit}.socket`,
        `systemctl start ${unit}.socket`,
      ]),
      "systemctl enable virtnetworkd.service",
      "systemctl enable virtqemud.service",
    ]);
    await beta.shell("rm /run/state/log");
    const again = await run();
    expect(again).toMatchObject({ exitCode: 0, changes: [] });
    expect(again.notes).toContain("all was as it should be: nothing was changed");
    await beta.writeFile("/run/os-release", "ID=plan9\n");
    expect(await run()).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("and not: plan9") });
  });
});
