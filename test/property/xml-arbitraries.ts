import fc from "fast-check";
import {
  type DomainDisk,
  type DomainInterface,
  type DomainModel,
  isXmlText,
  type Lease,
  type MigrationJournal,
  type NetworkAddress,
  type NetworkModel,
  type OwnerMark,
} from "../../provider/libvirt/xml/index.js";
import { domainPartValues } from "./xml-part-arbitraries.js";

const nastyPieces = [
  "<",
  ">",
  "&",
  "'",
  '"',
  "\n",
  "\r",
  "\r\n",
  "\t",
  "  ",
  "]]>",
  "<!--",
  "--",
  "&amp;",
  "&#10;",
  "</name>",
  "<a b='c'/>",
  "<!DOCTYPE x>",
  "\u{7f}",
  "\u{85}",
  "\u{2028}",
  "\u{feff}",
  "é",
  "𝄞",
  "\u{10ffff}",
  "name",
  "/path",
];

/** Strings that XML can carry, and that break it when they are not escaped. Never empty. */
export const hostile: fc.Arbitrary<string> = fc
  .oneof(
    fc
      .array(fc.constantFrom(...nastyPieces), { minLength: 1, maxLength: 6 })
      .map((pieces) => pieces.join("")),
    fc.string({ unit: "binary", minLength: 1, maxLength: 12 }).filter(isXmlText),
  )
  .filter(isXmlText);

const optional = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: undefined });

/** Leaves the absent properties out, as what is parsed has none. */
function compact<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined)) as T;
}

const mac = fc
  .array(fc.integer({ min: 0, max: 255 }), { minLength: 6, maxLength: 6 })
  .map((bytes) => bytes.map((byte) => byte.toString(16).padStart(2, "0")).join(":"));

const disk: fc.Arbitrary<DomainDisk> = fc
  .record({
    target: fc.oneof(hostile, fc.constantFrom("vda", "vdb", "vdc", "sda", "sdb", "sdc", "sdd", "hda")),
    bus: fc.constantFrom("virtio", "scsi", "sata", "usb", "ide"),
    device: fc.constantFrom("disk", "cdrom"),
    source: optional(
      fc.oneof(
        hostile.map((file) => ({ file })),
        hostile.map((block) => ({ block })),
        fc.record({ pool: hostile, volume: hostile }),
      ),
    ),
    format: fc.oneof(fc.constantFrom("qcow2", "raw"), hostile),
    cache: optional(hostile),
    io: optional(hostile),
    discard: optional(hostile),
    serial: optional(hostile),
    readonly: fc.boolean(),
    shareable: fc.boolean(),
    bootOrder: optional(fc.integer({ min: 1, max: 99 })),
  } satisfies { [K in keyof Required<DomainDisk>]: unknown })
  .map((made) => compact({ ...made, readonly: made.readonly || made.device === "cdrom" }) as DomainDisk);

const networkInterface: fc.Arbitrary<DomainInterface> = fc
  .record({
    source: fc.oneof(
      hostile.map((network) => ({ network })),
      hostile.map((bridge) => ({ bridge })),
    ),
    mac,
    model: optional(hostile),
    link: fc.constantFrom("up", "down"),
  } satisfies { [K in keyof Required<DomainInterface>]: unknown })
  .map((made) => compact(made) as DomainInterface);

const memoryBytes = fc.oneof(
  fc.integer({ min: 0, max: 2 ** 40 }),
  fc.integer({ min: 1, max: 2 ** 30 }).map((kib) => kib * 1024),
);

/** Domains as people could ask for them, with hostile strings everywhere. */
export const domainModel: fc.Arbitrary<DomainModel> = fc
  .record({
    name: hostile,
    uuid: optional(fc.uuid()),
    accelerator: fc.constantFrom("kvm", "qemu"),
    architecture: optional(fc.oneof(fc.constantFrom("x86_64", "aarch64"), hostile)),
    machine: fc.constantFrom("q35", "pc-q35-7.2", "pc", "pc-i440fx-7.2", "virt-8.0"),
    emulator: optional(hostile),
    description: optional(hostile),
    memoryBytes,
    maxMemoryBytes: memoryBytes,
    cpus: fc.integer({ min: 1, max: 512 }),
    maxCpus: fc.integer({ min: 1, max: 512 }),
    cpuMode: optional(
      fc.oneof(
        fc.constantFrom("host-passthrough" as const, "host-model" as const, "maximum" as const),
        hostile.map((model) => ({ model })),
      ),
    ),
    firmware: fc.constantFrom("bios", "uefi", "uefi-secure-boot"),
    directBoot: optional(
      fc.record({ kernel: hostile, initrd: optional(hostile), commandLine: optional(hostile) }).map(compact),
    ),
    disks: fc.uniqueArray(disk, { selector: (made) => made.target, maxLength: 5 }),
    interfaces: fc.uniqueArray(networkInterface, { selector: (made) => made.mac, maxLength: 4 }),
    consoleLog: optional(hostile),
    agentChannel: fc.boolean(),
    rng: fc.boolean(),
    hotplugPorts: fc.integer({ min: 0, max: 16 }),
    onPoweroff: fc.constantFrom("destroy", "restart"),
    onReboot: fc.constantFrom("restart", "destroy"),
    onCrash: fc.constantFrom("destroy", "preserve", "coredump-destroy"),
    ...domainPartValues,
  } satisfies { [K in keyof Required<DomainModel>]: unknown })
  .map((made) => {
    const hotplugPorts = made.machine.startsWith("pc-i") || made.machine === "pc" ? 0 : made.hotplugPorts;
    return compact({ ...made, hotplugPorts }) as DomainModel;
  });

/** The same domain with some of its properties, disks and interfaces as another one has them. */
export function mixed(base: DomainModel, other: DomainModel, choices: readonly boolean[]): DomainModel {
  const keys = [...new Set([...Object.keys(base), ...Object.keys(other)])] as (keyof DomainModel)[];
  const entries = keys.map((key, index) => [key, (choices[index % choices.length] ? other : base)[key]]);
  return compact(Object.fromEntries(entries)) as DomainModel;
}

export const ownerMark: fc.Arbitrary<OwnerMark> = fc.record({
  project: hostile,
  stack: hostile,
  type: hostile,
  name: hostile,
  nonce: hostile,
  phase: fc.constantFrom("creating", "created"),
});

export const lease: fc.Arbitrary<Lease> = fc.record({
  run: hostile,
  holder: hostile,
  expiresAtMs: fc.maxSafeNat(),
});

export const migrationJournal: fc.Arbitrary<MigrationJournal> = fc.record({
  from: fc.record({ name: hostile, uuid: hostile }),
  to: fc.record({ name: hostile, uuid: hostile, migrationUri: hostile }),
  epoch: fc.maxSafeNat(),
  startedAtMs: fc.maxSafeNat(),
  autostart: fc.boolean(),
  storage: fc.constantFrom("shared", "copy"),
  volumes: fc.uniqueArray(
    fc.record({
      sourcePool: hostile,
      targetPool: hostile,
      name: hostile,
      sourcePath: hostile,
      targetPath: hostile,
      owned: fc.boolean(),
    }),
    { selector: (volume) => `${volume.sourcePool}\0${volume.name}`, maxLength: 4 },
  ),
});

const address: fc.Arbitrary<NetworkAddress> = fc
  .record({
    address: hostile,
    prefix: fc.integer({ min: 0, max: 128 }),
    dhcp: optional(
      fc
        .record({
          ranges: fc.uniqueArray(fc.record({ start: hostile, end: hostile }), {
            selector: (range) => `${range.start}-${range.end}`,
            maxLength: 3,
          }),
          hosts: fc.uniqueArray(
            fc
              .record({ mac: optional(mac), name: optional(hostile), address: hostile })
              .map((host) => compact(host) as { address: string }),
            { selector: (host) => host.address, maxLength: 3 },
          ),
        })
        .filter((dhcp) => dhcp.ranges.length + dhcp.hosts.length > 0),
    ),
  })
  .map((made) => compact(made) as NetworkAddress);

const dns = fc
  .record({
    enabled: fc.boolean(),
    hosts: fc.uniqueArray(
      fc.record({ address: hostile, names: fc.array(hostile, { minLength: 1, maxLength: 3 }) }),
      {
        selector: (host) => host.address,
        maxLength: 3,
      },
    ),
    forwarders: optional(fc.array(hostile, { minLength: 1, maxLength: 3 })),
  })
  .map(compact);

/** Networks as people could ask for them, in the form in which they are read back. */
export const networkModel: fc.Arbitrary<NetworkModel> = fc
  .record({
    name: hostile,
    uuid: optional(fc.uuid()),
    mode: fc.constantFrom("nat", "route", "isolated", "bridge", "open", "private"),
    bridge: optional(hostile),
    mtuBytes: optional(fc.integer({ min: 68, max: 65535 })),
    domainName: optional(hostile),
    ipv4: optional(address),
    ipv6: optional(address),
    dns: optional(dns),
  })
  .map((made) => {
    const saysNothing =
      made.dns?.enabled === true && made.dns.hosts.length === 0 && made.dns.forwarders === undefined;
    return compact({ ...made, dns: saysNothing ? undefined : made.dns }) as NetworkModel;
  });
