import fc from "fast-check";
import { formatCpuSet } from "../../provider/libvirt/xml/cpu-set.js";
import {
  type DomainPartName,
  type DomainPartValues,
  type HostDevice,
  hostDeviceKey,
  sortedChannels,
  sortedFilesystems,
  sortedHostDevices,
  sortedInputDevices,
  sortedTimers,
} from "../../provider/libvirt/xml/domain-parts/index.js";

const text = fc.string({ minLength: 1, maxLength: 20, unit: fc.constantFrom(..."ab <>&\"'é雪") });
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
/** Some of the properties, absent instead of undefined: as they are read. */
const some = <T, Key extends keyof T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }, requiredKeys: Key[]) =>
  optional(fc.record<T, Key>(model, { requiredKeys })) as fc.Arbitrary<never>;
const onOrOff = optional(fc.boolean());
/** Undefined for none: what is read of a document has no empty lists. */
const listOf = <T>(of: fc.Arbitrary<T>, keyOf: (item: T) => string) =>
  fc.uniqueArray(of, { selector: keyOf, maxLength: 3 }).map((list) => (list.length === 0 ? undefined : list));
const hexadecimal = (digits: number) =>
  fc.integer({ min: 0, max: 16 ** digits - 1 }).map((n) => n.toString(16).padStart(digits, "0"));

const hostDevice: fc.Arbitrary<HostDevice> = fc.oneof(
  fc.record({
    type: fc.constant("pci" as const),
    address: fc
      .tuple(hexadecimal(4), hexadecimal(2), hexadecimal(2), hexadecimal(1))
      .map(([domain, bus, slot, fn]) => `${domain}:${bus}:${slot}.${fn}`),
    managed: fc.boolean(),
  }),
  fc.record({ type: fc.constant("usb" as const), vendor: hexadecimal(4), product: hexadecimal(4) }),
  fc.record({
    type: fc.constant("usbPort" as const),
    bus: fc.integer({ min: 1, max: 255 }),
    device: fc.integer({ min: 1, max: 127 }),
  }),
  fc.record({
    type: fc.constant("mediated" as const),
    uuid: fc.uuid(),
    model: fc.constantFrom("vfio-pci", "vfio-ccw"),
  }),
);

/** Leaves the absent properties out; nothing at all when none is left. */
function compact<T extends object>(value: T): T | undefined {
  const entries = Object.entries(value).filter(([, entry]) => entry !== undefined);
  return entries.length === 0 ? undefined : (Object.fromEntries(entries) as T);
}

export const cpuSet = fc
  .uniqueArray(fc.nat({ max: 40 }), { minLength: 1, maxLength: 6 })
  .map((cpus) => formatCpuSet(cpus.sort((a, b) => a - b)));

const sizeBytes = fc.oneof(
  fc.nat({ max: 2 ** 40 }),
  fc.nat({ max: 2 ** 30 }).map((kib) => kib * 1024),
);
const count = fc.nat({ max: 10_000 });

const pins = fc.uniqueArray(fc.record({ of: fc.nat({ max: 20 }), cpus: cpuSet }), {
  selector: (pin) => pin.of,
  minLength: 1,
  maxLength: 4,
});

/** Values of every part of the domain model, in the form in which they are read back. */
export const domainPartValues: { [Name in DomainPartName]: fc.Arbitrary<DomainPartValues[Name]> } = {
  ignition: optional(text.map((name) => ({ file: `/pool/${name}` }))),
  title: optional(text),
  watchdog: optional(
    fc.record({
      model: fc.constantFrom("i6300esb", "ib700"),
      action: fc.constantFrom("reset", "shutdown", "poweroff", "pause", "none", "dump", "inject-nmi"),
    }),
  ),
  osIdentity: optional(text),
  acpi: optional(fc.constant(false)),
  smm: onOrOff,
  pmu: onOrOff,
  vmport: onOrOff,
  vmcoreinfo: onOrOff,
  ioapic: optional(fc.constantFrom("kvm", "qemu")),
  kvmHidden: onOrOff,
  hyperv: optional(
    fc
      .record(
        {
          flags: fc
            .uniqueArray(fc.constantFrom("relaxed", "vapic", "vpindex", "tlbflush"))
            .map((flags) => flags.sort()),
          mode: fc.constant("passthrough" as const),
          spinlockRetries: fc.nat(),
          vendorId: text,
          stimer: fc.constantFrom("plain" as const, "direct" as const),
        },
        { requiredKeys: ["flags"] },
      )
      .filter((made) => made.flags.length > 0 || Object.keys(made).length > 1),
  ),
  clock: optional(
    fc
      .record({
        offset: fc.constantFrom("utc", "localtime", "timezone", "variable"),
        timezone: text,
        timers: fc
          .uniqueArray(
            fc.record(
              { name: fc.constantFrom("rtc", "pit", "hpet"), present: fc.boolean(), tickPolicy: text },
              { requiredKeys: ["name"] },
            ),
            { selector: ({ name }) => name },
          )
          .map(sortedTimers),
      })
      .map(({ timezone, ...made }) => (made.offset === "timezone" ? { ...made, timezone } : made))
      .filter((made) => made.offset !== "utc" || made.timers.length > 0),
  ),
  tpm: some({ model: text, backend: text, version: text }, ["model", "backend"]),
  graphics: some(
    {
      type: fc.constantFrom("vnc" as const, "spice" as const),
      listen: text,
      port: fc.integer({ min: 1, max: 65_535 }),
      password: fc.record({ secret: text }),
      passwordValidTo: text,
      sharePolicy: text,
      keymap: text,
    },
    ["type"],
  ),
  video: some(
    { model: text, heads: fc.integer({ min: 2, max: 16 }), memoryKib: fc.integer({ min: 1, max: 9_999 }) },
    ["model"],
  ),
  sound: optional(text),
  inputDevices: optional(
    fc
      .array(
        fc.record({
          type: fc.constantFrom("tablet", "mouse", "keyboard"),
          bus: fc.constantFrom("usb", "virtio"),
        }),
        { minLength: 1, maxLength: 3 },
      )
      .map(sortedInputDevices),
  ),
  serialPorts: optional(
    fc.array(
      fc.oneof(
        fc.record({ type: fc.constant("pty"), log: text }, { requiredKeys: ["type"] }),
        fc.record({ type: fc.constant("file"), path: text }),
        fc.record({ type: fc.constant("unix"), path: text, mode: fc.constantFrom("bind", "connect") }),
        fc.record(
          {
            type: fc.constant("tcp"),
            mode: fc.constantFrom("bind", "connect"),
            host: text,
            service: text,
            protocol: fc.constant("telnet"),
          },
          { requiredKeys: ["type", "mode", "host", "service"] },
        ),
      ),
      { minLength: 1, maxLength: 3 },
    ),
  ),
  cpuFeatures: optional(
    fc
      .uniqueArray(
        fc.record({
          name: fc.stringMatching(/^[a-z][a-z0-9.-]{0,8}$/),
          policy: fc.constantFrom("force", "require", "optional", "disable", "forbid"),
        }),
        { selector: (feature) => feature.name, minLength: 1, maxLength: 5 },
      )
      .map((features) => features.sort((a, b) => (a.name < b.name ? -1 : 1))),
  ),
  cpuTopology: optional(fc.record({ sockets: count, dies: count, cores: count, threads: count })),
  cpuCache: fc.oneof(
    fc.constant(undefined),
    fc.constantFrom({ mode: "passthrough" }, { mode: "disable" }, { mode: "emulate", level: 3 }),
  ),
  cpuMigratable: fc.constantFrom(undefined, false as const),
  iothreads: optional(fc.integer({ min: 1, max: 20 })),
  vcpuPins: optional(pins.map((list) => list.sort((a, b) => a.of - b.of))),
  emulatorPin: optional(cpuSet),
  iothreadPins: optional(pins.map((list) => list.sort((a, b) => a.of - b.of))),
  cpuLimits: fc
    .record({
      shares: optional(count),
      period: optional(count),
      quota: optional(count),
      globalPeriod: optional(count),
      globalQuota: optional(count),
      emulatorPeriod: optional(count),
      emulatorQuota: optional(count),
      iothreadPeriod: optional(count),
      iothreadQuota: optional(count),
    })
    .map(compact),
  memoryBacking: fc
    .record({
      hugePages: optional(
        fc.array(
          fc
            .record({ sizeBytes, nodeset: optional(cpuSet) })
            .map((page) => compact(page) as { sizeBytes: number }),
          { maxLength: 3 },
        ),
      ),
      noSharePages: fc.constantFrom(undefined, true as const),
      locked: fc.constantFrom(undefined, true as const),
      source: fc.constantFrom(undefined, "file", "anonymous", "memfd"),
      access: fc.constantFrom(undefined, "shared", "private"),
      allocation: fc.constantFrom(undefined, "immediate", "ondemand"),
      discard: fc.constantFrom(undefined, true as const),
    })
    .map(compact),
  memoryTune: fc
    .record({
      hardLimitBytes: optional(sizeBytes),
      softLimitBytes: optional(sizeBytes),
      swapHardLimitBytes: optional(sizeBytes),
    })
    .map(compact),
  numaTune: optional(
    fc.record({ mode: fc.constantFrom("strict", "preferred", "interleave"), nodeset: cpuSet }),
  ),
  bootMenu: optional(
    fc.record(
      { enabled: fc.boolean(), timeoutMs: fc.integer({ min: 1, max: 65_535 }) },
      { requiredKeys: ["enabled"] },
    ),
  ),
  filesystems: optional(
    fc
      .uniqueArray(
        fc.record({
          target: fc.constantFrom("data", "home"),
          source: fc.constantFrom("/srv/a", "/srv/b"),
          driver: fc.constantFrom("virtiofs", "path"),
          accessMode: fc.constantFrom("passthrough", "mapped"),
          readonly: fc.boolean(),
        }),
        { selector: ({ target }) => target, minLength: 1, maxLength: 2 },
      )
      .map(sortedFilesystems),
  ),
  channels: listOf(
    fc.record({ name: text, path: text.map((name) => `/run/${name}`) }, { requiredKeys: ["name"] }),
    ({ name }) => name,
  ).map((list) => list && sortedChannels(list)),
  hostDevices: listOf(hostDevice, hostDeviceKey).map((list) => list && sortedHostDevices(list)),
  rng: optional(
    fc.record(
      {
        backend: fc.constantFrom("random", "builtin"),
        device: text.filter((name) => name.trim() === name),
        rate: fc.record({ bytes: fc.nat(), periodMs: fc.integer({ min: 1, max: 10_000 }) }),
      },
      { requiredKeys: ["backend"] },
    ),
  ),
};
