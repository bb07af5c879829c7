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
const disk = fc
  .record(
    {
      name: fc.constantFrom("root", "data", "log", "swap"),
      pool: fc.constantFrom(...POOLS),
      bus: fc.constantFrom("virtio" as const, "sata" as const),
      cache: fc.constantFrom("none" as const, "writeback" as const),
      readonly: fc.boolean(),
    },
    { requiredKeys: ["name", "pool"] },
  )
  .map((made): DiskInputs => ({ ...made, size: 64 * MIB * ((made.name?.length ?? 0) + 1) }));

const nic = fc.oneof(
  fc.record(
    { network: fc.constantFrom(...NETWORKS), link: fc.constantFrom("up" as const, "down" as const) },
    { requiredKeys: ["network"] },
  ),
  fc.record(
    { bridge: fc.constant("br0"), mac: fc.constantFrom("52:54:00:aa:00:01", "52:54:00:aa:00:02") },
    { requiredKeys: ["bridge"] },
  ),
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
        interfaces: fc.array(nic, { maxLength: 3 }),
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
  )
  .map(
    ([made, compute, booting, platform, seeding]): Inputs => ({
      pulumiUrn,
      host: "alpha",
      connection: { address: "alpha" },
      ...made,
      ...compute,
      ...booting,
      ...platform,
      ...seeding,
    }),
  )
  .filter((made) => crossChecks.every((check) => check(made).length === 0));
