import { z } from "zod";
import type { CpuLimits, DomainModel, ModelDifference, Pin } from "../../../libvirt/xml/index.js";
import { parseCpuSet } from "../../../libvirt/xml/index.js";
import type { CrossCheck } from "../../definition.js";
import { wholeNumber } from "../../inputs.js";
import type { RunningEffect } from "../change-row.js";
import type { RunningGuest } from "../running-guest.js";
import type { Inputs } from "../schema.js";
import { cpuSetInput } from "./cpu-set-input.js";
import { topologyProduct } from "./cpus.js";
import type { MachineFeature, Obstacle, Provider } from "./feature.js";
import { setOrKeep } from "./set-or-keep.js";

/** Microseconds, as the kernel takes them. */
const period = () => wholeNumber(1_000, 1_000_000).optional();
const quota = () => wholeNumber(1_000, 17_592_186_044_415).optional();

const limits = {
  shares: wholeNumber(2, 262_144).optional(),
  period: period(),
  quota: quota(),
  globalPeriod: period(),
  globalQuota: quota(),
  emulatorPeriod: period(),
  emulatorQuota: quota(),
  iothreadPeriod: period(),
  iothreadQuota: quota(),
};
const limitNames = Object.keys(limits) as (keyof CpuLimits)[];

export const cpuTuneShape = {
  iothreads: wholeNumber(0, 128).optional(),
  cpuTune: z
    .strictObject(
      {
        vcpuPins: z
          .array(
            z.strictObject(
              { vcpu: wholeNumber(0, 4_095), cpus: cpuSetInput() },
              { error: "must be { vcpu, cpus }" },
            ),
            { error: "must be a list of { vcpu, cpus }" },
          )
          .optional(),
        emulatorPin: cpuSetInput().optional(),
        iothreadPins: z
          .array(
            z.strictObject(
              { iothread: wholeNumber(1, 128), cpus: cpuSetInput() },
              { error: "must be { iothread, cpus }" },
            ),
            { error: "must be a list of { iothread, cpus }" },
          )
          .optional(),
        ...limits,
      },
      { error: "must be { vcpuPins, emulatorPin, shares, ... }" },
    )
    .optional(),
};

export const cpuTuneFeature: MachineFeature = {
  shape: cpuTuneShape,
  crossChecks: [vcpuPinsOfGuest, iothreadPinsOfGuest],
  desire: (model, { inputs, previous, facts }) => {
    const { cpuTune = {} } = inputs;
    const before = previous?.cpuTune;
    const all = (cpus: string) => isAllCpus(cpus, facts.cpus);
    const pins = (list: Pin[] | undefined) => {
      const narrow = list?.filter(({ cpus }) => !all(cpus)).sort((a, b) => a.of - b.of);
      return narrow?.length === 0 ? undefined : narrow;
    };
    setOrKeep(model, "iothreads", inputs.iothreads || undefined, previous?.iothreads ?? inputs.iothreads);
    const vcpuPins = cpuTune.vcpuPins?.map(({ vcpu, cpus }) => ({ of: vcpu, cpus }));
    setOrKeep(model, "vcpuPins", pins(vcpuPins), before?.vcpuPins ?? cpuTune.vcpuPins);
    const iothreadPins = cpuTune.iothreadPins?.map(({ iothread, cpus }) => ({ of: iothread, cpus }));
    setOrKeep(model, "iothreadPins", pins(iothreadPins), before?.iothreadPins ?? cpuTune.iothreadPins);
    const { emulatorPin } = cpuTune;
    const narrow = emulatorPin === undefined || all(emulatorPin) ? undefined : emulatorPin;
    setOrKeep(model, "emulatorPin", narrow, before?.emulatorPin ?? emulatorPin);
    model.cpuLimits = { ...model.cpuLimits };
    for (const name of limitNames) setOrKeep(model.cpuLimits, name, cpuTune[name], before?.[name]);
    if (Object.keys(model.cpuLimits).length === 0) delete model.cpuLimits;
  },
  obstacles: cpusOfHost,
  rows: [
    {
      input: "iothreads",
      property: "iothreads",
      effect: "live",
      note: "one that a disk uses goes at the next boot",
    },
    {
      input: "`cpuTune`: `vcpuPins`, `iothreadPins`",
      label: "cpuTune.vcpuPins",
      property: "vcpuPins",
      effect: pinsEffect,
      running: "live",
      show: showPins,
    },
    { property: "iothreadPins", label: "cpuTune.iothreadPins", effect: "live", show: showPins },
    { input: "cpuTune.emulatorPin", property: "emulatorPin", effect: "live" },
    {
      input: "`cpuTune`: `shares`, `period`, `quota`, ...",
      label: "cpuTune",
      property: "cpuLimits",
      effect: limitsEffect,
      running: "live; taken away, shares and periods go at its next boot",
      note: "at its next boot on a host without the kernel's CPU controller",
      show: (value) =>
        Object.entries(value as CpuLimits)
          .map(([name, count]) => `${name} ${count}`)
          .join(" "),
    },
  ],
};

function showPins(value: unknown): string {
  return (value as Pin[]).map(({ of, cpus }) => `${of} on ${cpus}`).join("; ");
}

/** A pin that leaves all CPUs of the host is none; libvirt has no other way to take one away from a running guest. */
export function isAllCpus(cpus: string, hostCpus: number): boolean {
  const members = new Set(parseCpuSet(cpus));
  return Array.from({ length: hostCpus }).every((_, cpu) => members.has(cpu));
}

/** Of a CPU that isn't plugged in libvirt pins nothing. */
function pinsEffect({ from, to }: ModelDifference, { live, to: model }: RunningGuest): RunningEffect {
  const before = (from ?? []) as Pin[];
  const after = (to ?? []) as Pin[];
  const changed = [...before, ...after].filter(
    (pin) => !(before.some((other) => samePin(pin, other)) && after.some((other) => samePin(pin, other))),
  );
  const plugged = Math.max(live.cpus, Math.min(model.cpus, live.maxCpus));
  return changed.every(({ of }) => of < plugged) ? "live" : "nextBoot";
}

function samePin(a: Pin, b: Pin): boolean {
  return a.of === b.of && a.cpus === b.cpus;
}

/** What the kernel has where nothing is said differs from host to host, except for quotas: none. */
function limitsEffect({ from, to }: ModelDifference): RunningEffect {
  const before = (from ?? {}) as CpuLimits;
  const after = (to ?? {}) as CpuLimits;
  const gone = limitNames.filter((name) => before[name] !== undefined && after[name] === undefined);
  return gone.every((name) => /quota$/i.test(name)) ? "live" : "nextBoot";
}

function vcpuPinsOfGuest({ cpuTune, cpus = 1, maxCpus, cpu }: Inputs): ReturnType<CrossCheck<Inputs>> {
  const most = maxCpus ?? topologyProduct(cpu?.topology) ?? cpus;
  const seen = new Set<number>();
  return (cpuTune?.vcpuPins ?? []).flatMap(({ vcpu }, index) => {
    const path = `cpuTune.vcpuPins[${index}].vcpu`;
    if (vcpu >= most) return [{ path, message: `${vcpu} must be one of the guest's CPUs, 0 to ${most - 1}` }];
    if (seen.has(vcpu)) return [{ path, message: `${vcpu} occurs twice` }];
    seen.add(vcpu);
    return [];
  });
}

function iothreadPinsOfGuest({ cpuTune, iothreads = 0 }: Inputs): ReturnType<CrossCheck<Inputs>> {
  const seen = new Set<number>();
  return (cpuTune?.iothreadPins ?? []).flatMap(({ iothread }, index) => {
    const path = `cpuTune.iothreadPins[${index}].iothread`;
    if (iothread > iothreads)
      return [
        { path, message: `${iothread} must be one of the guest's ${iothreads} I/O threads, counted from 1` },
      ];
    if (seen.has(iothread)) return [{ path, message: `${iothread} occurs twice` }];
    seen.add(iothread);
    return [];
  });
}

function cpusOfHost(model: DomainModel, { name, facts }: Provider): Obstacle[] {
  const sets = [
    ...(model.vcpuPins ?? []).map(({ cpus }) => ({ property: "vcpuPins" as const, cpus })),
    ...(model.emulatorPin === undefined
      ? []
      : [{ property: "emulatorPin" as const, cpus: model.emulatorPin }]),
    ...(model.iothreadPins ?? []).map(({ cpus }) => ({ property: "iothreadPins" as const, cpus })),
  ];
  return sets
    .filter(({ cpus }) => (parseCpuSet(cpus)?.at(-1) ?? 0) >= facts.cpus)
    .map(({ property, cpus }) => ({
      property,
      message: `cpuTune.${property}: ${name} has no CPU ${parseCpuSet(cpus)?.at(-1)}, it has 0 to ${facts.cpus - 1}`,
    }));
}

/** A domain without pins that pin nothing. */
export function withoutFullPins(model: DomainModel, hostCpus: number): DomainModel {
  const { vcpuPins, iothreadPins, emulatorPin } = model;
  if (vcpuPins === undefined && iothreadPins === undefined && emulatorPin === undefined) return model;
  const made = { ...model };
  for (const name of ["vcpuPins", "iothreadPins"] as const) {
    const narrow = made[name]?.filter(({ cpus }) => !isAllCpus(cpus, hostCpus));
    if (narrow === undefined || narrow.length === 0) delete made[name];
    else made[name] = narrow;
  }
  if (emulatorPin !== undefined && isAllCpus(emulatorPin, hostCpus)) delete made.emulatorPin;
  return made;
}
