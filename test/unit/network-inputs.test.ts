import { describe, expect, it } from "vitest";
import { check } from "../../provider/engine/lifecycle.js";
import { UNKNOWN } from "../../provider/engine/unknowns.js";
import { Hosts } from "../../provider/hosts/hosts.js";
import { network } from "../../provider/resources/network/index.js";

/** No host is asked: the inputs are refused before. */
const deployment = {
  hosts: new Hosts({ warn: () => undefined, now: () => 0 }),
  engine: undefined,
  now: () => 0,
  randomUuid: () => "",
  randomNonce: () => "",
  run: { id: "", holder: "" },
};

const declared = {
  pulumiUrn: "urn:pulumi:lab::test::pulumi-nodejs:dynamic/kvm:Network::lan",
  name: "lan",
  hosts: { alpha: { address: "alpha.invalid" } },
  mode: "nat",
  cidr: "10.0.0.1/24",
};

async function problemsOf(more: object): Promise<string[]> {
  const inputs = { ...declared, ...more };
  const { failures } = await check(network, deployment, {}, inputs);
  return failures.map(({ reason }) => reason);
}

const notForBridge = 'is not for mode "bridge": addresses, names and packet sizes are those of the bridge';

describe("the inputs of a network", () => {
  it.each<[string, object, string[]]>([
    [
      "an unknown mode",
      { mode: "hostdev" },
      ['mode: "hostdev" must be one of "nat", "route", "open", "isolated", "bridge", "macvtap", "ovs"'],
    ],
    [
      "nat without an address",
      { cidr: undefined },
      ['cidr: is missing: mode "nat" needs the host\'s address in the network, such as 10.10.0.1/24'],
    ],
    [
      "a bridge without its name",
      { mode: "bridge", cidr: undefined },
      ['bridge: is missing: mode "bridge" needs the name of a bridge that exists on the hosts'],
    ],
    [
      "what belongs to the bridge",
      { mode: "bridge", bridge: "br0", dhcp: true, domain: "a.b", mtu: 1500 },
      [`cidr: ${notForBridge}`, `dhcp: ${notForBridge}`, `domain: ${notForBridge}`, `mtu: ${notForBridge}`],
    ],
    [
      "DHCP without addresses",
      { mode: "isolated", cidr: undefined, dhcp: true },
      ["dhcp: needs cidr: without it there are no addresses to hand out"],
    ],
    [
      "a range outside",
      { dhcp: { start: "10.0.1.5", end: "10.0.0.255" } },
      [
        "dhcp.start: 10.0.1.5 must be within cidr: 10.0.0.1 to 10.0.0.254",
        "dhcp.end: 10.0.0.255 must be within cidr: 10.0.0.1 to 10.0.0.254",
      ],
    ],
    [
      "a range backwards",
      { dhcp: { start: "10.0.0.9", end: "10.0.0.8" } },
      ["dhcp.end: 10.0.0.8 must not be below dhcp.start, 10.0.0.9"],
    ],
    [
      "a range that libvirt doesn't take",
      { cidr: "10.0.0.1/8", dhcp: { start: "10.0.0.9", end: "10.1.0.8" } },
      [
        "dhcp: 10.0.0.9 to 10.1.0.8 is too large: libvirt takes ranges whose addresses have the first two numbers in common",
      ],
    ],
    [
      "fixed addresses that clash",
      {
        dhcp: {
          hosts: [
            { mac: "52:54:00:00:00:AA", address: "10.0.0.1", name: "Web" },
            { mac: "52:54:00:00:00:aa", address: "10.0.0.7", name: "web" },
            { mac: "52:54:00:00:00:ab", address: "10.0.0.7" },
            { mac: "52:54:00:00:00:ac", address: "10.0.9.7" },
          ],
        },
      },
      [
        "dhcp.hosts[0].address: 10.0.0.1 is the host's own address in the network",
        "dhcp.hosts[3].address: 10.0.9.7 must be within cidr: 10.0.0.1 to 10.0.0.254",
        "dhcp.hosts[2].address: 10.0.0.7 occurs twice",
        "dhcp.hosts[1].mac: 52:54:00:00:00:aa occurs twice",
        "dhcp.hosts[1].name: web occurs twice",
      ],
    ],
    ["an mtu too small", { mtu: 67 }, ["mtu: 67 must be a whole number from 68 to 65535"]],
  ])("refuses %s", async (_what, more, problems) => {
    expect(await problemsOf(more)).toEqual(problems);
  });

  it("refuses what would go astray in names", async () => {
    expect((await problemsOf({ name: "lan\nX" }))[0]).toMatch(
      /^name: "lan\\nX" must not contain line breaks/,
    );
    expect((await problemsOf({ credentials: { beta: {} } }))[0]).toMatch(/beta isn't among the hosts/);
  });

  it.each([
    "10.0.0.0/24",
    "10.0.0.255/24",
    "10.0.0.1/31",
    "10.0.0.1/7",
    "127.0.0.1/8",
    "224.0.0.1/24",
    "0.0.0.1/8",
    "fd00::1/64",
    "10.0.0.1/24\n",
  ])("refuses %j as the host's address", async (cidr) => {
    const [problem] = await problemsOf({ cidr });
    expect(problem).toContain(`cidr: ${JSON.stringify(cidr)} must be the host's IPv4 address in the network`);
  });

  it.each(["sixteen-letters1", "with space", "a/b", "", "..", "b\nr", "éééééééé", "a:b", "br%d"])(
    "refuses %j as a bridge's name",
    async (bridge) => {
      expect((await problemsOf({ bridge }))[0]).toMatch(/^bridge: /);
    },
  );

  it.each(["-a.b", "a..b", "a b", "a.b\n", ".", "a_b", "a".repeat(64)])(
    "refuses %j as a domain",
    async (domain) => {
      expect((await problemsOf({ domain }))[0]).toMatch(/^domain: /);
    },
  );

  it.each(["52:54:00:00:00", "53:54:00:00:00:01", "52-54-00-00-00-01", "52:54:00:00:00:0g"])(
    "refuses %j as a MAC address",
    async (mac) => {
      const [problem] = await problemsOf({ dhcp: { hosts: [{ mac, address: "10.0.0.5" }] } });
      expect(problem).toMatch(/^dhcp\.hosts\[0\]\.mac: /);
    },
  );

  it("of which some aren't known yet are said to make a change that isn't known yet, unless it is new", async () => {
    const said: string[] = [];
    const log = async ({ message }: { message: string }) => void said.push(message);
    const told = { ...deployment, engine: { log, gone: new AbortController().signal } };
    await check(network, told, {}, { ...declared, mtu: UNKNOWN });
    expect(said).toEqual([]);
    await check(network, told, declared, { ...declared, mtu: UNKNOWN });
    expect(said).toEqual([
      expect.stringMatching(/^Network lan: what changes isn't known yet: mtu depends on resources that/),
    ]);
  });
});
