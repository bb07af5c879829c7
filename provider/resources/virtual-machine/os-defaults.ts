import { platformOf } from "../../hosts/facts.js";
import { acceleratorOf, machineOf } from "./desired.js";
import { type ObservedMachine, whereItIs } from "./observed.js";
import { type MachineRequest, wasFound } from "./request.js";
import type { Inputs } from "./schema.js";

type HyperV = NonNullable<NonNullable<Inputs["features"]>["hyperv"]>;

/** The clock that some enlightenments need; it is one itself. */
const HYPERV_CLOCK = "hypervclock";

/**
 * What Windows works best with, by the inputs' names: libvirt's name, the value, and what it needs beside it. Without reenlightenment, which would
 * keep a guest that uses it from migrating, evmcs and avic, which are for certain processors.
 */
const ENLIGHTENMENTS: readonly {
  input: keyof HyperV;
  name: string;
  value: boolean | number | "direct";
  needs?: readonly (keyof HyperV | typeof HYPERV_CLOCK)[];
}[] = [
  { input: "relaxed", name: "relaxed", value: true },
  { input: "vapic", name: "vapic", value: true },
  { input: "spinlockRetries", name: "spinlocks", value: 8_191 },
  { input: "vpindex", name: "vpindex", value: true },
  { input: "runtime", name: "runtime", value: true },
  { input: "synic", name: "synic", value: true, needs: ["vpindex"] },
  { input: "stimer", name: "stimer", value: "direct", needs: ["vpindex", "synic", HYPERV_CLOCK] },
  { input: "reset", name: "reset", value: true },
  { input: "frequencies", name: "frequencies", value: true },
  { input: "tlbflush", name: "tlbflush", value: true, needs: ["vpindex"] },
  { input: "ipi", name: "ipi", value: true, needs: ["vpindex"] },
];

/** All enlightenments, by libvirt's names. */
export const allEnlightenments: readonly string[] = ENLIGHTENMENTS.map(({ name }) => name);

/** Versions that don't install without a TPM, or are meant to have one. */
const WITH_TPM = new Set(["11", "2025"]);

/** By what they were made of, since a plan asks many times and others remember what they made of the inputs. */
const filled = new WeakMap<Inputs, Map<string, Inputs>>();

/**
 * Inputs with what `os` stands for where they don't say otherwise.
 *
 * @param enlightenments - Those that the guest may have, by libvirt's names; none without hardware virtualisation.
 */
export function withOsDefaults(inputs: Inputs, enlightenments: readonly string[]): Inputs {
  if (inputs.os?.type !== "windows") return inputs;
  const byHost = filled.get(inputs) ?? new Map<string, Inputs>();
  filled.set(inputs, byHost);
  const key = enlightenments.join();
  const known = byHost.get(key) ?? windows(inputs, enlightenments);
  byHost.set(key, known);
  return known;
}

/** A request for the machine that is to be, on the host where it is to be. What was there before the program had it stays as it was found. */
export function withDefaults(request: MachineRequest, observed: ObservedMachine): MachineRequest {
  const { inputs, previous } = request;
  if (inputs.os?.type !== "windows" && previous?.os?.type !== "windows") return request;
  const domain = whereItIs(observed)?.domain;
  if (domain !== undefined && wasFound(domain.owner, request)) return request;
  const enlightenments = enlightenmentsOf(inputs, observed);
  return {
    ...request,
    inputs: withOsDefaults(inputs, enlightenments),
    ...(previous === undefined ? {} : { previous: withOsDefaults(previous, enlightenments) }),
  };
}

/** Which enlightenments the guest can have. */
export function enlightenmentsOf(inputs: Inputs, observed: ObservedMachine): readonly string[] {
  const { facts } = observed.target;
  const domain = whereItIs(observed)?.domain;
  const existing = domain?.persistent ?? domain?.live;
  const accelerator = acceleratorOf(inputs, existing, facts);
  if (accelerator !== "kvm") return [];
  const machine = machineOf(inputs.machine, existing?.machine, accelerator, facts);
  // libvirt before 8.1 doesn't tell them.
  const known = platformOf(facts, { machine, accelerator })?.capabilities.hyperv;
  return known === undefined ? allEnlightenments : allEnlightenments.filter((name) => known.includes(name));
}

/** What Windows has to do without. */
export function osWarnings({ inputs }: MachineRequest, observed: ObservedMachine): string[] {
  if (inputs.os?.type !== "windows") return [];
  const { ref, facts } = observed.target;
  const had = enlightenmentsOf(inputs, observed);
  const subject = `Windows in ${inputs.name} has no Hyper-V enlightenments`;
  if (had.length === 0) {
    const why = facts.kvm
      ? 'emulation is "qemu"'
      : `${ref.name} has no usable hardware virtualisation, which its firmware may have switched off`;
    return [`${subject} and is slow: ${why}; with emulation "kvm" it has them from its next boot on`];
  }
  const missing = allEnlightenments.filter((name) => !had.includes(name));
  return missing.length === 0 ? [] : [`${subject} ${missing.join(", ")}: ${ref.name} lacks them`];
}

function windows(inputs: Inputs, enlightenments: readonly string[]): Inputs {
  const { os, features, disks, interfaces, cdroms } = inputs;
  const drivers = os?.virtioDrivers;
  const [bus, model] =
    drivers === undefined ? (["sata", "e1000e"] as const) : ([undefined, undefined] as const);
  const clock = clockOf(inputs.clock, enlightenments.length > 0);
  const hyperv = hypervOf(features?.hyperv, clock, enlightenments);
  return {
    ...inputs,
    firmware: inputs.firmware ?? "uefi-secure-boot",
    ...(inputs.tpm === undefined && WITH_TPM.has(os?.version ?? "11") ? { tpm: true } : {}),
    clock,
    ...(hyperv === undefined ? {} : { features: { ...features, hyperv } }),
    video: inputs.video ?? { model: drivers === undefined ? "vga" : "virtio" },
    inputDevices: inputs.inputDevices ?? [{ type: "tablet" }],
    // QEMU's SATA disks can't be read-only.
    ...(disks === undefined || bus === undefined
      ? {}
      : { disks: disks.map((disk) => (disk.readonly === true ? disk : { ...disk, bus: disk.bus ?? bus })) }),
    ...(interfaces === undefined || model === undefined
      ? {}
      : { interfaces: interfaces.map((nic) => ({ ...nic, model: nic.model ?? model })) }),
    ...(drivers === undefined
      ? {}
      : { cdroms: [...(cdroms ?? []), { name: "virtio-drivers", source: drivers }] }),
  };
}

function clockOf(declared: Inputs["clock"], enlightened: boolean): NonNullable<Inputs["clock"]> {
  return {
    ...declared,
    offset: declared?.offset ?? "localtime",
    timers: {
      rtc: { tickPolicy: "catchup" },
      pit: { tickPolicy: "delay" },
      hpet: { present: false },
      ...(enlightened ? { [HYPERV_CLOCK]: { present: true } } : {}),
      ...declared?.timers,
    },
  };
}

/** What is declared, and of the rest what the host has and what doesn't need something that is off. */
function hypervOf(
  declared: HyperV | undefined,
  { timers }: NonNullable<Inputs["clock"]>,
  enlightenments: readonly string[],
): HyperV | undefined {
  const value: Record<string, unknown> = { ...declared };
  const isOn = (need: string) =>
    need === HYPERV_CLOCK
      ? timers?.hypervclock?.present === true
      : value[need] !== undefined && value[need] !== false;
  for (const { input, name, value: wanted, needs = [] } of ENLIGHTENMENTS)
    if (value[input] === undefined && enlightenments.includes(name) && needs.every(isOn))
      value[input] = wanted;
  return Object.keys(value).length === 0 ? undefined : (value as HyperV);
}
