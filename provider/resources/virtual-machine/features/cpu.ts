import { z } from "zod";
import type { CpuFeature, CpuMode, DomainModel } from "../../../libvirt/xml/index.js";
import type { CrossCheck } from "../../definition.js";
import { oneOf, wholeNumber, yesOrNo } from "../../inputs.js";
import { occursTwice, ofPart, problemIf, type Rule } from "../../rules.js";
import type { Inputs } from "../schema.js";
import { topologyProduct } from "./cpus.js";
import type { Desire, MachineFeature, Obstacle, Provider } from "./feature.js";
import { orKept, setOrKeep } from "./set-or-keep.js";

const name = (what: string) =>
  z
    .string({ error: "must be a string" })
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, { error: `must be ${what}` });

const feature = z
  .union(
    [
      name('the name of a CPU feature, such as "aes"'),
      z.strictObject({
        name: name('the name of a CPU feature, such as "aes"'),
        policy: oneOf(["force", "require", "optional", "disable", "forbid"]).optional(),
      }),
    ],
    { error: 'must be the name of a CPU feature, such as "aes", or { name, policy }' },
  )
  .transform((value): CpuFeature => {
    return typeof value === "string"
      ? { name: value, policy: "require" }
      : { name: value.name, policy: value.policy ?? "require" };
  });

const count = () => wholeNumber(1, 4_096).optional();

export const cpuShape = {
  cpu: z
    .strictObject(
      {
        mode: oneOf(["host-passthrough", "host-model", "maximum", "custom"]).optional(),
        model: name('the name of a CPU model, such as "EPYC" or "Skylake-Server"').optional(),
        vendor: oneOf(["Intel", "AMD", "Hygon"]).optional(),
        features: z.array(feature, { error: "must be a list of CPU features" }).optional(),
        topology: z
          .strictObject(
            { sockets: count(), dies: count(), cores: count(), threads: count() },
            { error: "must be { sockets, dies, cores, threads }" },
          )
          .optional(),
        cache: z
          .strictObject(
            { mode: oneOf(["passthrough", "emulate", "disable"]), level: wholeNumber(1, 3).optional() },
            { error: "must be { mode, level }" },
          )
          .optional(),
        migratable: yesOrNo().optional(),
      },
      { error: "must be { mode, model, features, topology, ... }" },
    )
    .optional(),
};

type CpuInputs = NonNullable<Inputs["cpu"]>;
const isAsOnHost = (mode: CpuInputs["mode"]) => mode === "host-passthrough" || mode === "maximum";

const cpuRules: readonly Rule<CpuInputs>[] = [
  ({ mode, model }) =>
    problemIf(
      mode === "custom" && model === undefined,
      "model",
      'is missing: mode "custom" is a model by name, such as "EPYC"',
    ),
  ({ mode, model }) =>
    problemIf(
      model !== undefined && mode !== undefined && mode !== "custom",
      "model",
      `needs mode "custom": mode ${JSON.stringify(mode)} chooses the model`,
    ),
  ({ vendor, model, mode }) =>
    problemIf(vendor !== undefined && model === undefined && mode !== "custom", "vendor", "needs cpu.model"),
  ({ features = [], mode, model }) =>
    problemIf(
      features.length > 0 && mode === undefined && model === undefined,
      "features",
      "needs cpu.mode or cpu.model, which they are added to",
    ),
  ({ migratable, mode }) =>
    problemIf(
      migratable !== undefined && !isAsOnHost(mode),
      "migratable",
      'needs mode "host-passthrough" or "maximum"',
    ),
  ({ cache, mode }) =>
    problemIf(
      cache?.mode === "passthrough" && !isAsOnHost(mode),
      "cache.mode",
      '"passthrough" needs mode "host-passthrough"',
    ),
  ({ cache }) =>
    problemIf(
      cache?.level !== undefined && cache.mode !== "emulate",
      "cache.level",
      'needs cache mode "emulate"',
    ),
];

export const cpuFeature: MachineFeature = {
  shape: cpuShape,
  crossChecks: [...ofPart("cpu", cpuRules), featuresApart, modeAndEmulation],
  desire: (model, desire) => {
    const { cpu } = desire.inputs;
    const before = desire.previous?.cpu;
    const mode = desiredMode(model, desire);
    if (mode === undefined) delete model.cpuMode;
    else model.cpuMode = mode;
    const features = [...(cpu?.features ?? [])].sort((a, b) => (a.name < b.name ? -1 : 1));
    setOrKeep(model, "cpuFeatures", features.length === 0 ? undefined : features, before?.features);
    // libvirt has none of either without a mode or a model.
    if (mode === undefined) delete model.cpuFeatures;
    setOrKeep(
      model,
      "cpuMigratable",
      cpu?.migratable === false ? false : undefined,
      before?.migratable ?? cpu?.migratable,
    );
    if (mode !== "host-passthrough" && mode !== "maximum") delete model.cpuMigratable;
    setOrKeep(model, "cpuCache", cpu?.cache && { ...cpu.cache }, before?.cache);
    desireTopology(model, desire);
  },
  obstacles: cpuObstacles,
  rows: [
    {
      input: "`cpu`: `mode`, `model`, `vendor`",
      label: "cpu",
      property: "cpuMode",
      effect: "nextBoot",
      comparedWhileRunning: false,
      mayRunWith,
      showNone: "the machine type's default",
      show: (value) => {
        const mode = value as CpuMode;
        return typeof mode === "string" ? mode : mode.model;
      },
    },
    {
      input: "cpu.features",
      property: "cpuFeatures",
      effect: "nextBoot",
      comparedWhileRunning: false,
      show: (value) =>
        (value as CpuFeature[])
          .map((each) => (each.policy === "require" ? each.name : `${each.name} (${each.policy})`))
          .join(" "),
    },
    {
      input: "cpu.topology",
      property: "cpuTopology",
      effect: "nextBoot",
      show: (value) => {
        const { sockets, dies, cores, threads } = value as NonNullable<DomainModel["cpuTopology"]>;
        return `${sockets} x ${dies} x ${cores} x ${threads}`;
      },
    },
    { input: "cpu.cache", property: "cpuCache", effect: "nextBoot" },
    { input: "cpu.migratable", property: "cpuMigratable", effect: "nextBoot" },
  ],
};

function cpuObstacles(
  { cpuMode, cpuFeatures, accelerator }: DomainModel,
  { name, capabilities }: Provider,
): Obstacle[] {
  if (cpuMode === undefined) return [];
  const obstacle = (message: string): Obstacle[] => [{ property: "cpuMode", message }];
  const { cpuModes, cpuModels } = capabilities;
  const mode = typeof cpuMode === "string" ? cpuMode : "custom";
  if (cpuModes !== undefined && !cpuModes.includes(mode))
    return obstacle(
      `cpu.mode ${JSON.stringify(mode)}: ${name} has ${cpuModes.map((other) => JSON.stringify(other)).join(", ")}${accelerator === "qemu" ? " for guests that it emulates" : ""}`,
    );
  if (typeof cpuMode === "string" || cpuModels === undefined) return [];
  if (!cpuModels.some((model) => model.name === cpuMode.model))
    return obstacle(
      `cpu.model: ${name} knows no CPU ${cpuMode.model}; virsh cpu-models there lists those that it knows`,
    );
  // What it lacks may be what the guest isn't to have.
  const isWhole = (cpuFeatures ?? []).every(({ policy }) => policy === "require" || policy === "force");
  if (isWhole && cpuModels.some((model) => model.name === cpuMode.model && !model.usable))
    return obstacle(
      `cpu.model: the CPU of ${name} lacks features of ${cpuMode.model}; take an older model, or "host-model"`,
    );
  return [];
}

function desiredMode(model: DomainModel, { inputs, previous, existing }: Desire): CpuMode | undefined {
  const declared = declaredMode(inputs.cpu);
  // libvirt's default, a CPU of 2003, is what nobody with hardware virtualisation wants; under emulation it is right.
  const defaultMode = (accelerator: string) => (accelerator === "kvm" ? "host-model" : undefined);
  const byDefault = defaultMode(model.accelerator);
  if (declared !== undefined) return declared;
  if (existing === undefined || declaredMode(previous?.cpu) !== undefined) return byDefault;
  const isDefault = existing.cpuMode === defaultMode(existing.accelerator);
  return isDefault && existing.accelerator !== model.accelerator ? byDefault : existing.cpuMode;
}

function declaredMode(cpu: Inputs["cpu"]): CpuMode | undefined {
  if (cpu?.model === undefined) return cpu?.mode === "custom" ? undefined : cpu?.mode;
  return { model: cpu.model, ...(cpu.vendor === undefined ? {} : { vendor: cpu.vendor }) };
}

/** One that was found is kept as far as it has room for the CPUs. */
function desireTopology(model: DomainModel, { inputs, previous }: Desire): void {
  const declared = inputs.cpu?.topology;
  const { sockets = 1, dies = 1, cores = 1, threads = 1 } = declared ?? {};
  const topology = orKept(
    declared === undefined ? undefined : { sockets, dies, cores, threads },
    previous?.cpu?.topology,
    model.cpuTopology,
  );
  delete model.cpuTopology;
  if (topology === undefined) return;
  const perSocket = (topologyProduct(topology) ?? 1) / topology.sockets;
  if (model.maxCpus % perSocket === 0)
    model.cpuTopology = { ...topology, sockets: model.maxCpus / perSocket };
}

/** The live document tells the modes by which libvirt makes no model of its own. */
function mayRunWith(live: DomainModel, value: unknown): boolean {
  const { cpuMode } = live;
  if (cpuMode === "host-passthrough" || cpuMode === "maximum") return value === cpuMode;
  if (value === "host-passthrough" || value === "maximum") return false;
  const wanted = value as CpuMode | undefined;
  return typeof wanted !== "object" || typeof cpuMode !== "object" || wanted.model === cpuMode.model;
}

function featuresApart({ cpu }: Inputs): ReturnType<CrossCheck<Inputs>> {
  return occursTwice("cpu.features", cpu?.features ?? [], ({ name }) => name);
}

function modeAndEmulation({ cpu, emulation }: Inputs): ReturnType<CrossCheck<Inputs>> {
  if (emulation !== "qemu" || cpu?.mode !== "host-passthrough") return [];
  return [
    {
      path: "cpu.mode",
      message: '"host-passthrough" needs hardware virtualisation, and emulation is "qemu"; use "maximum"',
    },
  ];
}
