import { describe, expect, test } from "vitest";
import {
  buildNetwork,
  buildNetworkEntry,
  buildVolume,
  describeNetworkDifferences,
  leaseKind,
  type MarkProblem,
  machineCanonicalName,
  migrationJournalKind,
  type NetworkModel,
  ownerMarkKind,
  parseCapabilities,
  parseNetwork,
  parsePool,
  parseVolume,
  patchNetwork,
  readLease,
  readMigrationJournal,
  readOwnerMark,
  withLease,
  withOwnerMark,
  writeLease,
  writeMigrationJournal,
  writeOwnerMark,
  xmlDiff,
} from "../../provider/libvirt/xml/index.js";
import { fixture } from "../fixtures/xml/fixtures.js";

const owner = {
  project: "p",
  stack: "s",
  type: "VirtualMachine",
  name: "web",
  nonce: "n1",
  phase: "created",
} as const;

describe("networks that libvirt wrote", () => {
  test("lan, with everything", () => {
    const lan: NetworkModel = {
      name: "lan",
      uuid: "e3318db7-b2c9-4100-980e-91e1662c5520",
      mode: "nat",
      nat: { ipv6: true },
      bridge: "virbr7",
      stp: true,
      delaySeconds: 0,
      mtuBytes: 1400,
      mac: "52:54:00:0b:18:f9",
      domainName: "lan.example",
      domainLocalOnly: true,
      ipv4: {
        address: "10.77.0.1",
        prefix: 24,
        dhcp: {
          ranges: [
            { start: "10.77.0.100", end: "10.77.0.200", leaseSeconds: 3600 },
            { start: "10.77.0.210", end: "10.77.0.220" },
          ],
          hosts: [
            { mac: "52:54:00:aa:00:01", name: "web", address: "10.77.0.10" },
            { name: "only", address: "10.77.0.11" },
          ],
        },
      },
      ipv6: {
        address: "fd00:77::1",
        prefix: 64,
        dhcp: {
          ranges: [{ start: "fd00:77::100", end: "fd00:77::1ff" }],
          hosts: [{ duid: "00:03:00:01:52:54:00:aa:00:01", name: "web6", address: "fd00:77::10" }],
        },
      },
      routes: [{ address: "10.99.0.0", prefix: 16, gateway: "10.77.0.2" }],
      dns: {
        enabled: true,
        hosts: [{ address: "10.77.0.5", names: ["a", "b"] }],
        texts: [{ name: "x", value: "y" }],
        forwarders: [{ address: "9.9.9.9" }, { domain: "corp", address: "10.1.1.1" }],
      },
    };
    expect(parseNetwork(fixture("network/lan"))).toEqual(lan);
    expect(parseNetwork(fixture("network/lan-live"))).toEqual(lan);
  });

  test("the others", () => {
    const { uuid: _iso, mac: _mac, ...iso } = parseNetwork(fixture("network/iso"));
    expect(iso).toEqual({
      name: "iso",
      mode: "isolated",
      bridge: "virbr8",
      stp: true,
      delaySeconds: 0,
      ipv4: { address: "10.78.0.1", prefix: 24 },
    });
    const { uuid: _br, ...br } = parseNetwork(fixture("network/br"));
    const portgroups = [{ name: "default", isDefault: true }];
    expect(br).toEqual({ name: "br", mode: "bridge", bridge: "br0", portgroups });
    const nodns = parseNetwork(fixture("network/nodns"));
    expect([nodns.mode, nodns.dns]).toEqual(["route", { enabled: false, hosts: [] }]);
    expect(parseNetwork(fixture("network/open")).mode).toBe("open");
  });

  test.each([
    ["<ip address='10.0.0.1'/>", 8],
    ["<ip address='172.16.0.1'/>", 16],
    ["<ip address='192.168.0.1'/>", 24],
    ["<ip address='192.168.0.1' netmask='255.255.254.0'/>", 23],
    ["<ip address='192.168.0.1' netmask='0.0.0.0'/>", 0],
  ])("%s has prefix %i", (ip, prefix) => {
    expect(parseNetwork(`<network><name>a</name>${ip}</network>`).ipv4?.prefix).toBe(prefix);
  });

  test("are patched entry by entry, keeping what the entries have besides", () => {
    const xml = fixture("network/lan");
    const to = structuredClone(parseNetwork(xml));
    to.domainName = "other.example";
    to.ipv4?.dhcp?.hosts.splice(0, 1, { mac: "52:54:00:aa:00:09", name: "web", address: "10.77.0.10" });
    to.ipv4?.dhcp?.hosts.splice(1, 1, { name: "only", address: "10.77.0.11", leaseSeconds: 0 });
    to.ipv4?.dhcp?.ranges.pop();
    to.ipv6?.dhcp?.hosts.splice(0, 1, { duid: "00:03:00:01:aa", name: "six", address: "fd00:77::10" });
    to.dns?.hosts.push({ address: "10.77.0.6", names: ["c"] });
    expect(describeNetworkDifferences(parseNetwork(xml), to).map(({ kind, path }) => [kind, path])).toEqual([
      ["property", "domainName"],
      ["dhcpRange", "ipv4.dhcp.ranges[10.77.0.210-10.77.0.220]"],
      ["dhcpHost", "ipv4.dhcp.hosts[10.77.0.10]"],
      ["dhcpHost", "ipv4.dhcp.hosts[10.77.0.11]"],
      ["dhcpHost", "ipv6.dhcp.hosts[fd00:77::10]"],
      ["dnsHost", "dns.hosts[10.77.0.6]"],
    ]);
    const patched = patchNetwork(xml, to);
    const lines = xmlDiff(xml, patched)
      .split("\n")
      .filter((line) => /^[+-]/.test(line))
      .map((line) => line.replace(/^(.)\s*/, "$1"));
    expect(lines).toEqual([
      "-<domain name='lan.example' localOnly='yes'/>",
      "+<domain name='other.example' localOnly='yes'/>",
      "+<host ip='10.77.0.6'>",
      "+<hostname>c</hostname>",
      "+</host>",
      "-<range start='10.77.0.210' end='10.77.0.220'/>",
      "-<host mac='52:54:00:AA:00:01' name='web' ip='10.77.0.10'/>",
      "-<host name='only' ip='10.77.0.11'/>",
      "+<host mac='52:54:00:aa:00:09' name='web' ip='10.77.0.10'/>",
      "+<host name='only' ip='10.77.0.11'>",
      "+<lease expiry='0'/>",
      "+</host>",
      "-<host id='00:03:00:01:52:54:00:aa:00:01' name='web6' ip='fd00:77::10'/>",
      "+<host id='00:03:00:01:aa' name='six' ip='fd00:77::10'/>",
    ]);
  });

  test("entries for net-update", () => {
    expect(buildNetworkEntry({ dhcpHost: { mac: "52:54:00:00:00:01", address: "10.0.0.2" } })).toBe(
      "<host mac='52:54:00:00:00:01' ip='10.0.0.2'/>\n",
    );
    expect(buildNetworkEntry({ dhcpRange: { start: "10.0.0.2", end: "10.0.0.9" } })).toBe(
      "<range start='10.0.0.2' end='10.0.0.9'/>\n",
    );
    expect(buildNetworkEntry({ dnsHost: { address: "10.0.0.2", names: ["a&b"] } })).toBe(
      "<host ip='10.0.0.2'>\n  <hostname>a&amp;b</hostname>\n</host>\n",
    );
  });

  test("a new one carries its owner", () => {
    const xml = buildNetwork({ name: "a", mode: "isolated" }, { owner });
    expect(readOwnerMark(xml)).toEqual(owner);
    expect(xml).not.toContain("<forward");
  });
});

describe("storage and hosts that libvirt described", () => {
  test("volumes", () => {
    expect(parseVolume(fixture("volume/overlay"))).toEqual({
      name: "v1.qcow2",
      format: "qcow2",
      changedAt: "1795404233.911075495 1795404233.915075495",
      capacityBytes: 33554432,
      allocationBytes: 200704,
      physicalBytes: 196616,
      path: "/var/lib/libvirt/images/v1.qcow2",
      backing: { path: "/var/lib/libvirt/images/base.qcow2", format: "qcow2" },
    });
    expect(parseVolume(fixture("volume/raw")).backing).toBeUndefined();
    expect(buildVolume({ name: "a", format: "qcow2", capacityBytes: 1 })).toContain("<compat>1.1</compat>");
    expect(buildVolume({ name: "a", format: "raw", capacityBytes: 1 })).not.toMatch(/compat|permissions/);
  });

  test("pools", () => {
    expect(parsePool(fixture("pool/dir"))).toMatchObject({
      name: "default",
      type: "dir",
      path: "/var/lib/libvirt/images",
    });
    expect(parsePool(fixture("pool/netfs"))).toMatchObject({ type: "netfs", path: "/mnt/x" });
    expect(parsePool(fixture("pool/logical"))).toMatchObject({ type: "logical", path: "/dev/vg0" });
  });

  test("an alias that stands for two versions is QEMU's own one", () => {
    const machines = [
      ["ubuntu-q35", "pc-q35-noble-v2"],
      ["q35", "pc-q35-noble"],
      ["q35", "pc-q35-8.2"],
    ];
    for (const order of [machines, [...machines].reverse()]) {
      const elements = order.map(
        ([name, is]) => `<machine canonical='${is}' maxCpus='1024'>${name}</machine>`,
      );
      const capabilities = parseCapabilities(
        `<capabilities><host><uuid>u</uuid><cpu><arch>x86_64</arch></cpu></host><guest><os_type>hvm</os_type><arch name='x86_64'>${elements.join("")}<domain type='qemu'/></arch></guest></capabilities>`,
      );
      const name = (alias: string) => machineCanonicalName(capabilities, "x86_64", "qemu", alias);
      expect([name("q35"), name("ubuntu-q35")]).toEqual(["pc-q35-8.2", "pc-q35-noble-v2"]);
    }
  });

  test("capabilities, and what an alias of a machine is", () => {
    const capabilities = parseCapabilities(fixture("capabilities/no-kvm"));
    expect(capabilities).toMatchObject({
      hostUuid: "6d1c9f4e-2f0b-4c0e-9a53-111122223333",
      architecture: "x86_64",
      cpuModel: "kvm64",
      topology: { sockets: 1, dies: 1, cores: 2, threads: 1 },
    });
    expect(
      capabilities.guests.map(({ architecture, accelerators, emulator }) => [
        architecture,
        accelerators,
        emulator,
      ]),
    ).toEqual([
      ["i686", ["qemu"], "/usr/bin/qemu-system-i386"],
      ["x86_64", ["qemu"], "/usr/bin/qemu-system-x86_64"],
    ]);
    const name = (alias: string, accelerator = "qemu") =>
      machineCanonicalName(capabilities, "x86_64", accelerator, alias);
    expect([name("q35"), name("pc"), name("pc-q35-6.2"), name("nonesuch"), name("q35", "kvm")]).toEqual([
      "pc-q35-7.2",
      "pc-i440fx-7.2",
      "pc-q35-6.2",
      undefined,
      undefined,
    ]);
  });
});

describe("marks", () => {
  const xml = fixture("domain/rich");
  const problemOf = (read: (text: string, tell: (problem: MarkProblem) => void) => unknown, text: string) => {
    let problem: MarkProblem | undefined;
    const value = read(text, (told) => {
      problem = told;
    });
    expect(value).toBeUndefined();
    return problem?.kind;
  };

  test("stand beside foreign metadata, each in a namespace of its own", () => {
    const marked = withLease(withOwnerMark(xml, owner), { run: "r", holder: "h/1", expiresAtMs: 5 });
    expect(marked).toContain(
      '    <kvm-owner:owner xmlns:kvm-owner="urn:pulumi-kvm:owner:1" project="p" stack="s" type="VirtualMachine" name="web" nonce="n1" phase="created"/>\n' +
        '    <kvm-lease:lease xmlns:kvm-lease="urn:pulumi-kvm:lease:1" run="r" holder="h/1" expiresAtMs="5"/>\n  </metadata>',
    );
    expect(withLease(withOwnerMark(marked, undefined), undefined)).toBe(xml);
  });

  test("keep what a newer version noted in them", () => {
    const newer = withOwnerMark(xml, owner)
      .replace('nonce="n1"', 'nonce="n1" later="&lt;1&gt;"')
      .replace('phase="created"/>', 'phase="created"><kvm-owner:also in="2"/></kvm-owner:owner>');
    expect(readOwnerMark(newer)).toEqual(owner);
    const ofOne = { ...owner, uuid: "1b671a64-40d5-491e-99b0-da01ff1f3341" };
    expect(readOwnerMark(withOwnerMark(newer, ofOne))).toEqual(ofOne);
    const rewritten = withOwnerMark(newer, { ...owner, nonce: "n2" });
    expect(rewritten).toContain('later="&lt;1&gt;"');
    expect(rewritten).toContain('<kvm-owner:also in="2"/>');
    expect(readOwnerMark(rewritten)?.nonce).toBe("n2");
    expect(writeOwnerMark({ ...owner, nonce: "n3" }, newer)).toBe(
      '<owner project="p" stack="s" type="VirtualMachine" name="web" nonce="n3" later="&lt;1&gt;" phase="created"><also in="2"/></owner>',
    );
  });

  test("are found by their namespace, whichever prefix it has", () => {
    const foreign = xml.replace(
      "</metadata>",
      `<owner xmlns="urn:pulumi-kvm:owner:1" project="p" stack="s" type="VirtualMachine" name="web" nonce="n1" phase="created"/></metadata>`,
    );
    expect(readOwnerMark(foreign)).toEqual(owner);
    const again = withOwnerMark(foreign, { ...owner, phase: "creating" });
    expect(readOwnerMark(again)?.phase).toBe("creating");
    expect(again.match(/urn:pulumi-kvm:owner:1/g)).toHaveLength(1);
  });

  test("that can't be read say why and read as none", () => {
    const marked = withOwnerMark(xml, owner);
    expect(problemOf(readOwnerMark, xml)).toBeUndefined();
    expect(problemOf(readOwnerMark, marked.replace(' nonce="n1"', ""))).toBe("valueMissing");
    expect(problemOf(readOwnerMark, marked.replace("created", "destroyed"))).toBe("valueInvalid");
    expect(problemOf(readOwnerMark, marked.replace("</domain>", ""))).toBe("xmlMalformed");
    expect(problemOf(readOwnerMark, marked.replace(/<kvm-owner:owner.*>/, "$&$&"))).toBe("ambiguous");
    const held = withLease(xml, { run: "r", holder: "h", expiresAtMs: 5 });
    expect(problemOf(readLease, held.replace('expiresAtMs="5"', 'expiresAtMs="soon"'))).toBe("valueInvalid");
    expect(
      problemOf(readMigrationJournal, '<migration epoch="1" startedAtMs="2" autostart="no" storage="copy"/>'),
    ).toBe("valueMissing");
  });

  test("for DomainSetMetadata have no namespace, which libvirt gives them", () => {
    expect(writeLease({ run: "<r>", holder: "h\n1", expiresAtMs: 5 })).toBe(
      '<lease run="&lt;r&gt;" holder="h&#10;1" expiresAtMs="5"/>',
    );
    const journal = writeMigrationJournal({
      from: { name: "a", uuid: "1" },
      to: { name: "b", uuid: "2", migrationUri: "tcp://b" },
      epoch: 3,
      startedAtMs: 4,
      autostart: true,
      storage: "shared",
      volumes: [],
    });
    expect(journal).not.toContain("xmlns");
    expect([ownerMarkKind.key, leaseKind.key, migrationJournalKind.key]).toEqual([
      "kvm-owner",
      "kvm-lease",
      "kvm-migration",
    ]);
  });
});
