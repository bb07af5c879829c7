/** Wrong inputs of a VM's CPUs and memory: the input, and what is said about it. */
export const computeTable: readonly ["VirtualMachine", Record<string, unknown>, string][] = [
  ["VirtualMachine", { maxMemory: "512MiB" }, "maxMemory: 512 MiB must be at least memory, 1 GiB"],
  [
    "VirtualMachine",
    { maxMemory: "4GiB", memoryHotplug: { type: "dimms" } },
    'memoryHotplug.type: "dimms" must be one of "dimm", "virtio-mem"',
  ],
  [
    "VirtualMachine",
    { memoryHotplug: { type: "dimm" } },
    "memoryHotplug: needs maxMemory: how much can be plugged in, in all",
  ],
  [
    "VirtualMachine",
    { maxMemory: "4GiB", memoryHotplug: { type: "dimm", bootMemory: "512MiB" } },
    'memoryHotplug.bootMemory: goes with type "virtio-mem": with "dimm" the guest boots with all of memory',
  ],
  [
    "VirtualMachine",
    { maxMemory: "4GiB", memoryHotplug: { type: "virtio-mem", bootMemory: "2GiB" } },
    "memoryHotplug.bootMemory: 2 GiB must be at most memory, 1 GiB",
  ],
  [
    "VirtualMachine",
    { maxMemory: "4097MiB", memoryHotplug: { type: "virtio-mem" } },
    'maxMemory: 4097 MiB must be a multiple of 2 MiB with memoryHotplug "virtio-mem"',
  ],
  ["VirtualMachine", { cpu: 2 }, "cpu: 2 must be { mode, model, features, topology, ... }"],
  [
    "VirtualMachine",
    { cpu: { mode: "passthrough" } },
    'cpu.mode: "passthrough" must be one of "host-passthrough", "host-model", "maximum", "custom"',
  ],
  [
    "VirtualMachine",
    { cpu: { mode: "custom" } },
    'cpu.model: is missing: mode "custom" is a model by name, such as "EPYC"',
  ],
  [
    "VirtualMachine",
    { cpu: { mode: "host-model", model: "EPYC" } },
    'cpu.model: needs mode "custom": mode "host-model" chooses the model',
  ],
  [
    "VirtualMachine",
    { cpu: { model: "EPYC <x>" } },
    'cpu.model: "EPYC <x>" must be the name of a CPU model, such as "EPYC" or "Skylake-Server"',
  ],
  [
    "VirtualMachine",
    { cpu: { features: ["aes"] } },
    "cpu.features: needs cpu.mode or cpu.model, which they are added to",
  ],
  [
    "VirtualMachine",
    { cpu: { mode: "maximum", features: ["aes", { name: "aes", policy: "disable" }] } },
    "cpu.features[1]: aes occurs twice",
  ],
  [
    "VirtualMachine",
    { emulation: "qemu", cpu: { mode: "host-passthrough" } },
    'cpu.mode: "host-passthrough" needs hardware virtualisation, and emulation is "qemu"; use "maximum"',
  ],
  [
    "VirtualMachine",
    { cpus: 2, maxCpus: 4, cpu: { topology: { cores: 2, threads: 4 } } },
    "cpu.topology: makes 8 CPUs, and maxCpus is 4: give one of them alone, or the same",
  ],
  [
    "VirtualMachine",
    { cpus: 4, cpu: { topology: { cores: 2 } } },
    "cpu.topology: makes 2 CPUs, fewer than cpus, 4",
  ],
  [
    "VirtualMachine",
    { cpus: 2, numa: { cells: [{ cpus: "0-1", memory: "512MiB" }] } },
    "numa.cells: have 512 MiB of memory in all, and must have what the guest boots with: memory, 1 GiB",
  ],
  [
    "VirtualMachine",
    {
      cpus: 2,
      numa: {
        cells: [
          { cpus: 0, memory: "512MiB" },
          { cpus: "0", memory: "512MiB" },
        ],
      },
    },
    "numa.cells[1].cpus: has CPU 0, which another cell has already",
  ],
  [
    "VirtualMachine",
    { cpus: 2, numa: { cells: [{ cpus: "0", memory: "1GiB" }] } },
    "numa.cells: must have all 2 CPUs of the guest: CPU 1 is in none",
  ],
  [
    "VirtualMachine",
    { cpuTune: { vcpuPins: [{ vcpu: 1, cpus: "0" }] } },
    "cpuTune.vcpuPins[0].vcpu: 1 must be one of the guest's CPUs, 0 to 0",
  ],
  [
    "VirtualMachine",
    { cpuTune: { emulatorPin: "3-1" } },
    'cpuTune.emulatorPin: "3-1" is no list of CPUs; write ranges such as "0-3,8"',
  ],
  [
    "VirtualMachine",
    { cpuTune: { iothreadPins: [{ iothread: 1, cpus: 0 }] } },
    "cpuTune.iothreadPins[0].iothread: 1 must be one of the guest's 0 I/O threads, counted from 1",
  ],
  [
    "VirtualMachine",
    { cpuTune: { quota: 50 } },
    "cpuTune.quota: 50 must be a whole number from 1000 to 17592186044415",
  ],
  [
    "VirtualMachine",
    { memoryTune: { hardLimit: "1GiB" } },
    "memoryTune.hardLimit: 1 GiB must be more than the guest's memory, 1 GiB, by some hundred MiB: QEMU needs them, and the kernel kills a guest that goes beyond",
  ],
  [
    "VirtualMachine",
    { memory: "1001MiB", memoryBacking: { hugePages: [{ size: "2MiB" }] } },
    "memoryBacking.hugePages[0].size: 2 MiB does not divide the guest's memory, 1001 MiB",
  ],
  [
    "VirtualMachine",
    { numaTune: { mode: "strict" } },
    'numaTune.nodeset: is missing: it must be a list of NUMA nodes, such as "0-3,8"',
  ],
];
