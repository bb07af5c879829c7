import fc from "fast-check";
import { crossChecks } from "../../provider/resources/virtual-machine/cross-checks.js";
import type { DiskInputs, Inputs } from "../../provider/resources/virtual-machine/schema.js";
import { computeInputs } from "./compute-inputs.js";
import { platformInputs } from "./platform-inputs.js";

const MIB = 2 ** 20;
export const POOLS = ["fast", "big"];
export const NETWORKS = ["lan", "dmz"];
export const pulumiUrn = "urn:pulumi:dev::shop::pulumi-nodejs:dynamic/kvm:VirtualMachine::web";

/** Named disks, of a size that a name fixes: shrinking is a refusal, which other tests look at. */
const mebibytes = fc.integer({ min: 1, max: 512 }).map((mib) => mib * MIB);
const limits = fc.oneof(
  fc.record({ bytesPerSecond: mebibytes, iops: fc.integer({ min: 1, max: 900 }) }, { requiredKeys: [] }),
  fc
    .integer({ min: 1, max: 900 })
    .map((readIops) => ({ readIops, burst: { readIops: 2 * readIops, seconds: 3 }, iopsSize: 4096 })),
);
const disk = fc
  .record(
    {
      name: fc.constantFrom("root", "data", "log", "swap"),
      pool: fc.constantFrom(...POOLS),
      bus: fc.constantFrom("virtio" as const, "sata" as const, "scsi" as const, "usb" as const),
      cache: fc.constantFrom("none" as const, "writeback" as const),
      readonly: fc.boolean(),
      discard: fc.constantFrom("unmap" as const, "ignore" as const),
      detectZeroes: fc.constantFrom("on" as const, "off" as const),
      serial: fc.constantFrom("a-1", "a-2"),
      retainOnDelete: fc.constant(false),
      limits,
    },
    { requiredKeys: ["name", "pool"] },
  )
  .map((made): DiskInputs => ({ ...made, size: 64 * MIB * ((made.name?.length ?? 0) + 1) }));

const cdrom = fc.record(
  {
    name: fc.constantFrom("os", "drivers", "tools"),
    source: fc.constantFrom("/media/a.iso", "/media/b.iso"),
    bus: fc.constantFrom("sata" as const, "scsi" as const),
    force: fc.boolean(),
  },
  { requiredKeys: ["name"] },
);

const traffic = {
  model: fc.constantFrom("virtio" as const, "e1000e" as const),
  mtu: fc.constantFrom(1400, 9000),
  bandwidth: fc.record(
    {
      inbound: fc.constant({ average: 1_000_000, burst: 2 ** 20 }),
      outbound: fc.constant({ average: 5_000 }),
    },
    { requiredKeys: [] },
  ),
  filter: fc.constantFrom(
    { name: "clean-traffic" },
    { name: "clean-traffic", parameters: { IP: ["10.0.0.2", "10.0.0.1"] } },
  ),
};
const nic = fc.oneof(
  fc.record(
    {
      network: fc.constantFrom(...NETWORKS),
      link: fc.constantFrom("up" as const, "down" as const),
      ...traffic,
    },
    { requiredKeys: ["network"] },
  ),
  fc.record(
    {
      bridge: fc.constant("br0"),
      mac: fc.constantFrom("52:54:00:aa:00:01", "52:54:00:aa:00:02"),
      vlan: fc.constantFrom(7, { trunk: [7, 8], native: 8 }),
      virtualPort: fc.constant({ type: "openvswitch" as const }),
      ...traffic,
    },
    { requiredKeys: ["bridge"] },
  ),
  fc.record(
    {
      direct: fc.constantFrom({ dev: "eth7" }, { dev: "eth7", mode: "vepa" as const }),
      mac: fc.constantFrom("52:54:00:aa:00:03"),
    },
    { requiredKeys: ["direct", "mac"] },
  ),
);

const hostDevice = fc.constantFrom(
  { type: "pci" as const, address: "0000:01:00.0" },
  { type: "pci" as const, address: "0000:01:00.0", managed: false },
  { type: "usb" as const, vendor: "1234", product: "beef" },
);

const boot = fc.oneof(
  fc.constant({}),
  fc.record(
    { kernel: fc.constantFrom("/boot/a", "/boot/b"), commandLine: fc.constantFrom("quiet", "console=ttyS0") },
    { requiredKeys: ["kernel"] },
  ),
);

/** Few contents, for their digests are slow on purpose. */
const seeds = fc.record(
  {
    cloudInit: fc.record(
      {
        hostname: fc.constantFrom("a", "b"),
        pool: fc.constantFrom(...POOLS),
        newInstanceOnChange: fc.boolean(),
      },
      { requiredKeys: ["pool"] },
    ),
    answerFile: fc.record(
      { kickstart: fc.constantFrom("text", "graphical"), pool: fc.constantFrom(...POOLS) },
      { requiredKeys: ["kickstart"] },
    ),
    ignition: fc.constant({ ignition: { version: "3.4.0" } }),
  },
  { requiredKeys: [] },
);

/** Inputs of a VM as programs give them, canonical; any two are of one VM before and after a change. */
export const machineInputs = fc
  .tuple(
    fc.record(
      {
        name: fc.constant("web"),
        machine: fc.constantFrom("q35", "pc-q35-7.2"),
        disks: fc.uniqueArray(disk, { maxLength: 4, selector: (d) => d.name }),
        cdroms: fc.uniqueArray(cdrom, { maxLength: 3, selector: ({ name }) => name }),
        interfaces: fc.array(nic, { maxLength: 3 }),
        hotplugSlots: fc.integer({ min: 0, max: 12 }),
        hostDevices: fc.uniqueArray(hostDevice, { maxLength: 2, selector: ({ type }) => type }),
        rng: fc.oneof(fc.boolean(), fc.constantFrom({}, { bytes: 1024, period: "2000ms" })),
        channels: fc.uniqueArray(fc.constantFrom({ name: "a.0" }, { name: "b.0" }), {
          maxLength: 2,
          selector: ({ name }) => name,
        }),
        bootMenu: fc.oneof(fc.boolean(), fc.constant({ timeout: "3000ms" })),
        console: fc.record({ log: fc.constantFrom("/var/log/a", "/var/log/b") }, { requiredKeys: [] }),
        powerState: fc.constantFrom("running" as const, "stopped" as const, "paused" as const),
        autostart: fc.boolean(),
        restartPolicy: fc.constantFrom("never" as const, "whenNeeded" as const),
        description: fc.string(),
      },
      { requiredKeys: ["name"] },
    ),
    computeInputs,
    boot,
    platformInputs,
    seeds,
    fc.array(fc.boolean(), { minLength: 10, maxLength: 10 }),
  )
  .map(
    ([made, compute, booting, platform, seeding, ordered]): Inputs =>
      withBootOrder(
        {
          pulumiUrn,
          host: "alpha",
          connection: { address: "alpha" },
          ...made,
          ...compute,
          ...booting,
          ...platform,
          ...seeding,
        } as Inputs,
        ordered,
      ),
  )
  .filter((made) => crossChecks.every((check) => check(made).length === 0));

/** Some devices have a place in the boot order, each another. */
function withBootOrder(made: Inputs, ordered: readonly boolean[]): Inputs {
  let next = 0;
  const placed = <T extends object>(list: readonly T[] | undefined): T[] | undefined =>
    list?.map((entry) => {
      next += 1;
      return ordered[next % ordered.length] ? { ...entry, bootOrder: next } : entry;
    });
  const [disks, cdroms, interfaces] = [placed(made.disks), placed(made.cdroms), placed(made.interfaces)];
  return {
    ...made,
    ...(disks === undefined ? {} : { disks }),
    ...(cdroms === undefined ? {} : { cdroms }),
    ...(interfaces === undefined ? {} : { interfaces }),
  };
}
