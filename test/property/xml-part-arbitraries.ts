import fc from "fast-check";
import {
  type DomainPartName,
  type DomainPartValues,
  sortedInputDevices,
  sortedTimers,
} from "../../provider/libvirt/xml/domain-parts/index.js";

const text = fc.string({ minLength: 1, maxLength: 20, unit: fc.constantFrom(..."ab <>&\"'é雪") });
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
/** Some of the properties, absent instead of undefined: as they are read. */
const some = <T, Key extends keyof T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }, requiredKeys: Key[]) =>
  optional(fc.record<T, Key>(model, { requiredKeys })) as fc.Arbitrary<never>;
const onOrOff = optional(fc.boolean());

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
};
