import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { WayFacts } from "../../provider/fitness/examine-ways.js";
import { factsScript } from "../../provider/fitness/facts-script.js";
import type { Finding } from "../../provider/fitness/finding.js";
import { judgeHost } from "../../provider/fitness/judge-host.js";
import { judgeSilence } from "../../provider/fitness/judge-login.js";
import { judgeTwins } from "../../provider/fitness/judge-twins.js";
import { judgeWay } from "../../provider/fitness/judge-way.js";
import { listenScript, resolveScript } from "../../provider/fitness/listen-script.js";
import { parseMachine } from "../../provider/fitness/machine.js";
import { imagePrograms } from "../../provider/fitness/tools.js";
import { shellWord } from "../../provider/fitness/verdict.js";
import { anyCharacter } from "../support/any-character.js";
import { betaSeen, libvirtFacts, NOW, pool, type Seen, seenWith, wayWith } from "./fitness-facts.js";

const judged = (seen: Seen) => judgeHost({ name: "alpha", address: "alpha", seen }, NOW);
const notFine = (findings: readonly Finding[]) => findings.filter(({ level }) => level !== "fine");
/** The only thing that isn't fine. */
const only = (seen: Seen): Finding => {
  const [first, ...others] = notFine(judged(seen));
  expect(others).toEqual([]);
  return first as Finding;
};
const denied = { kind: "denied", reason: "no polkit agent" } as const;
const closed = { kind: "closed", reason: "no libvirt answers there" } as const;

describe("a host", () => {
  it("on which all is well has only fine findings, one for each check", () => {
    const findings = judged(seenWith());
    expect(notFine(findings)).toEqual([]);
    expect(findings.map(({ check }) => check)).toEqual(
      "login libvirt versions kvm nested iommu cpu machines firmware tpm tools pools networks bandwidth time tls".split(
        " ",
      ),
    );
  });

  it("whose kernel can't limit bandwidth, or of which that isn't known", () => {
    expect(only(seenWith({ "shaping.missing": "sch_sfq|act_police" }))).toMatchObject({
      ...{ check: "bandwidth", level: "notice", what: "kernel 6.1.0 lacks sch_sfq, act_police" },
    });
    expect(judged(seenWith({ shaping: undefined })).map(({ check }) => check)).not.toContain("bandwidth");
  });

  it.each<[string, Parameters<typeof seenWith>, Partial<Finding>, RegExp]>([
    [
      "whose libvirt the login may not use",
      [{ groups: "ops", socket: "denied /run/libvirt/libvirt-sock" }, closed],
      { check: "libvirt", level: "problem" },
      /^sudo usermod -aG libvirt ops$/,
    ],
    [
      "whose polkit keeps the login from libvirt",
      [{ groups: "ops", socket: "usable /run/libvirt/libvirt-sock" }, denied],
      { check: "libvirt", level: "problem" },
      /^sudo usermod -aG libvirt ops$/,
    ],
    [
      "without libvirt, of Fedora",
      [
        { "os.id": "fedora", socket: undefined, daemon: undefined, qemu: undefined, running: undefined },
        closed,
      ],
      { check: "libvirt", level: "problem", what: "libvirt isn't installed" },
      /^sudo dnf install -y libvirt-daemon-kvm libvirt-client qemu-kvm[\s\S]*^sudo systemctl enable --now virtqemud\.service/m,
    ],
    [
      "without libvirt, like Ubuntu, as root",
      [
        {
          "os.id": "pop",
          "os.like": "ubuntu debian",
          uid: "0",
          sudo: undefined,
          socket: undefined,
          daemon: undefined,
        },
        closed,
      ],
      { check: "libvirt", level: "problem" },
      /^apt-get install -y libvirt-daemon-system libvirt-clients qemu-system-x86/,
    ],
    [
      "whose daemon doesn't run",
      [{ socket: undefined, running: undefined }, closed],
      { check: "libvirt", level: "problem", what: "libvirtd is installed, but its socket isn't there" },
      /^sudo systemctl enable --now libvirtd$/,
    ],
    [
      "whose modular daemon hangs",
      [{ daemon: "virtqemud 9.5.0", socket: "usable /run/libvirt/virtqemud-sock" }, closed],
      { check: "libvirt", level: "problem" },
      /systemctl restart virtqemud$/,
    ],
    [
      "with the one daemon beside those that are to be used",
      [
        {
          daemon: "libvirtd 10.0.0|virtqemud 10.0.0",
          unit: "libvirtd.service loaded inactive disabled|virtqemud.socket loaded inactive disabled",
          ...{ socket: undefined, running: undefined },
        },
        closed,
      ],
      { check: "libvirt", level: "problem", what: "virtqemud is installed, but its socket isn't there" },
      /^sudo systemctl enable --now virtqemud\.service /,
    ],
    [
      "whose daemon of networks doesn't run",
      [{ socket: "usable /run/libvirt/virtqemud-sock", driver: "halted virtnetworkd" }, closed],
      {
        ...{ check: "libvirt", level: "problem" },
        what: "virtnetworkd is installed, but its socket isn't there",
      },
      /^sudo systemctl enable --now virtnetworkd\.socket$/,
    ],
    [
      "that has no daemon of network filters",
      [{ socket: "usable /run/libvirt/virtqemud-sock", driver: "absent virtnwfilterd", "os.id": "fedora" }],
      { check: "libvirt", level: "notice", what: "virtnwfilterd isn't installed" },
      /^sudo dnf install -y libvirt-daemon-kvm/,
    ],
    [
      "whose daemon starts with its first visitor only",
      [{ unit: "virtqemud.socket loaded active enabled|virtqemud.service loaded inactive disabled" }],
      {
        ...{ check: "libvirt", level: "notice" },
        what: "virtqemud is started by its first visitor, not with the host",
      },
      /^sudo systemctl enable --now virtqemud\.service virtnetworkd\.service/,
    ],
    [
      "whose daemon isn't started at boot",
      [{ unit: "libvirtd.service loaded active disabled" }],
      { check: "libvirt", level: "problem", what: "libvirtd isn't started with the host" },
      /systemctl enable --now libvirtd$/,
    ],
    [
      "without nested KVM",
      [{ "kvm.nested": "N" }],
      { check: "nested", level: "notice" },
      /options kvm_intel nested=1/,
    ],
    [
      "without an IOMMU",
      [{ "iommu.groups": "0", "cpu.flag": "svm" }],
      { check: "iommu", level: "notice" },
      /amd_iommu=on/,
    ],
    [
      "without an IOMMU, of AMD without KVM",
      [{ "iommu.groups": "0", "cpu.flag": "", "cpu.name": "AMD EPYC 9554" }],
      { check: "iommu", level: "notice" },
      /amd_iommu=on/,
    ],
    [
      "without an IOMMU, of RHEL",
      [{ "os.id": "rhel", "iommu.groups": "0" }],
      { check: "iommu", level: "notice" },
      /^sudo grubby --update-kernel=ALL --args=intel_iommu=on$/,
    ],
    [
      "without qemu-img",
      [{ program: imagePrograms.filter((program) => program !== "qemu-img").join("|") }],
      { id: "tools/alpha/qemu-img", level: "notice", what: "no qemu-img" },
      /^sudo apt-get install -y qemu-utils$/,
    ],
    [
      "without what unpacks, of Fedora",
      [
        {
          "os.id": "fedora",
          program: imagePrograms.filter((program) => !["xz", "tar"].includes(program)).join("|"),
        },
      ],
      { id: "tools/alpha/unpack", level: "notice", what: "no xz, no tar" },
      /^sudo dnf install -y xz tar$/,
    ],
    [
      "that downloads nothing",
      [{ program: imagePrograms.filter((program) => !["curl", "wget"].includes(program)).join("|") }],
      { id: "tools/alpha/download", level: "notice", what: "neither curl nor wget" },
      /^sudo apt-get install -y curl$/,
    ],
    [
      "whose clock is ahead",
      [{ clock: "1060.2|1060.3" }],
      { check: "time", level: "problem" },
      /timedatectl set-ntp true/,
    ],
    [
      "whose clock is a little behind",
      [{ clock: "995.2|995.3" }],
      { check: "time", level: "notice" },
      /timedatectl/,
    ],
    [
      "whose clock nothing sets",
      [{ "clock.synchronised": "no" }],
      { check: "time", level: "notice" },
      /timedatectl/,
    ],
    [
      "with an old certificate",
      [{ "tls.until": "Jan  1 00:00:00 2028 GMT" }],
      {
        check: "tls",
        level: "problem",
        what: "the certificate in /etc/pki/qemu has been invalid since 2028-01-01",
      },
      /server-cert/,
    ],
    ["without certificates", [{ "tls.file": undefined }], { check: "tls", level: "notice" }, /tlscerts/],
    [
      "without a pool",
      [{}, { kind: "open", facts: libvirtFacts({ pools: [] }) }],
      { check: "pools", level: "problem", what: "there is no storage pool" },
      /pool-define-as default dir/,
    ],
    [
      "whose pool has stopped, under a name to beware of",
      [{}, { kind: "open", facts: libvirtFacts({ pools: [pool({ name: "a'; reboot", isActive: false })] }) }],
      { check: "pools", level: "problem" },
      /^sudo virsh -c qemu:\/\/\/system pool-start 'a'\\''; reboot'$/,
    ],
    [
      "whose network has stopped",
      [
        {},
        {
          kind: "open",
          facts: libvirtFacts({ networks: [{ name: "lan", isActive: false, isAutostarted: true }] }),
        },
      ],
      { check: "networks", level: "notice", what: "network lan isn't running" },
      /net-start lan$/,
    ],
  ])("%s is told so, why it matters, and what to do", (_what, [changes, libvirt], expected, command) => {
    const found = only(seenWith(changes, libvirt));
    expect(found).toMatchObject({ host: "alpha", ...expected });
    expect(found.why).toMatch(/\.$/);
    expect(found.fix?.commands.join("\n")).toMatch(new RegExp(command.source, "m"));
  });

  it("is told who has to do it where the login can't become root", () => {
    const facts = libvirtFacts({ pools: [pool({ isActive: false })] });
    const found = only(seenWith({ sudo: "absent" }, { kind: "open", facts }));
    expect(found.fix?.commands).toEqual(["virsh -c qemu:///system pool-start default   # as root"]);
  });

  it("whose pool is nearly full is a notice; there is no command for more room", () => {
    const facts = libvirtFacts({ pools: [pool({ availableBytes: 2 ** 30 })] });
    expect(only(seenWith({}, { kind: "open", facts }))).toMatchObject({
      ...{ id: "pools/alpha/default", level: "notice" },
      what: "pool default is nearly full: 1.0 GiB free of 100.0 GiB",
    });
    const forgotten = pool({ availableBytes: 0, isAutostarted: false });
    const both = only(seenWith({}, { kind: "open", facts: libvirtFacts({ pools: [forgotten] }) }));
    expect(both.what).toBe("pool default is full and isn't started with the host: 0.0 GiB free of 100.0 GiB");
    expect(both.fix?.commands).toEqual(["sudo virsh -c qemu:///system pool-autostart default"]);
  });

  it.each([
    [
      { "kvm.device": "denied", "kvm.mode": "600 root root" },
      "/dev/kvm is closed to ops (600 root root)",
      /chmod 0660/,
    ],
    [{ "kvm.device": "denied" }, "libvirt finds no KVM", /virt-host-validate/],
    [
      { "kvm.device": "driverless", "kvm.module": undefined },
      "/dev/kvm can't be opened, though the CPU has vmx: the module isn't loaded",
      /modprobe kvm_intel/,
    ],
    [
      { "kvm.device": "driverless", "kvm.module": undefined, "cpu.flag": undefined },
      "the CPU says nothing",
      /VT-x/,
    ],
    [
      { "os.id": "fedora", daemon: "virtqemud 11.0.0" },
      "libvirt finds no KVM",
      /systemctl restart virtqemud$/,
    ],
    [{ "kvm.device": "absent", "kvm.module": undefined }, "the module isn't loaded", /modprobe kvm_intel/],
    [
      { "kvm.device": "absent", "kvm.module": undefined, "cpu.flag": "svm" },
      "though the CPU has svm",
      /modprobe kvm_amd/,
    ],
    [
      { "kvm.device": "absent", "kvm.module": undefined, "cpu.flag": "hypervisor" },
      "is a guest itself",
      /host-passthrough/,
    ],
    [
      { "kvm.device": "absent", "kvm.module": undefined, "cpu.flag": undefined },
      "the CPU says nothing",
      /VT-x/,
    ],
    [{}, "libvirt finds no KVM", /virt-host-validate/],
  ])("without KVM is told which of the reasons it has: %j", (changes, what, command) => {
    const facts = libvirtFacts();
    facts.host.kvm = false;
    const found = judged(seenWith(changes, { kind: "open", facts })).find(({ check }) => check === "kvm");
    expect(found).toMatchObject({ level: "problem", what: expect.stringContaining(what) });
    expect(found?.fix?.commands.join("\n")).toMatch(command);
  });

  it("has KVM where QEMU's user may use it, whoever logs in, as long as nobody has asked libvirt", () => {
    const kvm = (mode: string) => {
      const seen = seenWith({ "kvm.device": "denied", "kvm.mode": mode }, { kind: "unasked" });
      return judged(seen).find(({ check }) => check === "kvm")?.level;
    };
    expect(kvm("660 root kvm")).toBe("fine");
    expect(kvm("666 root root")).toBe("fine");
    expect(kvm("660 root root")).toBe("problem");
    expect(kvm("600 root kvm")).toBe("problem");
  });

  it("has the lists of packages fetched first where there are none, and a daemon for the time where none is", () => {
    const bare = seenWith({
      ...{ swtpm: undefined, packages: "unlisted", "clock.synchronised": "no", "clock.keeper": "no" },
      ...{ daemon: undefined, socket: undefined },
    });
    const commands = judged({ ...bare, libvirt: closed }).flatMap(({ fix }) => fix?.commands ?? []);
    expect(commands).toEqual([
      "sudo apt-get update",
      expect.stringMatching(/^sudo apt-get install -y libvirt-daemon-system /),
      "sudo systemctl enable --now libvirtd",
      ...["sudo apt-get update", "sudo apt-get install -y swtpm swtpm-tools"],
      ...["sudo apt-get update", "sudo apt-get install -y chrony"],
    ]);
    const fedora = seenWith({ "os.id": "fedora", "clock.synchronised": "no", "clock.keeper": "no" });
    expect(only(fedora).fix?.commands).toEqual([
      "sudo dnf install -y chrony",
      "sudo systemctl enable --now chronyd",
    ]);
  });

  it("is logged in to by the commands that are printed as it was by us", () => {
    const connection = { address: "kvm1", user: "ops", port: 2222, sshConfig: "/h/ssh config" };
    const fix = (kind: "timeout" | "authRefused" | "hostKeyMismatch") =>
      judgeSilence({ name: "one", address: "kvm1", connection }, { kind, reason: "" }).fix?.commands.at(-1);
    expect(fix("timeout")).toBe("ssh -v -F '/h/ssh config' -p 2222 ops@kvm1 true");
    expect(fix("authRefused")).toBe("ssh-copy-id -F '/h/ssh config' -p 2222 ops@kvm1");
    expect(fix("hostKeyMismatch")).toBe("ssh-keygen -R '[kvm1]:2222'");
  });

  it.each([
    [{ kind: "timeout", reason: "no answer within 5 s" }, /ssh -v kvm1 true/],
    [{ kind: "authRefused", reason: "no key was accepted" }, /ssh-copy-id kvm1/],
    [
      { kind: "hostKeyMismatch", reason: "changed", knownHostsFile: "/h/known_hosts" },
      /ssh-keygen -R kvm1 -f \/h\/known_hosts/,
    ],
    [
      {
        kind: "hostKeyUnknown",
        reason: "unknown",
        knownHostsFile: "/h/known hosts",
        knownHostsLine: "kvm1 ssh-ed25519 AAAA",
      },
      /echo 'kvm1 ssh-ed25519 AAAA' >> '\/h\/known hosts'/,
    ],
  ] as const)("that lets nobody in has one finding: %j", (silence, command) => {
    const findings = judgeHost({ name: "one", address: "kvm1", seen: { kind: "silent", silence } }, NOW);
    expect(findings).toMatchObject([{ check: "login", level: "unreachable", what: silence.reason }]);
    expect(findings[0]?.fix).toMatchObject({ on: "here" });
    expect(findings[0]?.fix?.commands.join("\n")).toMatch(command);
  });
});

describe("hosts with one UUID of libvirt's", () => {
  const examined = (name: string, seen: Seen) => ({ name, address: name, seen });
  const alpha = examined("alpha", seenWith());
  const clone = (changes: Parameters<typeof seenWith>[0] = {}) =>
    seenWith({ address: "192.0.2.9", ...changes });

  it("are a problem, with what gives the other a new one", () => {
    const others = [examined("beta", betaSeen), examined("gamma", clone({ uuid: "configured" }))];
    expect(judgeTwins([alpha, ...others, examined("delta", clone())])).toMatchObject([
      {
        ...{ id: "libvirt/alpha/gamma", level: "problem", what: "gamma has the same host UUID, u" },
        fix: {
          on: "gamma",
          commands: [
            `sudo sh -c 'sed -i "/^ *host_uuid/d" /etc/libvirt/libvirtd.conf; echo "host_uuid = \\"$(cat /proc/sys/kernel/random/uuid)\\"" >> /etc/libvirt/libvirtd.conf'`,
            "sudo systemctl restart libvirtd",
          ],
        },
      },
      {
        id: "libvirt/alpha/delta",
        fix: { commands: [expect.not.stringContaining("sed"), expect.anything()] },
      },
    ]);
  });

  it("are one that was named twice where an address is the same", () => {
    expect(judgeTwins([alpha, examined("alias", seenWith())])).toMatchObject([
      { level: "notice", what: "alias is the same machine" },
    ]);
  });

  it("may come from a host that makes itself one at each start", () => {
    expect(only(seenWith({ uuid: "fleeting" }))).toMatchObject({
      ...{ id: "libvirt/alpha/uuid", level: "notice" },
      fix: {
        commands: [
          `sudo sh -c 'echo "host_uuid_source = \\"machine-id\\"" >> /etc/libvirt/libvirtd.conf'`,
          "sudo systemctl restart libvirtd",
        ],
      },
    });
  });
});

describe("the way from a host to another", () => {
  const way = (changes: Parameters<typeof wayWith>[0], from = seenWith(), to = betaSeen) =>
    notFine(judgeWay(wayWith(changes), from, to));

  it("is fine", () => {
    expect(way({})).toEqual([]);
    expect(judgeWay(wayWith(), seenWith(), betaSeen).map(({ check }) => check)).toEqual(
      "names migrationPorts cpu machines".split(" "),
    );
  });

  it("is closed by a firewall: with the command of the one that is on", () => {
    const tries = [
      { port: 49_152, outcome: "silent" },
      { port: 49_215, outcome: "refused" },
    ] as const;
    const ports: WayFacts["ports"] = { kind: "tried", tries: [...tries] };
    expect(way({ ports })).toMatchObject([
      {
        ...{ id: "migrationPorts/alpha/beta", level: "problem", peer: "beta" },
        what: "192.0.2.2:49152 doesn't answer, 192.0.2.2:49215 is refused",
        fix: { on: "beta", commands: [expect.stringContaining("iptables")] },
      },
    ]);
    for (const [unit, command] of [
      ["firewalld", "sudo firewall-cmd --permanent --add-port=49152-49215/tcp"],
      ["ufw", "sudo ufw allow 49152:49215/tcp"],
    ]) {
      const to = { ...seenWith({ unit: `${unit}.service loaded active enabled` }) };
      expect(way({ ports, names: [] }, seenWith(), to)[0]?.fix?.commands[0]).toBe(command);
    }
  });

  it("leads elsewhere", () => {
    const names: WayFacts["names"] = [{ name: "beta", is: "hostname", addresses: ["192.0.2.99"] }];
    const ports: WayFacts["ports"] = { kind: "tried", tries: [{ port: 49_152, outcome: "otherHost" }] };
    expect(way({ names, ports })).toMatchObject([
      { check: "names", level: "problem", what: "beta is resolved to 192.0.2.99, and beta has 192.0.2.2" },
      { check: "migrationPorts", level: "problem", what: "192.0.2.2:49152 is answered by another machine" },
    ]);
  });

  it("needs the name that moves use, and does without the other", () => {
    const unknown = (is: "hostname" | "migrationAddress") => [{ name: "beta.lan", is, addresses: [] }];
    expect(way({ names: unknown("hostname") })).toMatchObject([{ check: "names", level: "notice" }]);
    expect(way({ names: unknown("migrationAddress") })).toMatchObject([{ check: "names", level: "problem" }]);
  });

  it("tells what the other's CPU, QEMU, pools, networks and clock lack", () => {
    expect(way({ cpu: { comparison: "incompatible", baseline: "Skylake" } })).toMatchObject([
      { check: "cpu", level: "problem", fix: { commands: [expect.stringContaining('model: "Skylake"')] } },
    ]);
    const poor = libvirtFacts({ pools: [], networks: [] });
    poor.host.machineTypes = ["pc-i440fx-7.1", "pc-q35-7.1"];
    const to = { ...betaSeen, libvirt: { kind: "open", facts: poor } as const };
    const machine = {
      ...betaSeen.machine,
      clock: { ...betaSeen.machine.clock, first: 1_005.1, last: 1_005.3 },
    };
    expect(way({}, seenWith(), { ...to, machine })).toMatchObject([
      { check: "machines", level: "problem", what: expect.stringContaining("no pc-q35-7.2, pc-i440fx-7.2") },
      { check: "pools", level: "notice", what: "beta has no pool default" },
      { check: "networks", level: "notice", what: "beta has no network default" },
      { check: "time", level: "notice", what: "the two clocks differ by 4.8 s" },
    ]);
  });

  it("knows which machine type is newest where a distribution has versions of its own", () => {
    const of = (...machineTypes: string[]) => {
      const facts = libvirtFacts();
      facts.host.machineTypes = machineTypes;
      return { kind: "open", facts } as const;
    };
    const noble = of("pc-q35-7.2", "pc-q35-8.2", "pc-q35-noble", "pc-q35-zesty");
    const resolute = of("pc-q35-10.2", "pc-q35-7.2", "pc-q35-8.2", "pc-q35-noble", "pc-q35-zesty");
    const redhat = of("pc-q35-rhel9.10.0", "pc-q35-rhel9.6.0");
    const newest = (libvirt: typeof noble) =>
      judged(seenWith({}, libvirt)).find(({ check }) => check === "machines")?.what;
    expect([noble, resolute, redhat].map(newest)).toEqual([
      ...["up to pc-q35-8.2", "up to pc-q35-10.2", "up to pc-q35-rhel9.10.0"],
    ]);
    expect(way({}, seenWith({}, noble), { ...betaSeen, libvirt: resolute })).toEqual([]);
    expect(way({}, seenWith({}, resolute), { ...betaSeen, libvirt: noble })).toMatchObject([
      {
        what: expect.stringContaining("beta has no pc-q35-10.2"),
        fix: { commands: ['machine: "pc-q35-8.2"   // both have it'] },
      },
    ]);
  });

  it("is no way for VMs with KVM to a host without", () => {
    const emulated = libvirtFacts();
    emulated.host.kvm = false;
    const slow = { ...betaSeen, libvirt: { kind: "open", facts: emulated } as const };
    expect(way({}, seenWith(), slow)).toMatchObject([{ check: "cpu", what: "only this one has KVM" }]);
  });
});

describe("the scripts", () => {
  it.each([
    ["facts", factsScript],
    ["listen", listenScript],
    ["resolve", resolveScript],
  ])("%s is POSIX sh", (_name, script) => {
    for (const shell of ["dash", "bash --posix"]) {
      const [program = "", ...options] = shell.split(" ");
      const { status, stderr } = spawnSync(program, [...options, "-n"], { input: script, encoding: "utf8" });
      expect([status, stderr]).toEqual([0, ""]);
    }
  });

  it("facts says of this machine what can be read", () => {
    const { stdout, stderr, status } = spawnSync("sh", ["-c", factsScript], { encoding: "utf8" });
    expect([status, stderr]).toEqual([0, ""]);
    expect(parseMachine(stdout)).toMatchObject({
      architecture: process.arch === "x64" ? "x86_64" : expect.any(String),
      migrationPorts: { low: 49_152, high: 49_215 },
    });
    const { first, last } = parseMachine(stdout).clock;
    expect(Math.abs(Date.now() / 1_000 - first)).toBeLessThan(60);
    expect(last).toBeGreaterThanOrEqual(first);
  });

  it("print nothing that makes the reader fail", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const seen = { ...seenWith(), machine: parseMachine(text) };
        expect(judged(seen).length).toBeGreaterThan(0);
      }),
    );
  });
});

it("any text is one word of a command", () => {
  const texts = fc.sample(
    fc.string({ unit: anyCharacter }).filter((text) => !text.includes("\0")),
    50,
  );
  const script = `printf '%s\\0' ${texts.map(shellWord).join(" ")}`;
  const { stdout } = spawnSync("sh", ["-c", script], { encoding: "utf8" });
  expect(stdout.split("\0").slice(0, -1)).toEqual(texts.map((text) => Buffer.from(text).toString("utf8")));
});
