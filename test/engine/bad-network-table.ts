/** Wrong inputs of a network with the cidr 10.1.0.1/24 in mode "nat", and what is said about each. */
export const networkTable: readonly [Record<string, unknown>, string][] = [
  [
    { mode: "hostdev" },
    'mode: "hostdev" must be one of "nat", "route", "open", "isolated", "bridge", "macvtap", "ovs"',
  ],
  [
    { mode: "ovs", cidr: undefined },
    'bridge: is missing: mode "ovs" needs the name of an Open vSwitch bridge that exists on the hosts',
  ],
  [
    { mode: "macvtap", cidr: undefined },
    'forwardDevice: is missing: mode "macvtap" needs the device of the hosts that guests are put on, such as eth0',
  ],
  [
    { mode: "macvtap", cidr: undefined, forwardDevices: ["eth0", "eth1", "eth0"] },
    "forwardDevices[2]: eth0 occurs twice",
  ],
  [
    { mode: "macvtap", cidr: undefined, forwardDevice: "eth0", vlan: 42 },
    'vlan: needs macvtapMode "passthrough": only a device that a guest has to itself takes VLANs from libvirt',
  ],
  [
    { mode: "ovs", bridge: "br0" },
    'cidr: is not for mode "ovs": addresses, names and packet sizes are those of the bridge',
  ],
  [
    { mode: "isolated", forwardDevice: "eth0" },
    'forwardDevice: is not for mode "isolated": nothing leaves it',
  ],
  [{ mode: "route", nat: {} }, 'nat: is not for mode "route": addresses aren\'t translated'],
  [
    { vlan: 42 },
    'vlan: is not for mode "nat": the bridge that libvirt makes knows no VLANs; make one with Open vSwitch',
  ],
  [
    { mode: "ovs", bridge: "ovs0", cidr: undefined, vlan: 4095 },
    "vlan: 4095 must be a whole number from 1 to 4094",
  ],
  [
    { mode: "ovs", bridge: "ovs0", cidr: undefined, vlan: { trunk: [1, 2], native: 3 } },
    "vlan.native: 3 must be one of vlan.trunk, 1, 2",
  ],
  [
    {
      mode: "ovs",
      bridge: "ovs0",
      cidr: undefined,
      portgroups: [
        { name: "a", default: true },
        { name: "b", default: true },
      ],
    },
    "portgroups[1].default: is that of portgroups[0] already: one of them at most can be the default",
  ],
  [
    { forwardDevice: "a-device-too-long" },
    'forwardDevice: "a-device-too-long" must be a device\'s name: 1 to 15 characters without spaces, slashes, colons and percent signs',
  ],
  [{ dhcp: "on" }, 'dhcp: "on" must be true, false or { start, end, ranges, hosts, leaseTime }'],
  [{ dhcp: { start: "10.1.0.x" } }, 'dhcp.start: "10.1.0.x" must be an IPv4 address, such as 10.10.0.5'],
  [
    {
      dhcp: {
        ranges: [
          { start: "10.1.0.10", end: "10.1.0.20" },
          { start: "10.1.0.20", end: "10.1.0.30" },
        ],
      },
    },
    "dhcp.ranges[1]: 10.1.0.20 to 10.1.0.30 overlaps dhcp.ranges[0], 10.1.0.10 to 10.1.0.20",
  ],
  [
    { dhcp: { leaseTime: "1m" } },
    'dhcp.leaseTime: "1m" must be a duration with its unit, such as "300ms", "30s" or "5m", from 2m to 87600h',
  ],
  [
    { dhcp: { hosts: [{ address: "10.1.0.9" }] } },
    "dhcp.hosts[0]: needs mac or name: by one of them the server knows whose the address is",
  ],
  [
    { dhcp: { hosts: [{ address: "10.1.0.9", name: "12h" }] } },
    'dhcp.hosts[0].name: "12h" must be another name: dnsmasq takes it for a time, or for a word of its own',
  ],
  [
    { ipv6: { cidr: "10.2.0.1/24" } },
    "ipv6.cidr: \"10.2.0.1/24\" must be the host's IPv6 address in the network with a prefix from 8 to 126, such as fd00:10::1/64; not the network's own, a link-local or a multicast address",
  ],
  [
    { ipv6: { cidr: "fd00::1/48", dhcp: true } },
    "ipv6.cidr: fd00::1/48 must have a prefix of at least 64 with ipv6.dhcp: dnsmasq hands out no addresses of larger networks",
  ],
  [
    { ipv6: { cidr: "fd00::1/64", dhcp: { start: "fd00::1:0", end: "fd00::2:0" } } },
    "ipv6.dhcp: fd00::1:0 to fd00::2:0 is too large: libvirt takes ranges whose addresses have all but the last number in common",
  ],
  [
    { ipv6: { cidr: "fd00::1/64", dhcp: { hosts: [{ address: "fd00:1::9", name: "a" }] } } },
    "ipv6.dhcp.hosts[0].address: fd00:1::9 must be within ipv6.cidr: fd00::1 to fd00::ffff:ffff:ffff:ffff",
  ],
  [
    { addresses: ["10.1.0.129/25"] },
    "addresses[0]: 10.1.0.129/25 overlaps cidr, 10.1.0.1/24; give each subnet addresses of its own",
  ],
  [
    { mtu: 1200, ipv6: { cidr: "fd00::1/64" } },
    "mtu: 1200 must be at least 1280 with an IPv6 address: smaller packets are none of IPv6",
  ],
  [
    { nat: { ports: { start: 3000, end: 2000 } } },
    "nat.ports.end: 2000 must not be below nat.ports.start, 3000",
  ],
  [{ nat: { ipv6: true } }, "nat.ipv6: needs ipv6: there are no IPv6 addresses to translate"],
  [
    { routes: [{ cidr: "192.168.7.5/24", gateway: "10.1.0.2" }] },
    'routes[0].cidr: "192.168.7.5/24" must be a network\'s own address: did you mean 192.168.7.0/24?',
  ],
  [
    { routes: [{ cidr: "192.168.7.0/24", gateway: "10.2.0.2" }] },
    "routes[0].gateway: 10.2.0.2 must be in one of the network's subnets: 10.1.0.1/24",
  ],
  [
    { dns: { enabled: false, hosts: [{ address: "10.1.0.5", names: ["a"] }] } },
    "dns.hosts: is for a DNS server that dns.enabled: false switches off; give one or the other",
  ],
  [
    {
      dns: {
        hosts: [
          { address: "fd00::5", names: ["a"] },
          { address: "FD00:0::5", names: ["b"] },
        ],
      },
    },
    "dns.hosts[1].address: fd00::5 occurs twice",
  ],
  [
    { dns: { txt: [{ name: "a", value: "one\ntwo" }] } },
    'dns.txt[0].value: "one\\ntwo" must not contain quotes, backslashes, commas, line breaks, or "#" after a space: dnsmasq would make something else of them',
  ],
  [
    { dns: { srv: [{ service: "ldap", protocol: "tcp", port: 389 }] } },
    "dns.srv[0].target: is missing: port, priority and weight are those of the machine that has the service",
  ],
  [
    { dns: { forwarders: ["9.9.9"] } },
    'dns.forwarders[0]: "9.9.9" must be an IP address, such as 10.10.0.5 or fd00:10::5',
  ],
];
