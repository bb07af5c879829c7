import { computeTable } from "./bad-compute-table.js";
import { devicesTable } from "./bad-devices-table.js";
import { imageTable } from "./bad-image-table.js";
import { networkTable } from "./bad-network-table.js";
import { platformTable } from "./bad-platform-table.js";
import { poolTable } from "./bad-pool-table.js";

/** Nothing listens there: connecting is refused at once. */
export const connection = {
  address: "127.0.0.1",
  port: 1,
  sshConfig: false,
  agent: false,
  connectTimeout: "2s",
};

const urn = (kind: string) => `urn:pulumi:dev::test::pulumi-nodejs:dynamic/kvm:${kind}::web`;
const onHost = { host: "alpha", connection, credentials: {} };
const onHosts = { hosts: { alpha: connection }, credentials: { alpha: {} } };

/** Inputs of each kind as the SDK hands them on, with nothing wrong. */
export const sound = {
  Host: { pulumiUrn: urn("Host"), name: "alpha", connection, credentials: {} },
  StoragePool: { pulumiUrn: urn("StoragePool"), ...onHosts, name: "images", path: "/var/lib/images" },
  Disk: { pulumiUrn: urn("Disk"), ...onHost, name: "data", pool: "images", size: "1GiB" },
  Image: { pulumiUrn: urn("Image"), ...onHosts, name: "base", pool: "images", source: "/images/base.qcow2" },
  Network: { pulumiUrn: urn("Network"), ...onHosts, name: "lan", mode: "nat", cidr: "10.1.0.1/24" },
  Snapshot: { pulumiUrn: urn("Snapshot"), ...onHost, vm: "web", name: "before" },
  VirtualMachine: { pulumiUrn: urn("VirtualMachine"), ...onHost, name: "web", memory: "1GiB" },
} satisfies Record<string, Record<string, unknown>>;

export type Kind = keyof typeof sound;

/** One wrong input, and what is said about it: path, value, and what is allowed. */
export const table: readonly [Kind, Record<string, unknown>, string][] = [
  [
    "VirtualMachine",
    { memory: 2048 },
    'memory: 2048 must be at least 1 MiB; a number is bytes, so 2048 is 2 KiB: did you mean "2048MiB" or "2048GiB"?',
  ],
  [
    "VirtualMachine",
    { memory: "2048" },
    'memory: "2048" is no size; write a number with its unit, such as "512MiB", "4GiB" or "1.5TiB"',
  ],
  [
    "VirtualMachine",
    { memory: "4 gibibytes" },
    'memory: "4 gibibytes" is no size; write a number with its unit, such as "512MiB", "4GiB" or "1.5TiB"',
  ],
  ["VirtualMachine", { memory: -5 }, "memory: -5 must be a whole number of bytes that is not negative"],
  [
    "VirtualMachine",
    { memory: 8388608.5 },
    "memory: 8388608.5 must be a whole number of bytes that is not negative",
  ],
  [
    "VirtualMachine",
    { memory: Number.NaN },
    'memory: NaN must be a size: a string with its unit, such as "4GiB", or a number of bytes',
  ],
  [
    "VirtualMachine",
    { memory: Number.POSITIVE_INFINITY },
    'memory: Infinity must be a size: a string with its unit, such as "4GiB", or a number of bytes',
  ],
  ["VirtualMachine", { memory: 1e300 }, "memory: 1e+300 must be at most 64 TiB"],
  ["VirtualMachine", { memory: "9999999TiB" }, 'memory: "9999999TiB" must be at most 64 TiB'],
  ["VirtualMachine", { memory: "900TiB" }, 'memory: "900TiB" must be at most 64 TiB'],
  ["VirtualMachine", { memory: "1KiB" }, 'memory: "1KiB" must be at least 1 MiB'],
  [
    "VirtualMachine",
    { memory: undefined },
    'memory: is missing: it must be a size: a string with its unit, such as "4GiB", or a number of bytes',
  ],
  [
    "VirtualMachine",
    { memory: null },
    'memory: null must be a size: a string with its unit, such as "4GiB", or a number of bytes',
  ],
  [
    "VirtualMachine",
    { memory: ["1GiB"] },
    'memory: ["1GiB"] must be a size: a string with its unit, such as "4GiB", or a number of bytes',
  ],
  ["VirtualMachine", { cpus: 0 }, "cpus: 0 must be a whole number from 1 to 4096"],
  ["VirtualMachine", { cpus: 1.5 }, "cpus: 1.5 must be a whole number from 1 to 4096"],
  ["VirtualMachine", { cpus: "2" }, 'cpus: "2" must be a whole number from 1 to 4096'],
  ["VirtualMachine", { cpus: {} }, "cpus: {} must be a whole number from 1 to 4096"],
  ["VirtualMachine", { cpus: 4, maxCpus: 2 }, "maxCpus: 2 must be at least cpus, 4"],
  ["VirtualMachine", { autostart: "yes" }, 'autostart: "yes" must be true or false'],
  ["VirtualMachine", { powerState: "on" }, 'powerState: "on" must be one of "running", "stopped", "paused"'],
  [
    "VirtualMachine",
    { machine: "q35 " },
    'machine: "q35 " must be a QEMU machine type, such as "q35" or "pc-q35-7.2"',
  ],
  [
    "VirtualMachine",
    { shutdownTimeout: 30 },
    'shutdownTimeout: 30 must be a duration with its unit, such as "300ms", "30s" or "5m"',
  ],
  [
    "VirtualMachine",
    { shutdownTimeout: "30" },
    'shutdownTimeout: "30" must be a duration with its unit, such as "300ms", "30s" or "5m", from 1s to 24h',
  ],
  [
    "VirtualMachine",
    { timeouts: { create: "soon" } },
    'timeouts.create: "soon" must be a duration with its unit, such as "300ms", "30s" or "5m", from 1ms to 168h',
  ],
  [
    "VirtualMachine",
    { waitFor: "ping" },
    'waitFor: "ping" must be one of "none", "running", "agent", "ipAddress", "ssh"',
  ],
  [
    "VirtualMachine",
    { waitFor: "ssh" },
    'waitFor: "ssh" needs an interface: without one the guest has no address',
  ],
  [
    "VirtualMachine",
    { waitTimeout: "1m" },
    'waitTimeout: needs waitFor, such as "ssh": nothing is waited for',
  ],
  [
    "VirtualMachine",
    { waitFor: "agent", waitTimeout: "1h", timeouts: { create: "10m" } },
    "waitTimeout: 3600 s must not be longer than creating may take in all, 600 s; raise timeouts.create too",
  ],
  ["VirtualMachine", { timeouts: "1h" }, 'timeouts: "1h" must be { create, update, delete }'],
  [
    "VirtualMachine",
    { timeouts: { creat: "1h" } },
    "timeouts.creat: there is no such input; did you mean create?",
  ],
  [
    "VirtualMachine",
    { kernel: "vmlinuz" },
    'kernel: "vmlinuz" must be an absolute path on the host, such as /var/lib/libvirt/images',
  ],
  [
    "VirtualMachine",
    { kernel: "/boot/../etc/shadow" },
    'kernel: "/boot/../etc/shadow" must not contain ".."',
  ],
  [
    "VirtualMachine",
    { kernel: "/boot/a\tb" },
    'kernel: "/boot/a\\tb" must not contain line breaks or tabs: libvirt turns them into spaces',
  ],
  ["VirtualMachine", { initrd: "/boot/initrd" }, "initrd: needs kernel: without it nothing loads it"],
  [
    "VirtualMachine",
    { commandLine: "quiet" },
    "commandLine: needs kernel: a guest that boots from disk has its own",
  ],
  [
    "VirtualMachine",
    { kernel: "/k", commandLine: "a\rb" },
    'commandLine: "a\\rb" must not contain carriage returns: libvirt turns them into line feeds',
  ],
  [
    "VirtualMachine",
    { description: "\u0000" },
    'description: "\\u0000" has a control character or half a surrogate pair, which XML can\'t hold',
  ],
  [
    "VirtualMachine",
    { description: "\ud800" },
    'description: "\\ud800" has a control character or half a surrogate pair, which XML can\'t hold',
  ],
  [
    "VirtualMachine",
    { description: "\u009b\u202e\u0001" },
    'description: "\\u{9b}\\u{202e}\\u0001" has a control character or half a surrogate pair, which XML can\'t hold',
  ],
  ["VirtualMachine", { description: 7 }, "description: 7 must be a string"],
  ["VirtualMachine", { name: "a/b" }, 'name: "a/b" must not contain /'],
  ["VirtualMachine", { name: "" }, 'name: "" must not be empty'],
  ["VirtualMachine", { name: ".." }, 'name: ".." must not begin with a dot'],
  ["VirtualMachine", { name: " web" }, 'name: " web" must not begin or end with a space'],
  [
    "VirtualMachine",
    { name: "web\n" },
    'name: "web\\n" must not contain line breaks or tabs: libvirt turns them into spaces',
  ],
  ["VirtualMachine", { name: "ü".repeat(51) }, `name: "${"ü".repeat(51)}" must be at most 100 bytes`],
  ["VirtualMachine", { console: "/var/log/x" }, 'console: "/var/log/x" must be { log }'],
  [
    "VirtualMachine",
    { console: { path: "/var/log/x" } },
    "console.path: there is no such input; there are log",
  ],
  [
    "VirtualMachine",
    { console: { log: "x" } },
    'console.log: "x" must be an absolute path on the host, such as /var/lib/libvirt/images',
  ],
  [
    "VirtualMachine",
    { migration: { downtime: "1s" } },
    "migration.downtime: there is no such input; there are mode, storage, maxDowntime, bandwidthMibPerSecond, autoConverge, postCopy, parallelConnections, tls, timeout, unsafe",
  ],
  [
    "VirtualMachine",
    { migration: { postCopy: "fallback" } },
    'migration.postCopy: "fallback" isn\'t done yet: halfway between two hosts a guest is lost with either of them; leave it out, and use autoConverge for one that writes too fast',
  ],
  [
    "VirtualMachine",
    { migration: { mode: "warm" } },
    'migration.mode: "warm" must be one of "live", "offline", "none"',
  ],
  [
    "VirtualMachine",
    { migration: { storage: "layers" } },
    'migration.storage: "layers" must be one of "auto", "shared", "copy", "incremental"',
  ],
  [
    "VirtualMachine",
    { migration: { parallelConnections: 0 } },
    "migration.parallelConnections: 0 must be a whole number from 1 to 255",
  ],
  ["VirtualMachine", { migration: true }, "migration: true must be { mode, storage, ... }"],
  ["VirtualMachine", { disks: "20GiB" }, 'disks: "20GiB" must be a list of disks'],
  [
    "VirtualMachine",
    { disks: [null] },
    "disks[0]: null must be { disk }, { image, pool, ... } or { size, pool, ... }",
  ],
  [
    "VirtualMachine",
    { disks: [{ size: "1GiB", pool: "p" }, 7] },
    "disks[1]: 7 must be { disk }, { image, pool, ... } or { size, pool, ... }",
  ],
  [
    "VirtualMachine",
    { disks: [{ size: 20, pool: "p" }] },
    'disks[0].size: 20 must be at least 64 KiB; a number is bytes, so 20 is 20 bytes: did you mean "20MiB" or "20GiB"?',
  ],
  [
    "VirtualMachine",
    { disks: [{ siez: "1GiB", size: "1GiB", pool: "p" }] },
    "disks[0].siez: there is no such input; did you mean size?",
  ],
  ["VirtualMachine", { disks: [{ pool: "p" }] }, "disks[0].size: is missing: give size and pool, or disk"],
  ["VirtualMachine", { disks: [{ size: "1GiB" }] }, "disks[0].pool: is missing: give size and pool, or disk"],
  ["VirtualMachine", { disks: [{ disk: "data" }] }, 'disks[0].disk: "data" must be a Disk resource'],
  [
    "VirtualMachine",
    { disks: [{ disk: { host: "alpha", pool: "p", name: "d" }, size: "1GiB" }] },
    "disks[0].size: belongs to the Disk resource that disk names; give one or the other",
  ],
  [
    "VirtualMachine",
    { disks: [{ disk: { host: "beta", pool: "p", name: "d" } }] },
    "disks[0].disk: disk d is on host beta, the virtual machine on alpha: give both the same host",
  ],
  [
    "VirtualMachine",
    { disks: [{ size: "1GiB", pool: "p", format: "raw", backing: "base" }] },
    "disks[0].backing: needs format qcow2: a raw image has no backing",
  ],
  [
    "VirtualMachine",
    { disks: [{ size: "1GiB", pool: "p", backing: "/a/../b" }] },
    'disks[0].backing: "/a/../b" must not contain ".."',
  ],
  [
    "VirtualMachine",
    { disks: [{ size: "1GiB", pool: "p", backing: "a/b" }] },
    'disks[0].backing: "a/b" must not contain /',
  ],
  [
    "VirtualMachine",
    { disks: [{ size: "1GiB", pool: "p", backing: 7 }] },
    "disks[0].backing: 7 must be a Disk or Image resource, the name of a volume in the same pool, or an absolute path on the host",
  ],
  [
    "VirtualMachine",
    { disks: [{ size: "1GiB", pool: "p", serial: "a".repeat(21) }] },
    `disks[0].serial: "${"a".repeat(21)}" must be at most 20 characters on bus "virtio": the guest sees no more of it`,
  ],
  [
    "VirtualMachine",
    { disks: [{ size: "1GiB", pool: "p", serial: "$(id)" }] },
    'disks[0].serial: "$(id)" must consist of letters, digits, spaces and _ . + -',
  ],
  [
    "VirtualMachine",
    {
      disks: [
        { size: "1GiB", pool: "p", name: "a" },
        { size: "2GiB", pool: "p", name: "a" },
      ],
    },
    "disks[1]: is the same volume as disks[0], web-a in pool p; give one of them another name",
  ],
  ["VirtualMachine", { interfaces: [{}] }, "interfaces[0]: needs one of network, bridge and direct"],
  [
    "VirtualMachine",
    { interfaces: [{ network: "lan", bridge: "br0" }] },
    "interfaces[0]: needs one of network, bridge and direct",
  ],
  [
    "VirtualMachine",
    { interfaces: [{ network: "lan", mac: "52:54:00:zz:00:01" }] },
    'interfaces[0].mac: "52:54:00:zz:00:01" must be a MAC address, such as 52:54:00:12:34:56',
  ],
  [
    "VirtualMachine",
    { interfaces: [{ network: "lan", mac: "53:54:00:00:00:01" }] },
    'interfaces[0].mac: "53:54:00:00:00:01" must not be a multicast address: its first byte is odd',
  ],
  [
    "VirtualMachine",
    {
      interfaces: [
        { network: "a", mac: "52:54:00:00:00:0A" },
        { network: "a", mac: "52:54:00:00:00:0a" },
      ],
    },
    "interfaces[1].mac: 52:54:00:00:00:0a occurs twice",
  ],
  [
    "VirtualMachine",
    { interfaces: [{ bridge: "übung-brücke-1" }] },
    'interfaces[0].bridge: "übung-brücke-1" must be at most 15 bytes',
  ],
  [
    "VirtualMachine",
    { interfaces: { network: "lan" } },
    'interfaces: {"network":"lan"} must be a list of interfaces',
  ],
  ["VirtualMachine", { cpu: 2 }, "cpu: 2 must be { mode, model, features, topology, ... }"],
  [
    "VirtualMachine",
    { hostname: "x" },
    "hostname: there is no such input; did you mean cloudInit.hostname or host?",
  ],
  ["VirtualMachine", { vcpu: 2 }, "vcpu: there is no such input; did you mean cpus?"],
  ["VirtualMachine", { memory: undefined, ram: "1GiB" }, "ram: there is no such input; did you mean memory?"],
  [
    "VirtualMachine",
    { user_data: "x" },
    "user_data: there is no such input; did you mean cloudInit.userData?",
  ],
  [
    "VirtualMachine",
    { networkInterfaces: [] },
    "networkInterfaces: there is no such input; did you mean interfaces?",
  ],
  ["VirtualMachine", { cloudinit: "x" }, "cloudinit: there is no such input; did you mean cloudInit?"],
  ["VirtualMachine", { running: true }, "running: there is no such input; did you mean powerState?"],
  [
    "VirtualMachine",
    { power_state: "stopped" },
    "power_state: there is no such input; did you mean powerState?",
  ],
  [
    "VirtualMachine",
    { interfaces: [{ network_id: "lan" }] },
    "interfaces[0].network_id: there is no such input; did you mean network?",
  ],
  [
    "VirtualMachine",
    { disks: [{ volume_id: "x", size: "1GiB", pool: "p" }] },
    "disks[0].volume_id: there is no such input; did you mean disk?",
  ],
  ["Disk", { base_volume_id: "x" }, "base_volume_id: there is no such input; did you mean backing?"],
  [
    "VirtualMachine",
    { host: undefined, connection: "a" },
    'host: "a" must be a Host resource or { name, connection }',
  ],
  ["Network", { hosts: { 0: "a" } }, 'hosts["0"]: "a" must be a Host resource or { name, connection }'],
  [
    "StoragePool",
    { constructor: 1 },
    "constructor: there is no such input; there are timeouts, hosts, name, type, path, source, build, autostart, forceDestroy, adopt",
  ],
  [
    "VirtualMachine",
    { host: undefined, connection: undefined },
    "host: is missing: it must be a Host resource or { name, connection }",
  ],
  [
    "VirtualMachine",
    { connection: { ...connection, port: 99999 } },
    "host.connection.port: 99999 must be a whole number from 1 to 65535",
  ],
  [
    "VirtualMachine",
    { connection: { ...connection, usr: "x" } },
    "host.connection.usr: there is no such input; did you mean user?",
  ],
  [
    "VirtualMachine",
    { pulumiUrn: undefined },
    "pulumiUrn: is missing: construct resources through the classes of pulumi-kvm",
  ],
  [
    "Host",
    { connection: { ...connection, port: "22" } },
    'port: "22" must be a whole number from 1 to 65535',
  ],
  [
    "Host",
    { connection: { ...connection, address: "a b" } },
    'address: "a b" must be a DNS name, an IP address, an alias of the ssh configuration or "local", without spaces',
  ],
  ...["qemu+ssh://root@alpha/system", "root@alpha", "alpha:22", "https://alpha:8006"].map(
    (address): [Kind, Record<string, unknown>, string] => [
      "Host",
      { connection: { ...connection, address } },
      `address: ${JSON.stringify(address)} must be a DNS name, an IP address, an alias of the ssh configuration or "local" alone: user and port are inputs beside it`,
    ],
  ),
  ["Host", { connection: { ...connection, address: undefined } }, "address: is missing: it must be a string"],
  [
    "Host",
    { connection: { ...connection, adress: "x" } },
    "adress: there is no such input; did you mean address?",
  ],
  [
    "Host",
    { connection: { ...connection, libvirtSocket: "libvirt-sock" } },
    'libvirtSocket: "libvirt-sock" must be an absolute path on the host, such as /var/lib/libvirt/images',
  ],
  [
    "Host",
    { connection: { ...connection, hostKeyPolicy: "off" } },
    'hostKeyPolicy: "off" must be one of "strict", "acceptNew"',
  ],
  ["Host", { connection: { ...connection, sshConfig: true } }, "sshConfig: true must be a path or false"],
  [
    "Host",
    { connection: { ...connection, agent: 7 } },
    "agent: 7 must be true, false or the path of an agent's socket",
  ],
  ["Host", { credentials: { privateKey: 12345 } }, "privateKey: must be a string (the value is secret)"],
  [
    "Host",
    { credentials: "hunter2" },
    "credentials: must be { privateKey, passphrase } (the value is secret)",
  ],
  [
    "Host",
    { credentials: { privatKey: "hunter2" } },
    "privatKey: there is no such input; did you mean privateKey?",
  ],
  ["Host", { labels: { rack: 1 } }, "labels.rack: 1 must be a string"],
  ["Host", { labels: { "my rack": 1 } }, 'labels["my rack"]: 1 must be a string'],
  ["Host", { reservedCpus: -1 }, "reservedCpus: -1 must be a whole number from 0 to 4096"],
  ["StoragePool", { path: "/" }, 'path: "/" must be a folder of its own, not /'],
  ["StoragePool", { hosts: {} }, "hosts: {} must name at least one host"],
  [
    "StoragePool",
    { hosts: { alpha: { ...connection, port: 0 } } },
    "hosts.alpha.connection.port: 0 must be a whole number from 1 to 65535",
  ],
  [
    "StoragePool",
    { hosts: { "0": undefined } },
    'hosts["0"].connection: is missing: it must be { address, user, port, ... }',
  ],
  ["Disk", { size: "0GiB" }, 'size: "0GiB" must be at least 64 KiB'],
  ["Disk", { format: "vmdk" }, 'format: "vmdk" must be one of "qcow2", "raw"'],
  ["Disk", { pool: { name: "x" } }, 'pool: {"name":"x"} must be a string'],
  ["Disk", { format: "raw", backing: "base" }, "backing: needs format qcow2: a raw image has no backing"],
  [
    "Disk",
    { move: { bandwidthMibPerSecond: 0 } },
    "move.bandwidthMibPerSecond: 0 must be a whole number from 1 to 1000000",
  ],
  ["Disk", { move: { speed: 1 } }, "move.speed: there is no such input; there are bandwidthMibPerSecond"],
  ["Disk", { move: "fast" }, 'move: "fast" must be { bandwidthMibPerSecond }'],
  ["Disk", { sise: 1 }, "sise: there is no such input; did you mean size?"],
  [
    "Network",
    { name: "lan #2" },
    'name: "lan #2" must not contain " #": dnsmasq takes what follows for a comment',
  ],
  ["Network", { dhcp: { strat: "10.1.0.5" } }, "dhcp.strat: there is no such input; did you mean start?"],
  [
    "Network",
    { dhcp: { hosts: [{ mac: "52:54:00:00:00:01", adress: "10.1.0.5", address: "10.1.0.5" }] } },
    "dhcp.hosts[0].adress: there is no such input; did you mean address?",
  ],
  [
    "Network",
    { dhcp: { hosts: [{ mac: "52:54:00:00:00:01" }] } },
    "dhcp.hosts[0].address: is missing: it must be an IPv4 address, such as 10.10.0.5",
  ],
  [
    "Network",
    { domain: "-x" },
    'domain: "-x" must be a DNS name: letters, digits and hyphens, parts separated by dots, such as lab.example',
  ],
  [
    "Network",
    { mode: "bridge", cidr: undefined },
    'bridge: is missing: mode "bridge" needs the name of a bridge that exists on the hosts',
  ],
  [
    "Network",
    { cidr: undefined },
    'cidr: is missing: mode "nat" needs the host\'s address in the network, such as 10.10.0.1/24',
  ],
  ...computeTable,
  ...devicesTable,
  ...platformTable,
  ...networkTable.map(([inputs, message]): [Kind, Record<string, unknown>, string] => [
    "Network",
    inputs,
    message,
  ]),
  ...imageTable.map(([inputs, message]): [Kind, Record<string, unknown>, string] => [
    "Image",
    inputs,
    message,
  ]),
  ...poolTable.map(([inputs, message]): [Kind, Record<string, unknown>, string] => [
    "StoragePool",
    inputs,
    message,
  ]),
  ["Snapshot", { vm: undefined }, "vm: is missing: it must be a VirtualMachine resource or { host, name }"],
  ["Snapshot", { name: ".hidden" }, 'name: ".hidden" must not begin with a dot'],
  ["Snapshot", { name: "a/b" }, 'name: "a/b" must not contain /'],
  ["Snapshot", { type: "full" }, 'type: "full" must be one of "internal", "external"'],
  ["Snapshot", { memory: "yes" }, 'memory: "yes" must be true or false'],
  ["Snapshot", { disks: "vda" }, 'disks: "vda" must be a list of disks\' targets, such as ["vda"]'],
  [
    "Snapshot",
    { type: "external", disks: ["/dev/vda"] },
    'disks[0]: "/dev/vda" must be a disk\'s target, such as "vda"',
  ],
  ["Snapshot", { type: "external", disks: [] }, "disks: [] must name at least one disk"],
  ["Snapshot", { disks: ["vda"] }, 'disks: needs type "external": an internal snapshot is of all disks'],
  [
    "Snapshot",
    { quiesce: true },
    'quiesce: needs type "external": an internal snapshot has the memory, nothing is lost in it',
  ],
  [
    "Snapshot",
    { type: "external", quiesce: true, memory: true },
    "quiesce: is for snapshots without memory; give one or the other",
  ],
  [
    "Snapshot",
    { revert: true },
    "revert: true must be a text or a number, to be changed when the guest is to go back",
  ],
  ["Snapshot", { revert: "" }, 'revert: "" must have 1 to 200 characters'],
  ["Snapshot", { quiece: true }, "quiece: there is no such input; did you mean quiesce?"],
];
