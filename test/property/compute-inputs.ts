import fc from "fast-check";

const MIB = 2 ** 20;
const mib = (min: number, max: number, step = 2) =>
  fc.integer({ min: min / step, max: max / step }).map((count) => count * step * MIB);

/** Of a host with two CPUs; both of them is as good as none. */
const cpuSet = fc.constantFrom("0", "1", "0-1");

/** A balloon's memory, or memory that is plugged in; some of which no module can make up. */
const memory = fc.oneof(
  fc.record({ memory: mib(64, 4_096) }),
  fc.record({ memory: mib(64, 2_048), maxMemory: mib(2_048, 4_096) }),
  fc.record({
    memory: fc.oneof(mib(64, 2_048), mib(128, 2_048, 128)),
    maxMemory: mib(2_048, 4_096),
    memoryHotplug: fc.record(
      { type: fc.constant("dimm" as const), slots: fc.integer({ min: 1, max: 4 }) },
      { requiredKeys: ["type"] },
    ),
  }),
  fc.record({
    memory: mib(512, 2_048),
    maxMemory: mib(2_048, 4_096),
    memoryHotplug: fc.record(
      { type: fc.constant("virtio-mem" as const), bootMemory: mib(64, 512) },
      { requiredKeys: ["type"] },
    ),
  }),
);

const cpu = fc.oneof(
  fc.record(
    {
      mode: fc.constantFrom("host-model" as const, "maximum" as const),
      features: fc.array(
        fc.constantFrom({ name: "aes", policy: "require" }, { name: "svm", policy: "disable" }),
        { maxLength: 1 },
      ),
      cache: fc.constant({ mode: "disable" as const }),
    },
    { requiredKeys: ["mode"] },
  ),
  fc.record({ model: fc.constantFrom("Nehalem", "Westmere") }),
  fc.record({ topology: fc.constantFrom({ cores: 8 }, { sockets: 2, cores: 4, threads: 2 }) }),
);

const cpuTune = fc.record(
  {
    vcpuPins: fc.array(fc.constantFrom({ vcpu: 0, cpus: "0" }, { vcpu: 7, cpus: "1" }), { maxLength: 1 }),
    emulatorPin: cpuSet,
    shares: fc.constantFrom(512, 2_048),
    quota: fc.constantFrom(20_000, 50_000),
  },
  { requiredKeys: [] },
);

/** Inputs of a VM's CPUs and memory. */
export const computeInputs = fc
  .tuple(
    memory,
    fc.record(
      {
        cpus: fc.integer({ min: 1, max: 8 }),
        maxCpus: fc.constantFrom(8, 16),
        cpu,
        cpuTune,
        iothreads: fc.integer({ min: 0, max: 3 }),
        numaTune: fc.constantFrom({ nodeset: "0" }, { nodeset: "0", mode: "preferred" as const }),
        memoryTune: fc.constantFrom({ softLimit: 512 * MIB }, { hardLimit: 8_192 * MIB }),
        memoryBacking: fc.constantFrom(
          { hugePages: true },
          { source: "memfd" as const, access: "shared" as const },
        ),
      },
      { requiredKeys: [] },
    ),
  )
  .map(([sizes, rest]) => ({ ...sizes, ...rest }));
