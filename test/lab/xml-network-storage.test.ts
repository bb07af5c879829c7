/** What libvirt makes of the XML that is written here, and what is read of what it makes. Needs root, libvirtd, virsh and QEMU. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  buildNetwork,
  buildNetworkEntry,
  buildPool,
  buildVolume,
  describeNetworkDifferences,
  type NetworkModel,
  parseNetwork,
  parsePool,
  parseVolume,
  patchNetwork,
  readOwnerMark,
} from "../../provider/libvirt/xml/index.js";
import { output, startVirsh, type Virsh } from "./xml-virsh.js";

const mib = 1024 * 1024;
let virsh: Virsh;

beforeAll(async () => {
  virsh = await startVirsh();
});

afterAll(async () => {
  await virsh.stop();
});

function uuid(number: number): string {
  return `5f9f3f1e-9f6c-4c55-8d0c-${String(number).padStart(12, "0")}`;
}

describe("networks", () => {
  const lan: NetworkModel = {
    name: "xmllan",
    uuid: uuid(20),
    mode: "nat",
    bridge: "virbr-xml",
    mtuBytes: 1400,
    domainName: "xml.example",
    ipv4: {
      address: "10.91.7.1",
      prefix: 24,
      dhcp: {
        ranges: [{ start: "10.91.7.100", end: "10.91.7.200" }],
        hosts: [{ mac: "52:54:00:20:00:01", name: "web", address: "10.91.7.10" }],
      },
    },
    ipv6: { address: "fd91:7::1", prefix: 64 },
    dns: {
      enabled: true,
      hosts: [{ address: "10.91.7.9", names: ["a", "b"] }],
      forwarders: [{ address: "127.0.0.53" }],
    },
  };
  const owner = {
    project: "p<&>'\"\n\t𝄞",
    stack: "s",
    type: "Network",
    name: "lan",
    nonce: "n",
    phase: "created",
  } as const;

  const defineNetwork = async (xml: string) => {
    await virsh.submit(["net-define", "--validate"], xml);
    return await virsh.run("net-dumpxml", "--inactive", parseNetwork(xml).name);
  };

  /** What libvirt adds where nothing is said. */
  const added = new Set(["uuid", "bridge", "stp", "delaySeconds", "mac"]);
  const differencesOf = (wanted: NetworkModel, xml: string) =>
    describeNetworkDifferences(wanted, parseNetwork(xml))
      .map(({ path }) => path)
      .filter((path) => !(added.has(path) && wanted[path as keyof NetworkModel] === undefined));

  test("are defined, marked and patched", async () => {
    const xml = await defineNetwork(buildNetwork(lan, { owner }));
    expect(differencesOf(lan, xml)).toEqual([]);
    expect(readOwnerMark(xml)).toEqual(owner);
    const to: NetworkModel = {
      ...lan,
      mtuBytes: 1300,
      ipv4: { address: "10.91.8.1", prefix: 23 },
      dns: { enabled: true, hosts: [] },
    };
    const patched = await defineNetwork(patchNetwork(xml, to));
    expect(differencesOf(to, patched)).toEqual([]);
    expect(readOwnerMark(patched)).toEqual(owner);
    await virsh.run("net-undefine", "xmllan");
  });

  test.each<NetworkModel>([
    { name: "xmliso", mode: "isolated" },
    { name: "xmlbr", mode: "bridge", bridge: "br0" },
    {
      name: "xmlroute",
      mode: "route",
      ipv4: { address: "10.92.0.1", prefix: 24 },
      dns: { enabled: false, hosts: [] },
    },
    { name: "xmlopen", mode: "open", ipv4: { address: "10.93.0.1", prefix: 24 } },
  ])("of mode $mode are defined", async (wanted) => {
    const xml = await defineNetwork(buildNetwork(wanted));
    expect(differencesOf(wanted, xml)).toEqual([]);
    await virsh.run("net-undefine", wanted.name);
  });

  test("take entries while they run", async () => {
    await defineNetwork(
      buildNetwork({
        ...lan,
        mtuBytes: undefined,
        mode: "isolated",
        dns: undefined,
      } as unknown as NetworkModel),
    );
    await virsh.run("net-start", "xmllan");
    try {
      const update = (command: string, section: string, xml: string) =>
        virsh.run("net-update", "xmllan", command, section, xml, "--live", "--config");
      await update(
        "add",
        "ip-dhcp-host",
        buildNetworkEntry({ dhcpHost: { mac: "52:54:00:20:00:02", name: "db", address: "10.91.7.11" } }),
      );
      await update(
        "modify",
        "ip-dhcp-host",
        buildNetworkEntry({ dhcpHost: { mac: "52:54:00:20:00:01", name: "www", address: "10.91.7.10" } }),
      );
      await update(
        "add",
        "dns-host",
        buildNetworkEntry({ dnsHost: { address: "10.91.7.12", names: ["x&y"] } }),
      );
      for (const inactive of [[], ["--inactive"]]) {
        const network = parseNetwork(await virsh.run("net-dumpxml", "xmllan", ...inactive));
        expect(network.ipv4?.dhcp?.hosts).toEqual([
          { mac: "52:54:00:20:00:01", name: "www", address: "10.91.7.10" },
          { mac: "52:54:00:20:00:02", name: "db", address: "10.91.7.11" },
        ]);
        expect(network.dns?.hosts).toEqual([{ address: "10.91.7.12", names: ["x&y"] }]);
      }
    } finally {
      await virsh.run("net-destroy", "xmllan");
      await virsh.run("net-undefine", "xmllan");
    }
  });
});

test("pools and volumes are made and described", async () => {
  const path = "/var/lib/libvirt/a b&<>'\"";
  await mkdir(join(virsh.folder, "lib", "a b&<>'\""));
  const pool = { name: "xml & pool", uuid: uuid(30), type: "dir", path };
  await virsh.submit(["pool-define", "--validate"], buildPool(pool));
  await virsh.run("pool-start", pool.name);
  expect(parsePool(await virsh.run("pool-dumpxml", pool.name))).toEqual(pool);

  const base = { name: "base <1> 𝄞.qcow2", format: "qcow2", capacityBytes: 8 * mib, allocationBytes: 0 };
  const overlay = {
    name: "overlay.qcow2",
    format: "qcow2",
    capacityBytes: 16 * mib,
    backing: { path: `${path}/${base.name}`, format: "qcow2" },
  };
  const raw = { name: "raw", format: "raw", capacityBytes: mib, allocationBytes: 0 };
  for (const volume of [base, overlay, raw]) {
    // libvirt 9.0 refuses its own flag for a check of the schema here.
    await virsh.submit(["vol-create", pool.name], buildVolume(volume));
    const described = parseVolume(await virsh.run("vol-dumpxml", volume.name, pool.name));
    const { allocationBytes: _asked, ...wanted } = { allocationBytes: 0, ...volume };
    expect(described).toEqual({
      ...wanted,
      path: `${path}/${volume.name}`,
      allocationBytes: expect.any(Number),
      physicalBytes: expect.any(Number),
      changedAt: expect.stringMatching(/^[\d.]+ [\d.]+$/),
    });
    expect(described.allocationBytes).toBeLessThan(mib);
  }
  const details = await output(
    "qemu-img",
    "info",
    "--output=json",
    join(virsh.folder, "lib", "a b&<>'\"", "overlay.qcow2"),
  );
  expect(JSON.parse(details)).toMatchObject({
    "backing-filename": `${path}/${base.name}`,
    "format-specific": { data: { compat: "1.1" } },
  });
});
