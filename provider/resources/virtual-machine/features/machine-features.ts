import { z } from "zod";
import type { DomainModel, HyperV } from "../../../libvirt/xml/index.js";
import { libvirtAttribute, oneOf, wholeNumber, yesOrNo } from "../../inputs.js";
import { typedRow } from "../change-row.js";
import type { Inputs } from "../schema.js";
import type { MachineFeature, Obstacle } from "./feature.js";
import { setOrKeep } from "./set-or-keep.js";

/** Enlightenments that are on or off: the input's name and libvirt's. */
const FLAGS = {
  relaxed: "relaxed",
  vapic: "vapic",
  vpindex: "vpindex",
  runtime: "runtime",
  synic: "synic",
  reset: "reset",
  frequencies: "frequencies",
  reenlightenment: "reenlightenment",
  tlbflush: "tlbflush",
  ipi: "ipi",
  evmcs: "evmcs",
  avic: "avic",
} as const;
type Flag = keyof typeof FLAGS;
const flagNames = Object.keys(FLAGS) as Flag[];

const flag = yesOrNo().optional();
const hypervShape = z.strictObject(
  {
    relaxed: flag,
    vapic: flag,
    vpindex: flag,
    runtime: flag,
    synic: flag,
    reset: flag,
    frequencies: flag,
    reenlightenment: flag,
    tlbflush: flag,
    ipi: flag,
    evmcs: flag,
    avic: flag,
    spinlockRetries: wholeNumber(4_095, 4_294_967_295).optional(),
    stimer: z
      .union([yesOrNo(), z.literal("direct")], { error: 'must be true, false or "direct"' })
      .optional(),
    vendorId: libvirtAttribute({ mostBytes: 12 })
      .refine((s) => s.length > 0 && !s.includes(","), { error: "must be 1 to 12 bytes without commas" })
      .optional(),
  },
  { error: "must be { relaxed, vapic, ... }" },
);

export const machineFeaturesShape = {
  features: z
    .strictObject(
      {
        acpi: yesOrNo().optional(),
        smm: yesOrNo().optional(),
        pmu: yesOrNo().optional(),
        vmport: yesOrNo().optional(),
        vmcoreinfo: yesOrNo().optional(),
        kvmHidden: yesOrNo().optional(),
        ioapic: oneOf(["kvm", "qemu"]).optional(),
        hyperv: hypervShape.optional(),
      },
      { error: "must be { acpi, smm, hyperv, ... }" },
    )
    .optional(),
};

const SWITCHES = ["smm", "pmu", "vmport", "vmcoreinfo", "kvmHidden", "ioapic"] as const;

export const machineFeaturesFeature: MachineFeature = {
  shape: machineFeaturesShape,
  desire: (model, { inputs, previous }) => {
    const [declared, before] = [inputs.features, previous?.features];
    for (const name of SWITCHES) {
      // What a firmware has brought with it stays.
      const isOfFirmware = name === "smm" && model.firmware === "uefi-secure-boot";
      if (!isOfFirmware) setOrKeep(model, name, declared?.[name], before?.[name]);
    }
    setOrKeep(model, "acpi", declared?.acpi === false ? false : undefined, before?.acpi ?? declared?.acpi);
    setOrKeep(model, "hyperv", hypervOf(declared?.hyperv), before?.hyperv ?? declared?.hyperv);
  },
  obstacles: ({ hyperv, accelerator }, { name, capabilities }): Obstacle[] => {
    if (hyperv === undefined || capabilities.hyperv === undefined) return [];
    const missing = namesOf(hyperv).filter((flagName) => !capabilities.hyperv?.includes(flagName));
    if (missing.length === 0) return [];
    const why = accelerator === "qemu" ? ' without hardware virtualisation (emulation "qemu")' : "";
    return [
      {
        property: "hyperv",
        message: `${name} has no Hyper-V enlightenments ${missing.join(", ")}${why}; take them out of features.hyperv`,
      },
    ];
  },
  rows: [
    ...SWITCHES.map((name) => ({
      input: `features.${name}`,
      property: name,
      effect: "nextBoot" as const,
      // A running guest's document tells what the firmware has switched on as well.
      ...(name === "smm" ? { comparedWhileRunning: false as const } : {}),
    })),
    { input: "features.acpi", property: "acpi", effect: "nextBoot" },
    typedRow("hyperv", {
      input: "features.hyperv",
      effect: "nextBoot",
      show: (hyperv) => namesOf(hyperv).join(", "),
    }),
  ],
};

function hypervOf(declared: NonNullable<Inputs["features"]>["hyperv"]): HyperV | undefined {
  if (declared === undefined) return undefined;
  const { spinlockRetries, stimer, vendorId } = declared;
  const value: HyperV = {
    flags: flagNames
      .filter((name) => declared[name] === true)
      .map((name) => FLAGS[name])
      .sort(),
    ...(spinlockRetries === undefined ? {} : { spinlockRetries }),
    ...(vendorId === undefined ? {} : { vendorId }),
    ...(stimer === true ? { stimer: "plain" } : stimer === "direct" ? { stimer } : {}),
  };
  return Object.keys(value).length === 1 && value.flags.length === 0 ? undefined : value;
}

/** By libvirt's names, as a host lists what it has. */
export function namesOf({
  flags,
  spinlockRetries,
  vendorId,
  stimer,
  mode,
}: NonNullable<DomainModel["hyperv"]>): string[] {
  return [
    ...(mode === undefined ? [] : [mode]),
    ...flags,
    ...(spinlockRetries === undefined ? [] : ["spinlocks"]),
    ...(stimer === undefined ? [] : ["stimer"]),
    ...(vendorId === undefined ? [] : ["vendor_id"]),
  ];
}
