import fc from "fast-check";
import {
  type DomainPartName,
  type DomainPartValues,
  type HostDevice,
  hostDeviceKey,
  sortedChannels,
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

/** Values of every part of the domain model, in the form in which they are read back. */
export const domainPartValues: { [Name in DomainPartName]: fc.Arbitrary<DomainPartValues[Name]> } = {
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
  bootMenu: optional(
    fc.record(
      { enabled: fc.boolean(), timeoutMs: fc.integer({ min: 1, max: 65_535 }) },
      { requiredKeys: ["enabled"] },
    ),
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
