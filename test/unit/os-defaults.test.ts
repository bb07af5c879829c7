import { describe, expect, it } from "vitest";
import { allEnlightenments, withOsDefaults } from "../../provider/resources/virtual-machine/os-defaults.js";
import type { Inputs } from "../../provider/resources/virtual-machine/schema.js";

const made = (more: Partial<Inputs> = {}): Inputs =>
  ({ name: "win", host: "alpha", memory: 2 ** 30, os: { type: "windows" }, ...more }) as Inputs;

describe("what os stands for", () => {
  it("is what Windows needs, and nothing of Linux", () => {
    const linux = made({ os: { type: "linux" } });
    expect(withOsDefaults(linux, allEnlightenments)).toBe(linux);
    const full = withOsDefaults(
      made({ disks: [{ pool: "a" }, { pool: "a", readonly: true }], interfaces: [{ network: "lan" }] }),
      allEnlightenments,
    );
    expect(full).toMatchObject({
      firmware: "uefi-secure-boot",
      tpm: true,
      clock: { offset: "localtime", timers: { hypervclock: { present: true }, hpet: { present: false } } },
      features: { hyperv: { relaxed: true, stimer: "direct", spinlockRetries: 8_191 } },
      video: { model: "vga" },
      disks: [{ bus: "sata" }, { readonly: true }],
      interfaces: [{ model: "e1000e" }],
    });
    expect(full.features?.hyperv).not.toHaveProperty("reenlightenment");
  });

  it("gives way to what is declared, with what hangs on it", () => {
    const { features, clock, tpm, firmware } = withOsDefaults(
      made({
        tpm: false,
        firmware: "bios",
        features: { hyperv: { vpindex: false, relaxed: false } },
        clock: { offset: "utc", timers: { hpet: { present: true } } },
      }),
      allEnlightenments,
    );
    expect({ tpm, firmware }).toEqual({ tpm: false, firmware: "bios" });
    expect(clock).toMatchObject({
      offset: "utc",
      timers: { hpet: { present: true }, rtc: { tickPolicy: "catchup" } },
    });
    expect(features?.hyperv).toEqual({
      ...{ vpindex: false, relaxed: false, vapic: true, spinlockRetries: 8_191 },
      ...{ runtime: true, reset: true, frequencies: true },
    });
  });

  it("is only what the host has", () => {
    const some = withOsDefaults(made(), ["relaxed", "stimer"]);
    expect(some.features?.hyperv).toEqual({ relaxed: true });
    const none = withOsDefaults(
      made({ os: { type: "windows", version: "2019", virtioDrivers: "/v.iso" } }),
      [],
    );
    expect(none).toMatchObject({ video: { model: "virtio" }, cdroms: [{ source: "/v.iso" }] });
    expect(none.features).toBeUndefined();
    expect(none.tpm).toBeUndefined();
    expect(none.clock?.timers).not.toHaveProperty("hypervclock");
  });
});
