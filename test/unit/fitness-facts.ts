import type { HostExamination, LibvirtFacts } from "../../provider/fitness/examine.js";
import type { WayFacts } from "../../provider/fitness/examine-ways.js";
import { parseMachine } from "../../provider/fitness/machine.js";
import { imagePrograms } from "../../provider/fitness/tools.js";

export type Seen = Extract<HostExamination["seen"], { kind: "reached" }>;

/** What the script prints on a host on which all is well. */
export const wellHost = `clock=1000.10
os.id=debian
os.name=Debian GNU/Linux 12 (bookworm)
architecture=x86_64
kernel=6.1.0
user=ops
uid=1000
groups=ops libvirt kvm
sudo=free
socket=usable /run/libvirt/libvirt-sock
systemd=yes
unit=libvirtd.socket loaded active enabled
unit=libvirtd.service loaded active enabled
unit=firewalld.service not-found inactive -
daemon=libvirtd 9.0.0
running=libvirtd
qemu=7.2.22
uuid=firmware
kvm.device=usable
kvm.mode=660 root kvm
kvm.module=kvm_intel
kvm.nested=Y
cpu.name=Intel Xeon
cpu.flag=vmx
iommu.units=1
iommu.groups=12
firmware=/usr/share/OVMF/OVMF_CODE_4M.fd
shaping=known
swtpm=yes
tls.folder=/etc/pki/qemu
tls.file=ca-cert.pem
tls.file=server-cert.pem
tls.file=server-key.pem
tls.file=client-cert.pem
tls.file=client-key.pem
tls.until=Jan  1 00:00:00 2030 GMT
hostname=alpha
address=192.0.2.1
clock.synchronised=yes
listener=perl
${imagePrograms.map((program) => `program=${program}`).join("\n")}
clock=1000.30
`;

export const NOW = new Date("2029-01-01T00:00:00Z");

/** The script's output with other lines; `undefined` takes them away. */
export function machineWith(changes: Readonly<Record<string, string | undefined>>) {
  const kept = wellHost.split("\n").filter((line) => !(line.slice(0, line.indexOf("=")) in changes));
  const added = Object.entries(changes).flatMap(([key, value]) =>
    value === undefined ? [] : value.split("|").map((each) => `${key}=${each}`),
  );
  return parseMachine([...kept, ...added].join("\n"));
}

export function libvirtFacts(changes: Partial<LibvirtFacts> = {}): LibvirtFacts {
  const capabilities = { hostUuid: "u", architecture: "x86_64", guests: [] };
  return {
    host: {
      ...{ uuid: "u", hostname: "alpha", cpuModel: "Cascadelake", cpus: 8, memoryBytes: 2 ** 35 },
      ...{ libvirtVersion: "9.0.0", qemuVersion: "7.2.22", capabilities, kvm: true },
      platforms: [
        {
          machine: "pc-q35-7.2",
          accelerator: "kvm",
          capabilities: {
            ...{ firmware: ["efi"], secureBoot: true, tpmModels: ["tpm-crb"], tpmBackends: ["emulator"] },
            ...{ tpmVersions: ["2.0"], graphics: [], videoModels: [], cpuModes: undefined },
            ...{ cpuModels: undefined, hyperv: undefined },
          },
        },
      ],
      machineTypes: ["pc-i440fx-7.2", "pc-q35-7.1", "pc-q35-7.2"],
    },
    pools: [pool()],
    networks: [{ name: "default", isActive: true, isAutostarted: true }],
    guestCpu: undefined,
    ...changes,
  };
}

export function pool(changes: Partial<LibvirtFacts["pools"][number]> = {}): LibvirtFacts["pools"][number] {
  return {
    ...{ name: "default", path: "/var/lib/libvirt/images", isActive: true, isAutostarted: true },
    ...{ capacityBytes: 100 * 2 ** 30, availableBytes: 60 * 2 ** 30 },
    ...changes,
  };
}

export function seenWith(
  changes: Readonly<Record<string, string | undefined>> = {},
  libvirt: Seen["libvirt"] = { kind: "open", facts: libvirtFacts() },
): Seen {
  return {
    ...{ kind: "reached", migrationAddress: "192.0.2.1", user: "ops", machine: machineWith(changes) },
    ...{ asked: { askedAt: 1_000, answeredAt: 1_000.4 }, libvirt, warnings: [] },
  };
}

export function wayWith(changes: Partial<WayFacts> = {}): WayFacts {
  return {
    ...{ from: "alpha", to: "beta", cpu: { comparison: "identical", baseline: undefined } },
    names: [{ name: "beta", is: "hostname", addresses: ["192.0.2.2"] }],
    ports: { kind: "tried", tries: [{ port: 49_152, outcome: "open" }] },
    ...changes,
  };
}

const ofBeta = libvirtFacts();
ofBeta.host.uuid = "v";

export const betaSeen: Seen = {
  ...seenWith({ hostname: "beta", address: "192.0.2.2" }, { kind: "open", facts: ofBeta }),
  migrationAddress: "192.0.2.2",
};
