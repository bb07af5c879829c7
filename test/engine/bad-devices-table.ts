const disk = { pool: "images", size: "1GiB" };
const nic = { network: "lan" };

/** Wrong inputs of a VM's devices: the input, and what is said about it. */
export const devicesTable: readonly ["VirtualMachine", Record<string, unknown>, string][] = [
  [
    "VirtualMachine",
    { disks: [{ ...disk, limits: { iops: "100" } }] },
    'disks[0].limits.iops: "100" must be a whole number from 1 to 1000000000',
  ],
  [
    "VirtualMachine",
    { disks: [{ ...disk, limits: 100 }] },
    "disks[0].limits: 100 must be { bytesPerSecond, iops, burst, ... }",
  ],
  [
    "VirtualMachine",
    { disks: [{ ...disk, limits: { bytesPerSec: "1MiB" } }] },
    "disks[0].limits.bytesPerSec: there is no such input; did you mean bytesPerSecond?",
  ],
  [
    "VirtualMachine",
    { disks: [{ ...disk, limits: { iops: 100, readIops: 50 } }] },
    "disks[0].limits.readIops: can't be beside iops: limit reads and writes together, or each by itself",
  ],
  [
    "VirtualMachine",
    { disks: [{ ...disk, limits: { burst: { iops: 200 } } }] },
    "disks[0].limits.burst.iops: needs iops: a burst is above a limit",
  ],
  [
    "VirtualMachine",
    { disks: [{ ...disk, limits: { iops: 100, burst: { iops: 50 } } }] },
    "disks[0].limits.burst.iops: 50 must be at least iops, 100",
  ],
  [
    "VirtualMachine",
    { disks: [{ ...disk, limits: { iops: 5, burst: { seconds: 5 } } }] },
    "disks[0].limits.burst.seconds: needs a rate beside it: how much there may be in a burst",
  ],
  [
    "VirtualMachine",
    { disks: [{ ...disk, limits: { bytesPerSecond: "10MiB", iopsSize: "4KiB" } }] },
    "disks[0].limits.iopsSize: needs iops: it says how large a request counts as one",
  ],
  [
    "VirtualMachine",
    { disks: [{ ...disk, io: "uring" }] },
    'disks[0].io: "uring" must be one of "native", "threads", "io_uring"',
  ],
  [
    "VirtualMachine",
    { disks: [{ ...disk, io: "native", cache: "writeback" }] },
    'disks[0].io: "native" needs cache "none" or "directsync"',
  ],
  [
    "VirtualMachine",
    { disks: [{ ...disk, detectZeroes: "unmap" }] },
    'disks[0].detectZeroes: "unmap" needs discard "unmap"',
  ],
  [
    "VirtualMachine",
    { disks: [{ ...disk, shareable: true }] },
    'disks[0].shareable: needs format "raw": two guests that write to one qcow2 image destroy it',
  ],
  [
    "VirtualMachine",
    { disks: [{ ...disk, bus: "scsi", queues: 4 }] },
    'disks[0].queues: needs bus "virtio", not "scsi"',
  ],
  [
    "VirtualMachine",
    { disks: [{ ...disk, wwn: "5000c50015ea71ad" }] },
    'disks[0].wwn: needs bus "scsi", "sata" or "ide", not "virtio"',
  ],
  [
    "VirtualMachine",
    { disks: [{ ...disk, bus: "ide" }] },
    'disks[0].bus: "ide" needs machine "pc": q35 has no such bus; use "sata"',
  ],
  [
    "VirtualMachine",
    { disks: [{ ...disk, bootOrder: 0 }] },
    "disks[0].bootOrder: 0 must be a whole number from 1 to 999",
  ],
  [
    "VirtualMachine",
    { disks: [{ ...disk, bootOrder: 1 }], interfaces: [{ ...nic, bootOrder: 1 }] },
    "interfaces[0].bootOrder: 1 is that of disks[0] already",
  ],
  [
    "VirtualMachine",
    { disks: [{ disk: { host: "alpha", pool: "p", name: "d" }, retainOnDelete: true }] },
    "disks[0].retainOnDelete: belongs to the Disk resource that disk names",
  ],
  ["VirtualMachine", { cdroms: "/iso/debian.iso" }, 'cdroms: "/iso/debian.iso" must be a list of drives'],
  [
    "VirtualMachine",
    { cdroms: [{ source: "tools.iso" }] },
    'cdroms[0].source: "tools.iso" must be an absolute path on the host, such as /var/lib/libvirt/images',
  ],
  [
    "VirtualMachine",
    { cdroms: [{ bus: "virtio" }] },
    'cdroms[0].bus: "virtio" must be one of "sata", "scsi", "usb", "ide"',
  ],
  [
    "VirtualMachine",
    { cdroms: [{ name: "os" }, { name: "os" }] },
    'cdroms[1].name: "os" is that of cdroms[0] already',
  ],
  [
    "VirtualMachine",
    { interfaces: [{ ...nic, bandwidth: "10MB" }] },
    'interfaces[0].bandwidth: "10MB" must be { inbound, outbound }',
  ],
  [
    "VirtualMachine",
    { interfaces: [{ ...nic, bandwidth: { inbound: { peak: "2MB" } } }] },
    "interfaces[0].bandwidth.inbound.peak: needs average: it is above what may flow all the time",
  ],
  [
    "VirtualMachine",
    { interfaces: [{ ...nic, bandwidth: { inbound: { average: "2MB", peak: "1MB" } } }] },
    "interfaces[0].bandwidth.inbound.peak: 1000000 must be at least average, 2000000",
  ],
  [
    "VirtualMachine",
    { interfaces: [{ bridge: "br0", bandwidth: { inbound: { average: "2MB", floor: "1MB" } } }] },
    "interfaces[0].bandwidth.inbound.floor: needs network, which divides its bandwidth among its guests",
  ],
  [
    "VirtualMachine",
    { interfaces: [{ ...nic, filter: "clean-traffic" }] },
    'interfaces[0].filter: "clean-traffic" must be { name, parameters }',
  ],
  [
    "VirtualMachine",
    { interfaces: [{ ...nic, filter: { name: "clean traffic" } }] },
    'interfaces[0].filter.name: "clean traffic" must be the name of a network filter: letters, digits and _ . : -',
  ],
  [
    "VirtualMachine",
    { interfaces: [{ direct: { dev: "eth0" }, filter: { name: "clean-traffic" } }] },
    "interfaces[0].filter: needs network or bridge: packets of macvtap pass no filter of the host",
  ],
  [
    "VirtualMachine",
    {
      interfaces: [
        { bridge: "ovs0", virtualPort: { type: "openvswitch" }, filter: { name: "clean-traffic" } },
      ],
    },
    "interfaces[0].filter: is not for Open vSwitch: libvirt has no filters there, and doesn't start a guest that is to have one",
  ],
  [
    "VirtualMachine",
    { interfaces: [{ ...nic, vlan: 4095 }] },
    "interfaces[0].vlan: 4095 must be a whole number from 1 to 4094",
  ],
  [
    "VirtualMachine",
    { interfaces: [{ bridge: "br0", vlan: 42 }] },
    'interfaces[0].vlan: needs virtualPort { type: "openvswitch" }: an ordinary bridge gives its ports no tags',
  ],
  [
    "VirtualMachine",
    { interfaces: [{ ...nic, virtualPort: { type: "openvswitch" } }] },
    "interfaces[0].virtualPort: needs bridge: one of Open vSwitch; a network says itself how it is plugged in",
  ],
  [
    "VirtualMachine",
    { interfaces: [{ direct: "eth0" }] },
    'interfaces[0].direct: "eth0" must be { dev, mode }',
  ],
  [
    "VirtualMachine",
    { interfaces: [{ direct: { dev: "eth0", mode: "bridged" } }] },
    'interfaces[0].direct.mode: "bridged" must be one of "bridge", "vepa", "private", "passthrough"',
  ],
  [
    "VirtualMachine",
    { interfaces: [{ direct: { dev: "eth0" }, bridge: "br0" }] },
    "interfaces[0]: needs one of network, bridge and direct",
  ],
  [
    "VirtualMachine",
    { hostDevices: [{ type: "gpu" }] },
    'hostDevices[0].type: "gpu" must be one of "pci", "usb", "mediated"',
  ],
  [
    "VirtualMachine",
    { hostDevices: [{ type: "pci", address: "1:0" }] },
    'hostDevices[0].address: "1:0" must be a PCI address as lspci prints it, such as 0000:01:00.0',
  ],
  [
    "VirtualMachine",
    { hostDevices: [{ type: "usb", vendor: "1234" }] },
    'hostDevices[0]: of type "usb" is named by vendor and product, or bus and device, and nothing else',
  ],
  [
    "VirtualMachine",
    { hostDevices: [0, 1].map(() => ({ type: "pci", address: "01:00.0" })) },
    "hostDevices[1]: PCI 0000:01:00.0 occurs twice",
  ],
  [
    "VirtualMachine",
    { rng: "/dev/random" },
    'rng: "/dev/random" must be true, false or { source, bytes, period }',
  ],
  [
    "VirtualMachine",
    { rng: { source: "urandom" } },
    'rng.source: "urandom" must be one of "/dev/urandom", "/dev/random", "/dev/hwrng"',
  ],
  ["VirtualMachine", { rng: { period: "1s" } }, "rng.period: needs bytes: how many in that time"],
  [
    "VirtualMachine",
    { channels: [{ name: "org.qemu.guest_agent.0" }] },
    'channels[0].name: "org.qemu.guest_agent.0" is the guest agent\'s, which every VM has',
  ],
  ["VirtualMachine", { channels: [{ name: "a/b" }] }, 'channels[0].name: "a/b" must be a name without /'],
  ["VirtualMachine", { channels: [{ name: "a" }, { name: "a" }] }, 'channels[1].name: "a" occurs twice'],
  [
    "VirtualMachine",
    { bootMenu: { timeout: "2m" } },
    'bootMenu.timeout: "2m" must be a duration with its unit, such as "300ms", "30s" or "5m", from 1ms to 65535ms',
  ],
  [
    "VirtualMachine",
    { filesystems: [{ source: "/srv", target: "srv", readonly: true }] },
    'filesystems[0].readonly: needs driver "9p": libvirt has no read-only virtiofs; let the guest mount it with the option ro',
  ],
  [
    "VirtualMachine",
    { filesystems: [{ source: "/srv", target: "srv" }], memoryBacking: { source: "memfd" } },
    'memoryBacking.access: must be "shared" for filesystems of driver "virtiofs": their daemon works in the guest\'s memory; leave memoryBacking out, and it is',
  ],
  ["VirtualMachine", { hotplugSlots: -1 }, "hotplugSlots: -1 must be a whole number from 0 to 100"],
];
