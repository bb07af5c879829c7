import fc from "fast-check";
import { z } from "zod";
import { crossChecks } from "../../provider/resources/network/cross-checks.js";
import { type Inputs, shape } from "../../provider/resources/network/schema.js";

export const pulumiUrn = "urn:pulumi:dev::shop::Network::lan";
export const HOSTS = ["alpha", "beta"];

const schema = z.object(shape);
const fixed = fc.uniqueArray(
  fc.record(
    {
      mac: fc.constantFrom("52:54:00:aa:00:01", "52:54:00:AA:00:02", "52:54:00:aa:00:03"),
      address: fc.constantFrom("10.3.0.9", "10.3.0.10", "10.3.0.11"),
      name: fc.constantFrom("printer", "camera", "door"),
    },
    { requiredKeys: ["mac", "address"] },
  ),
  { maxLength: 3, selector: (entry) => entry.mac },
);
const dhcp = fc.oneof(
  fc.boolean(),
  fc.record(
    {
      start: fc.constantFrom("10.3.0.2", "10.3.0.20"),
      end: fc.constantFrom("10.3.0.30", "10.3.0.100"),
      hosts: fixed,
      leaseTime: fc.constantFrom("2h", "120m", "infinite"),
    },
    { requiredKeys: [] },
  ),
);
const ipv6 = fc.record(
  {
    cidr: fc.constantFrom("fd00:3::1/64", "fd00:3::1/80", "FD00:3:0::2/64"),
    dhcp: fc.oneof(
      fc.boolean(),
      fc.record({
        ranges: fc.subarray([
          { start: "fd00:3::10", end: "fd00:3::1f" },
          { start: "fd00:3::20", end: "fd00:3::2f" },
        ]),
        hosts: fc.subarray([
          { duid: "00:03:00:01:AA", address: "fd00:3::40" },
          { name: "six", address: "fd00:3::41" },
        ]),
      }),
    ),
  },
  { requiredKeys: ["cidr"] },
);
const dns = fc.record(
  {
    enabled: fc.boolean(),
    hosts: fc.subarray([
      { address: "10.3.0.9", names: ["web"] },
      { address: "fd00:3::9", names: ["web", "www"] },
      { address: "10.3.0.10", names: ["db"] },
    ]),
    txt: fc.subarray([
      { name: "a", value: "one" },
      { name: "a", value: "two" },
      { name: "b", value: "three" },
    ]),
    srv: fc.subarray([{ service: "ldap", protocol: "tcp", target: "db", priority: 0 }]),
    forwarders: fc.subarray(["9.9.9.9", { domain: "corp", address: "10.9.9.9" }]),
  },
  { requiredKeys: [] },
);
const vlan = fc.constantFrom(42, 43, { trunk: [42, 43], native: 43 });
const portgroups = fc.subarray([
  { name: "used", vlan: 7 },
  { name: "free", vlan: 8 },
  { name: "first", default: true },
]);
/** Inputs of a network as programs give them. */
export const networkInputs: fc.Arbitrary<Inputs> = fc
  .record(
    {
      mode: fc.constantFrom("nat", "route", "isolated", "bridge", "ovs", "macvtap"),
      hosts: fc.subarray(HOSTS, { minLength: 1 }),
      bridge: fc.constantFrom("br0", "virbr7"),
      cidr: fc.constantFrom("10.3.0.1/24", "10.3.0.1/25", "10.3.0.254/24"),
      dhcp,
      ipv6,
      dns,
      vlan,
      portgroups,
      domain: fc.constantFrom("lab.example", { name: "shop.example", localOnly: true }),
      mtu: fc.constantFrom(1400, 9000),
      stp: fc.boolean(),
      forwardDelay: fc.constantFrom("2s", "0s"),
      mac: fc.constantFrom("52:54:00:CC:00:01", "52:54:00:cc:00:02"),
      addresses: fc.subarray(["10.4.0.1/24", "fd00:4::1/64", "10.5.0.1/24"]),
      routes: fc.subarray([{ cidr: "192.168.7.0/24", gateway: "10.3.0.2" }]),
      nat: fc.constantFrom(
        { ports: { start: 2000, end: 3000 } },
        { addresses: { start: "192.0.2.1", end: "192.0.2.9" } },
      ),
      forwardDevice: fc.constantFrom("eth0", "eth1"),
      forwardDevices: fc.subarray(["eth1", "eth2", "eth3"], { minLength: 1 }),
      macvtapMode: fc.constantFrom("private", "passthrough"),
      autostart: fc.boolean(),
      restartPolicy: fc.constantFrom("never", "whenNeeded"),
    },
    { requiredKeys: ["mode", "hosts"] },
  )
  .map(({ hosts, ...made }) => ({
    ...{ pulumiUrn, name: "lan", ...made },
    hosts: Object.fromEntries(hosts.map((host) => [host, { address: `${host}.invalid` }])),
  }))
  .map((made) => sound(made));

/** Without the inputs that don't go with the others, and with those that they need. */
function sound(made: Record<string, unknown>): Inputs {
  const needed: Record<string, unknown> = { bridge: "br0", cidr: "10.3.0.1/24", forwardDevice: "eth0" };
  let parsed = schema.parse(made);
  for (;;) {
    const problem = crossChecks.flatMap((check) => check(parsed))[0];
    if (problem === undefined) return parsed;
    const key = problem.path.replace(/[.[].*$/s, "");
    const { [key]: wrong, ...rest } = parsed as Record<string, unknown>;
    parsed = schema.parse(wrong === undefined ? { ...rest, [key]: needed[key] } : rest);
  }
}
