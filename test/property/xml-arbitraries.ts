import fc from "fast-check";
import {
  type Bandwidth,
  type DiskLimitKind,
  type DiskLimits,
  type DnsForwarder,
  type DnsService,
  type DomainDisk,
  type DomainInterface,
  type DomainModel,
  diskLimitKinds,
  type FlowLimit,
  type InterfaceFilter,
  isXmlText,
  type Lease,
  type MigrationJournal,
  type NatModel,
  type NetworkAddress,
  type NetworkModel,
  type NetworkRoute,
  type NumaCell,
  type OwnerMark,
  type Portgroup,
  serviceKey,
  sortedParameters,
  type Vlan,
  type XmlPatch,
} from "../../provider/libvirt/xml/index.js";
import { anyCharacter } from "../support/any-character.js";
import { cpuSet, domainPartValues } from "./xml-part-arbitraries.js";

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
    fc.string({ unit: anyCharacter, minLength: 1, maxLength: 12 }).filter(isXmlText),
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

const count = fc.integer({ min: 1, max: 2 ** 40 });
const amounts = fc
  .record(
    Object.fromEntries(diskLimitKinds.map((kind) => [kind, optional(count)])) as Record<
      DiskLimitKind,
      fc.Arbitrary<number | undefined>
    >,
  )
  .map(compact);
const filled = optional(amounts).map((made) =>
  made === undefined || Object.keys(made).length === 0 ? undefined : made,
);
const limits: fc.Arbitrary<DiskLimits | undefined> = fc
  .record({ steady: amounts, burst: filled, burstSeconds: filled, iopsSizeBytes: optional(count) })
  .map((made) => compact(made) as DiskLimits)
  .map((made) =>
    Object.keys(made).length === 1 && Object.keys(made.steady).length === 0 ? undefined : made,
  );

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
    detectZeroes: optional(hostile),
    queues: optional(fc.integer({ min: 1, max: 64 })),
    iothread: optional(fc.integer({ min: 1, max: 64 })),
    limits,
    serial: optional(hostile),
    wwn: optional(hostile),
    readonly: fc.boolean(),
    shareable: fc.boolean(),
    bootOrder: optional(fc.integer({ min: 1, max: 99 })),
    alias: optional(hostile.map((name) => `ua-${name}`)),
  } satisfies { [K in keyof Required<DomainDisk>]: unknown })
  .map((made) => compact({ ...made, readonly: made.readonly || made.device === "cdrom" }) as DomainDisk);

const vlan: fc.Arbitrary<Vlan> = fc
  .record({
    tags: fc.uniqueArray(fc.integer({ min: 1, max: 4094 }), { minLength: 1, maxLength: 4 }),
    trunk: fc.boolean(),
    native: optional(fc.constantFrom("tagged" as const, "untagged" as const)),
  })
  .map(
    ({ tags, trunk, native }) =>
      compact({
        tags,
        trunk: trunk || tags.length > 1 ? true : undefined,
        native: native && { tag: tags[0], mode: native },
      }) as unknown as Vlan,
  );

const flow = (keys: readonly (keyof FlowLimit)[]): fc.Arbitrary<FlowLimit | undefined> =>
  fc
    .record(Object.fromEntries(keys.map((key) => [key, optional(count)])))
    .map((made) => compact(made))
    .map((made) => (Object.keys(made).length === 0 ? undefined : (made as FlowLimit)));
const bandwidth: fc.Arbitrary<Bandwidth | undefined> = fc
  .record({
    inbound: flow([
      "averageKilobytesPerSecond",
      "peakKilobytesPerSecond",
      "burstKibibytes",
      "floorKilobytesPerSecond",
    ]),
    outbound: flow(["averageKilobytesPerSecond", "peakKilobytesPerSecond", "burstKibibytes"]),
  })
  .map((made) => compact(made) as Bandwidth)
  .map((made) => (Object.keys(made).length === 0 ? undefined : made));
const filter: fc.Arbitrary<InterfaceFilter> = fc.record({
  name: hostile,
  parameters: fc
    .uniqueArray(fc.record({ name: hostile, value: hostile }), {
      selector: ({ name, value }) => `${name}\0${value}`,
      maxLength: 3,
    })
    .map(sortedParameters),
});

const networkInterface: fc.Arbitrary<DomainInterface> = fc
  .record({
    source: fc.oneof(
      fc.record({ network: hostile, portgroup: optional(hostile) }).map(compact),
      hostile.map((bridge) => ({ bridge })),
      fc.record({ device: hostile, mode: hostile }),
    ) as fc.Arbitrary<DomainInterface["source"]>,
    mac,
    model: optional(hostile),
    link: fc.constantFrom("up", "down"),
    vlan: optional(vlan),
    virtualPort: optional(fc.record({ type: hostile, profile: optional(hostile) }).map(compact)),
    bandwidth,
    filter: optional(filter),
    mtu: optional(fc.integer({ min: 68, max: 65535 })),
    queues: optional(fc.integer({ min: 1, max: 64 })),
    trustGuestRxFilters: optional(fc.constant(true as const)),
    bootOrder: optional(fc.integer({ min: 1, max: 99 })),
  } satisfies { [K in keyof Required<DomainInterface>]: unknown })
  .map((made) => compact(made) as DomainInterface);

const memoryBytes = fc.integer({ min: 1, max: 2 ** 20 }).map((mib) => mib * 2 ** 20);

const cpuMode = fc.oneof(
  fc.constantFrom("host-passthrough" as const, "host-model" as const, "maximum" as const),
  fc
    .record({ model: hostile, vendor: optional(fc.constantFrom("Intel", "AMD")) })
    .map((made) => compact(made) as { model: string }),
);

const memoryHotplug = fc.record({
  type: fc.constantFrom("dimm" as const, "virtio-mem" as const),
  slots: fc.nat({ max: 64 }),
  bootBytes: memoryBytes,
  modulesBytes: fc.oneof(fc.constant(0), memoryBytes),
});

const numa = fc
  .array(
    fc.record({
      cpus: cpuSet,
      memoryBytes,
      memAccess: optional(fc.constantFrom("shared" as const, "private" as const)),
      distances: fc.array(fc.integer({ min: 10, max: 254 }), { minLength: 3, maxLength: 3 }),
    }),
    { minLength: 1, maxLength: 3 },
  )
  .chain((cells) =>
    fc.boolean().map((withDistances) =>
      cells.map(
        (cell) =>
          compact({
            ...cell,
            distances: withDistances ? cell.distances.slice(0, cells.length) : undefined,
          }) as NumaCell,
      ),
    ),
  );

/** Such as every definition lets be made, of what the model describes and of what it lacks. */
export const patches: XmlPatch[] = [
  { xpath: "/domain/devices/memballoon/@model", set: "none" },
  { xpath: "/domain/devices", append: "<vsock model='virtio'><cid auto='yes'/></vsock>" },
  { xpath: "/domain/memory", set: "1024" },
  { xpath: "//*[self::interface or self::os]", append: "<stranger a='1'><b/> text</stranger>" },
  { xpath: "/domain/on_reboot", remove: true },
  { xpath: "//disk[1] | /domain/devices", append: "<stranger/>" },
  { xpath: "/domain", append: "<qemu:commandline><qemu:arg value='-S'/></qemu:commandline>" },
  { xpath: "/domain/*[not(self::metadata)]//@type", set: "patched" },
];

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
    memoryHotplug: optional(memoryHotplug),
    numa: optional(numa),
    cpus: fc.integer({ min: 1, max: 512 }),
    maxCpus: fc.integer({ min: 1, max: 512 }),
    cpuMode: optional(cpuMode),
    firmware: fc.constantFrom("bios", "uefi", "uefi-secure-boot"),
    directBoot: optional(
      fc.record({ kernel: hostile, initrd: optional(hostile), commandLine: optional(hostile) }).map(compact),
    ),
    disks: fc.uniqueArray(disk, { selector: (made) => made.target, maxLength: 5 }),
    interfaces: fc.uniqueArray(networkInterface, { selector: (made) => made.mac, maxLength: 4 }),
    consoleLog: optional(hostile),
    agentChannel: fc.boolean(),
    hotplugPorts: fc.integer({ min: 0, max: 16 }),
    onPoweroff: fc.constantFrom("destroy", "restart"),
    onReboot: fc.constantFrom("restart", "destroy"),
    onCrash: fc.constantFrom("destroy", "preserve", "coredump-destroy"),
    patches: optional(fc.subarray(patches, { minLength: 1 })),
    ...domainPartValues,
  } satisfies { [K in keyof Required<Omit<DomainModel, "otherTargets">>]: unknown })
  .map((made) => {
    const hotplugPorts = made.machine.startsWith("pc-i") || made.machine === "pc" ? 0 : made.hotplugPorts;
    return compact({ ...made, hotplugPorts }) as DomainModel;
  });

/** The same domain with some of its properties, disks and interfaces as another one has them. */
export function mixed(base: DomainModel, other: DomainModel, choices: readonly boolean[]): DomainModel {
  const keys = [...new Set([...Object.keys(base), ...Object.keys(other)])] as (keyof DomainModel)[];
  const entries = keys.map((key, index) => [key, (choices[index % choices.length] ? other : base)[key]]);
  // Nobody changes what the model hasn't.
  const { otherTargets } = base;
  return compact({ ...Object.fromEntries(entries), otherTargets }) as DomainModel;
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

const leaseSeconds = optional(fc.constantFrom(0, 120, 3600, 86_400));

const address: fc.Arbitrary<NetworkAddress> = fc
  .record({
    address: hostile,
    prefix: fc.integer({ min: 0, max: 128 }),
    dhcp: optional(
      fc
        .record({
          ranges: fc.uniqueArray(
            fc
              .record({ start: hostile, end: hostile, leaseSeconds })
              .map((range) => compact(range) as { start: string; end: string }),
            { selector: (range) => `${range.start}-${range.end}`, maxLength: 3 },
          ),
          hosts: fc.uniqueArray(
            fc
              .record({
                mac: optional(mac),
                duid: optional(mac),
                name: optional(hostile),
                address: hostile,
                leaseSeconds,
              })
              .map((host) => compact(host) as { address: string }),
            { selector: (host) => host.address, maxLength: 3 },
          ),
        })
        .filter((dhcp) => dhcp.ranges.length + dhcp.hosts.length > 0),
    ),
  })
  .map((made) => compact(made) as NetworkAddress);

const moreAddresses = fc.uniqueArray(
  fc.constantFrom(
    { address: "10.1.0.1", prefix: 24 },
    { address: "10.1.0.1", prefix: 25 },
    { address: "10.2.0.1", prefix: 16 },
    { address: "fd01::1", prefix: 64 },
    { address: "fd02::1", prefix: 48 },
  ),
  { minLength: 1 },
);

const routes = fc.array(
  fc
    .record({
      address: fc.constantFrom("192.168.5.0", "fd77::"),
      prefix: fc.constantFrom(24, 32),
      gateway: hostile,
      metric: optional(fc.integer({ min: 1, max: 99 })),
    })
    .map((route) => compact(route) as NetworkRoute),
  { minLength: 1, maxLength: 3 },
);

const portgroups = fc.uniqueArray(
  fc
    .record({ name: hostile, isDefault: optional(fc.constant(true as const)), vlan: optional(vlan) })
    .map((group) => compact(group) as unknown as Portgroup),
  { selector: (group) => group.name, minLength: 1, maxLength: 3 },
);

const port = fc.integer({ min: 1, max: 65_535 });
const nat: fc.Arbitrary<NatModel | undefined> = fc
  .record({
    // The default isn't read back.
    ports: optional(fc.record({ start: fc.integer({ min: 2000, max: 3000 }), end: port })),
    addresses: optional(fc.record({ start: hostile, end: hostile })),
    ipv6: optional(fc.constant(true as const)),
  })
  .map((made) => {
    const compacted = compact(made);
    return Object.keys(compacted).length === 0 ? undefined : (compacted as NatModel);
  });

const services = fc.uniqueArray(
  fc
    .record({
      ...{ service: hostile, protocol: fc.constantFrom("tcp", "udp") },
      ...{ domain: optional(hostile), target: optional(hostile) },
      ...{ port: optional(port), priority: optional(port), weight: optional(port) },
    })
    .map((made) => compact(made) as unknown as DnsService),
  { selector: serviceKey, minLength: 1, maxLength: 3 },
);

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
    texts: optional(
      fc.uniqueArray(fc.record({ name: hostile, value: hostile }), {
        selector: (text) => JSON.stringify(text),
        minLength: 1,
        maxLength: 3,
      }),
    ),
    services: optional(services),
    forwarders: optional(
      fc.array(
        fc
          .record({ address: optional(hostile), domain: optional(hostile) })
          .map((forwarder) => compact(forwarder) as DnsForwarder),
        { minLength: 1, maxLength: 3 },
      ),
    ),
  })
  .map(compact);

/** Networks as people could ask for them, in the form in which they are read back. */
export const networkModel: fc.Arbitrary<NetworkModel> = fc
  .record({
    name: hostile,
    uuid: optional(fc.uuid()),
    mode: fc.constantFrom("nat", "route", "isolated", "bridge", "open", "private"),
    devices: optional(fc.uniqueArray(hostile, { minLength: 1, maxLength: 3 })),
    nat,
    bridge: optional(hostile),
    stp: optional(fc.boolean()),
    delaySeconds: optional(fc.integer({ min: 0, max: 30 })),
    mtuBytes: optional(fc.integer({ min: 68, max: 65535 })),
    mac: optional(mac),
    domainName: optional(hostile),
    domainLocalOnly: optional(fc.constant(true as const)),
    virtualPort: optional(hostile),
    vlan: optional(vlan),
    portgroups: optional(portgroups),
    ipv4: optional(address),
    ipv6: optional(address),
    moreAddresses: optional(moreAddresses),
    routes: optional(routes),
    dns: optional(dns),
  })
  .map((made) => {
    const { ipv4, ipv6, domainName, mode } = made;
    const isSilent = made.dns?.enabled === true && Object.keys(made.dns).length === 2;
    // Without one that the model describes, they would be it.
    const more = made.moreAddresses?.filter((each) => (each.address.includes(":") ? ipv6 : ipv4));
    return compact({
      ...made,
      devices: mode === "isolated" ? undefined : made.devices,
      nat: mode === "nat" ? made.nat : undefined,
      domainLocalOnly: domainName === undefined ? undefined : made.domainLocalOnly,
      moreAddresses: more?.length === 0 ? undefined : more,
      dns: isSilent && made.dns?.hosts.length === 0 ? undefined : made.dns,
    }) as NetworkModel;
  });
