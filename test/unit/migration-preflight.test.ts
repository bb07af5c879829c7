import { describe, expect, it } from "vitest";
import type { HostFacts } from "../../provider/hosts/facts.js";
import type { PoolRecord } from "../../provider/libvirt/index.js";
import type { DomainModel } from "../../provider/libvirt/xml/index.js";
import { hasTpm, hostDevicesOf } from "../../provider/resources/virtual-machine/migration/host-devices.js";
import { migrationUri } from "../../provider/resources/virtual-machine/migration/journal.js";
import { memoryNeededBytes } from "../../provider/resources/virtual-machine/migration/memory-needed.js";
import { otherPathOf } from "../../provider/resources/virtual-machine/migration/preflight.js";
import {
  type PreflightFindings,
  refusalsOf,
} from "../../provider/resources/virtual-machine/migration/preflight-refusals.js";
import { transferLine } from "../../provider/resources/virtual-machine/migration/progress.js";
import { nvramPath } from "../../provider/resources/virtual-machine/migration/traces.js";

const GIB = 2 ** 30;

function facts(uuid: string): HostFacts {
  const machines = [{ name: "q35", canonical: "pc-q35-7.2" }, { name: "pc-q35-7.2" }];
  const guest = { architecture: "x86_64", accelerators: ["qemu", "kvm"], machines };
  return {
    uuid,
    hostname: uuid,
    cpuModel: "Haswell",
    cpus: 4,
    memoryBytes: 8 * GIB,
    libvirtVersion: "9.0.0",
    qemuVersion: "7.2.0",
    capabilities: { hostUuid: uuid, architecture: "x86_64", guests: [guest] },
    kvm: true,
    machineTypes: ["pc-q35-7.1", "pc-q35-7.2"],
    platforms: [],
  };
}

const model: DomainModel = {
  name: "web",
  accelerator: "kvm",
  architecture: "x86_64",
  machine: "pc-q35-7.2",
  memoryBytes: GIB,
  maxMemoryBytes: GIB,
  cpus: 1,
  maxCpus: 1,
  firmware: "bios",
  disks: [],
  interfaces: [{ source: { network: "lan" }, mac: "52:54:00:00:00:01", link: "up" }],
  agentChannel: false,
  hotplugPorts: 0,
};

const volume: PreflightFindings["volumes"][number] = {
  name: "web-0",
  sourcePool: "default",
  targetPool: "default",
  sourcePath: "/images/web-0",
  source: { format: "qcow2", allocationBytes: GIB, backingPath: undefined },
  takenBy: undefined,
  backingThere: undefined,
};

const pool: PreflightFindings["pools"][number] = {
  name: "default",
  there: { active: true, path: "/images", availableBytes: 4 * GIB },
};

const fine: PreflightFindings = {
  name: "web",
  uuid: "u-1",
  source: { name: "alpha", facts: facts("alpha-uuid") },
  target: { name: "beta", facts: facts("beta-uuid") },
  domain: {
    model,
    memoryNeededBytes: GIB,
    persistent: true,
    snapshots: [],
    hasManagedSave: false,
    isPausedByIoError: false,
    hostDevices: [],
    firmwareState: [],
  },
  sameUuid: undefined,
  sameName: undefined,
  networks: ["lan"],
  missingDevices: [],
  missingFiles: [],
  volumes: [volume],
  pools: [pool],
  cpu: "identical",
  memoryInUseBytes: 0,
  live: true,
  ahead: false,
};

/** What stands in the way when this is otherwise than fine: one thing. */
function only(change: Partial<PreflightFindings>): string {
  const refusals = refusalsOf({ ...fine, ...change });
  expect(refusals).toHaveLength(1);
  return refusals[0] ?? "";
}
const domain = (change: Partial<PreflightFindings["domain"]>) => ({ domain: { ...fine.domain, ...change } });
const machine = (change: Partial<DomainModel>) => domain({ model: { ...model, ...change } });
const disk = (change: Partial<typeof volume>) => ({ volumes: [{ ...volume, ...change }] });
const off = { live: false } as const;

describe("the preflight of a move", () => {
  it("lets go what nothing stands against", () => {
    expect(refusalsOf(fine)).toEqual([]);
    expect(refusalsOf({ ...fine, ...off })).toEqual([]);
  });

  it("tells two names of one machine", () => {
    expect(only({ target: { name: "beta", facts: facts("alpha-uuid") } })).toMatch(
      /alpha and beta are the same machine .*alpha-uuid.*host_uuid/,
    );
  });

  it("tells a UUID or a name that is taken at the target", () => {
    expect(only({ sameUuid: { name: "web" } })).toMatch(
      /beta has a domain with its UUID u-1 already \(web\)/,
    );
    expect(only({ sameName: { uuid: "u-2" } })).toMatch(
      /name web is taken on beta by another domain \(UUID u-2\)/,
    );
    expect(refusalsOf({ ...fine, sameName: { uuid: "u-1" } })).toEqual([]);
  });

  it("tells what can't leave the source", () => {
    expect(only(domain({ persistent: false }))).toMatch(/no definition on alpha/);
    expect(only(domain({ snapshots: ["one", "two"] }))).toMatch(/snapshots \(one, two\).*delete/);
    expect(only(domain({ hasManagedSave: true }))).toMatch(/saved state.*managedsave-remove/);
    expect(only(domain({ isPausedByIoError: true }))).toMatch(
      /I\/O error has paused it.*on alpha.*resume it/,
    );
    expect(only(domain({ hostDevices: ["a pci device"] }))).toMatch(/a pci device belongs to alpha; detach/);
    expect(refusalsOf({ ...fine, ...domain({ firmwareState: ["nvram", "tpm"] }) })).toEqual([]);
    expect(only({ ...off, ...domain({ firmwareState: ["nvram", "tpm"] }) })).toMatch(
      /is off and has firmware variables \(NVRAM\) and a TPM/,
    );
  });

  it("knows where the target has a pool under another path", () => {
    const at = (name: string, path: string) =>
      ({
        name,
        xml: `<pool type='dir'><name>${name}</name><target><path>${path}</path></target></pool>`,
      }) as PoolRecord;
    const here = [at("nfs", "/srv/nfs")];
    const other = (...there: PoolRecord[]) => otherPathOf("/srv/nfs/web-0", here, there);
    expect(other(at("nfs", "/mnt/nfs"))).toEqual({ pool: "nfs", path: "/mnt/nfs" });
    expect(other(at("nfs", "/mnt/nfs"), at("same", "/srv/nfs"))).toBeUndefined();
    expect(other(at("nfs", "/srv/nfs"))).toBeUndefined();
    expect(other()).toBeUndefined();
  });

  it("tells what the target can't run", () => {
    const common = 'set machine to "pc-q35-7.2", which both hosts know, and restart the guest';
    const unknown = (type: string) => only(machine({ machine: type }));
    expect(unknown("pc-q35-9.0")).toBe(
      `beta doesn't know the machine type pc-q35-9.0 (QEMU 7.2.0); upgrade QEMU there, or ${common}`,
    );
    expect(unknown("pc-q35-2.4")).toBe(
      `beta doesn't know the machine type pc-q35-2.4 (QEMU 7.2.0), which is too old for it; ${common}`,
    );
    expect(unknown("pc-q35-noble")).toBe(
      `beta doesn't know the machine type pc-q35-noble (QEMU 7.2.0), which only QEMU of alpha's distribution has; ${common}`,
    );
    expect(unknown("microvm")).toMatch(
      /beta doesn't know the machine type microvm .* or give the guest one that both hosts know and restart the guest$/,
    );
    expect(only(machine({ architecture: "aarch64" }))).toMatch(/beta can't run aarch64 guests with kvm/);
    expect(only({ cpu: "incompatible" })).toMatch(/CPU of beta \(Haswell\) lacks features/);
    for (const cpu of ["identical", "superset", "error", undefined] as const)
      expect(refusalsOf({ ...fine, cpu })).toEqual([]);
  });

  it("tells what the guest would miss at the target", () => {
    expect(only({ networks: ["dmz"] })).toMatch(/network lan isn't there, or isn't running, on beta/);
    expect(only({ missingDevices: ["bridge br7"] })).toMatch(/beta has no bridge br7/);
    const file = "/boot/kernel";
    expect(only({ missingFiles: [{ file }] })).toMatch(/beta has no file \/boot\/kernel.*put it there/);
    expect(only({ missingFiles: [{ file, otherPath: { pool: "boot", path: "/other" } }] })).toMatch(
      /beta has no file \/boot\/kernel.*pool boot is at \/other there.*same path/,
    );
  });

  it("tells pools that don't match", () => {
    expect(only({ pools: [{ ...pool, there: undefined }] })).toMatch(/no pool default on beta/);
    const there = { active: true, path: "/images", availableBytes: 4 * GIB };
    expect(only({ pools: [{ ...pool, there: { ...there, active: false } }] })).toMatch(
      /default isn't running on beta/,
    );
    expect(refusalsOf({ ...fine, pools: [{ ...pool, there: { ...there, path: "/data" } }] })).toEqual([]);
    expect(only({ pools: [{ ...pool, there: { ...there, path: undefined } }] })).toMatch(
      /default on beta has no folder/,
    );
    expect(only({ pools: [{ ...pool, there: { ...there, availableBytes: GIB / 2 } }] })).toMatch(
      /disks take 1 GiB, and pool default on beta has 512 MiB left/,
    );
  });

  it("doesn't miss ahead of the move what the deployment may still make before it", () => {
    const { there } = pool;
    for (const lacking of [
      { networks: [] },
      { pools: [{ ...pool, there: undefined }] },
      { pools: [{ ...pool, there: there && { ...there, active: false } }] },
    ])
      expect(refusalsOf({ ...fine, ...lacking, ahead: true })).toEqual([]);
    expect(only({ ahead: true, ...domain({ hasManagedSave: true }) })).toMatch(/saved state/);
  });

  it("tells volumes that can't be copied", () => {
    expect(only(disk({ source: undefined }))).toMatch(/web-0 isn't in pool default on alpha/);
    expect(only(disk({ takenBy: "volume" }))).toMatch(
      /there is a volume web-0 in pool default on beta already.*"shared"/,
    );
    expect(only(disk({ takenBy: "mark" }))).toMatch(/there is the mark of a volume web-0/);
    expect(only(disk({ source: { format: "vmdk", allocationBytes: 0, backingPath: undefined } }))).toMatch(
      /web-0 has the format vmdk; only qcow2 and raw/,
    );
  });

  it("wants the base of a layered disk at the target only when the guest is off: a running one is copied with its base", () => {
    const layered = disk({ source: { format: "qcow2", allocationBytes: 0, backingPath: "/images/base" } });
    expect(refusalsOf({ ...fine, ...layered })).toEqual([]);
    expect(only({ ...layered, ...off })).toMatch(/difference to \/images\/base, which isn't on beta/);
    expect(
      refusalsOf({ ...fine, ...off, volumes: [{ ...volume, ...layered.volumes[0], backingThere: true }] }),
    ).toEqual([]);
  });

  it("tells when there is no memory left", () => {
    expect(refusalsOf({ ...fine, memoryInUseBytes: 7 * GIB })).toEqual([]);
    expect(only({ memoryInUseBytes: 7.5 * GIB })).toMatch(
      /needs 1 GiB of memory.*may use 7.5 GiB of its 8 GiB/,
    );
  });

  it("counts what a guest was given, not what could still be plugged in", () => {
    const guest = (sizes: string, devices = "") =>
      `<domain type='kvm'><name>web</name><uuid>5e2b7c5c-1d8c-4a6f-9d0a-2f4a7f1c9b11</uuid>${sizes}<vcpu>1</vcpu><os><type machine='q35'>hvm</type></os><devices>${devices}</devices></domain>`;
    const maximum = "<maxMemory slots='4' unit='GiB'>16</maxMemory>";
    const dimm = "<memory model='dimm'><target><size unit='GiB'>1</size><node>0</node></target></memory>";
    const virtioMem =
      "<memory model='virtio-mem'><target><size unit='GiB'>14</size><node>0</node><requested unit='GiB'>3</requested><current unit='GiB'>2</current></target></memory>";
    const sizes = (memory: number, current: number) =>
      `<memory unit='GiB'>${memory}</memory><currentMemory unit='GiB'>${current}</currentMemory>`;
    // The balloon can give back all of it.
    expect(memoryNeededBytes(guest(sizes(4, 1)))).toBe(4 * GIB);
    expect(memoryNeededBytes(guest(maximum + sizes(2, 2)))).toBe(2 * GIB);
    expect(memoryNeededBytes(guest(maximum + sizes(4, 3), dimm + dimm))).toBe(4 * GIB);
    expect(memoryNeededBytes(guest(maximum + sizes(16, 4), virtioMem))).toBe(5 * GIB);
  });
});

describe("what a guest's XML says of a move", () => {
  const withDevices = (devices: string) =>
    `<domain type='kvm'><name>web</name><devices>${devices}</devices></domain>`;

  it("names the devices of its host", () => {
    expect(hostDevicesOf(withDevices("<disk type='file'/><interface type='network'/>"))).toEqual([]);
    expect(
      hostDevicesOf(
        withDevices(
          "<hostdev mode='subsystem' type='pci'/><interface type='hostdev'/><filesystem type='mount'><source dir='/srv'/></filesystem>",
        ),
      ),
    ).toHaveLength(3);
    expect(hasTpm(withDevices("<tpm model='tpm-crb'/>"))).toBe(true);
    expect(hasTpm(withDevices(""))).toBe(false);
  });

  it("names the file of the firmware's variables, however it is written", () => {
    const withOs = (nvram: string) => `<domain type='kvm'><name>web</name><os>${nvram}</os></domain>`;
    expect(nvramPath(withOs("<nvram template='/t'>/nvram/web.fd</nvram>"))).toBe("/nvram/web.fd");
    expect(nvramPath(withOs("<nvram type='file'><source file='/nvram/new.fd'/></nvram>"))).toBe(
      "/nvram/new.fd",
    );
    expect(nvramPath(withOs(""))).toBeUndefined();
  });
});

describe("what is said on the way", () => {
  it("gives percent, MiB left and MiB/s", () => {
    expect(transferLine("copying web-0", 2 ** 20, 4 * 2 ** 20, 1.5 * 2 ** 20)).toBe(
      "copying web-0: 25 %, 3 MiB left, 1.5 MiB/s",
    );
    expect(transferLine("copying nothing", 0, 0, 0)).toBe("copying nothing: 100 %, 0 MiB left");
  });

  it("gives QEMU an address that it understands", () => {
    expect(migrationUri("10.0.0.2")).toBe("tcp://10.0.0.2");
    expect(migrationUri("beta.example.net")).toBe("tcp://beta.example.net");
    expect(migrationUri("fd00::2")).toBe("tcp://[fd00::2]");
    expect(migrationUri("[fd00::2]")).toBe("tcp://[fd00::2]");
  });
});
