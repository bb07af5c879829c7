import fc from "fast-check";

/** What the machine is and has beside disks and interfaces; of Hyper-V what hosts without KVM have as well. */
export const platformInputs = fc.record(
  {
    firmware: fc.constantFrom("bios" as const, "uefi" as const, "uefi-secure-boot" as const),
    tpm: fc.oneof(fc.boolean(), fc.constant({ model: "tpm-tis" as const, version: "1.2" as const })),
    os: fc.constantFrom(
      { type: "linux" as const, version: "debian12" },
      { type: "linux" as const },
      { type: "windows" as const, version: "11" },
      { type: "windows" as const, version: "2019" },
    ),
    features: fc.record(
      {
        acpi: fc.boolean(),
        smm: fc.boolean(),
        vmport: fc.boolean(),
        hyperv: fc.record(
          { vendorId: fc.constantFrom("one", "two"), spinlockRetries: fc.constant(8191) },
          { requiredKeys: [] },
        ),
      },
      { requiredKeys: [] },
    ),
    clock: fc.record(
      {
        offset: fc.constantFrom("utc" as const, "localtime" as const),
        timers: fc.record({ hpet: fc.record({ present: fc.boolean() }) }, { requiredKeys: [] }),
      },
      { requiredKeys: [] },
    ),
    graphics: fc.record(
      {
        type: fc.constantFrom("vnc" as const, "spice" as const),
        listen: fc.constantFrom("127.0.0.1", "0.0.0.0"),
        port: fc.constantFrom("auto" as const, 5910),
        password: fc.constantFrom("one", "two"),
      },
      { requiredKeys: ["type"] },
    ),
    video: fc.record({ model: fc.constantFrom("virtio" as const, "vga" as const, "none" as const) }),
    sound: fc.constantFrom("ich9" as const, "ac97" as const),
    inputDevices: fc.array(
      fc.record(
        {
          type: fc.constantFrom("tablet" as const, "mouse" as const),
          bus: fc.constantFrom("usb" as const, "virtio" as const),
        },
        { requiredKeys: ["type"] },
      ),
      { maxLength: 2 },
    ),
    serialPorts: fc.array(
      fc.oneof(
        fc.constant({ type: "pty" as const }),
        fc.record({ type: fc.constant("tcp" as const), port: fc.constantFrom(4555, 4556) }),
      ),
      { maxLength: 2 },
    ),
    onReboot: fc.constantFrom("restart" as const, "destroy" as const),
    onCrash: fc.constantFrom("destroy" as const, "preserve" as const),
    xml: fc.oneof(
      { weight: 4, arbitrary: fc.constant(undefined) },
      {
        weight: 1,
        arbitrary: fc.subarray([
          { xpath: "/domain/devices/memballoon/@freePageReporting", set: "on" },
          { xpath: "/domain/devices", append: "<vsock model='virtio'><cid auto='yes'/></vsock>" },
          { xpath: "/domain/on_crash", remove: true as const },
        ]),
      },
    ),
  },
  { requiredKeys: [] },
);
