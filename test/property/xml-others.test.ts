import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  applyPatches,
  buildDomain,
  buildNetwork,
  buildPool,
  buildVolume,
  describeNetworkDifferences,
  isXmlText,
  type NetworkModel,
  parseCapabilities,
  parseDomain,
  parseNetwork,
  parsePool,
  parseVolume,
  patchNetwork,
  patchPool,
  readLease,
  readMigrationJournal,
  readOwnerMark,
  withLease,
  withMigrationJournal,
  withOwnerMark,
  writeLease,
  writeMigrationJournal,
  writeOwnerMark,
  XmlError,
  xmlDiff,
} from "../../provider/libvirt/xml/index.js";
import { fixtures } from "../fixtures/xml/fixtures.js";
import { anyCharacter } from "../support/any-character.js";
import { runs } from "../support/runs.js";
import { domainModel, hostile, lease, migrationJournal, networkModel, ownerMark } from "./xml-arbitraries.js";

/** The order in which ranges and hosts are listed doesn't count. */
function comparable(network: NetworkModel) {
  const sorted = <T>(list: readonly T[]) =>
    [...list].sort((left, right) => (JSON.stringify(left) < JSON.stringify(right) ? -1 : 1));
  const address = (made: NetworkModel["ipv4"]) =>
    made?.dhcp === undefined
      ? made
      : { ...made, dhcp: { ranges: sorted(made.dhcp.ranges), hosts: sorted(made.dhcp.hosts) } };
  const any = <T>(list: readonly T[] | undefined) => list && sorted(list);
  const dns = network.dns && {
    ...network.dns,
    hosts: sorted(network.dns.hosts),
    texts: any(network.dns.texts),
    services: any(network.dns.services),
  };
  return {
    ...network,
    devices: any(network.devices),
    portgroups: any(network.portgroups),
    moreAddresses: any(network.moreAddresses),
    ipv4: address(network.ipv4),
    ipv6: address(network.ipv6),
    dns,
  };
}

describe("networks", () => {
  test("are read as they were written", () => {
    fc.assert(
      fc.property(networkModel, ownerMark, (network, owner) => {
        const xml = buildNetwork(network, { owner });
        expect(parseNetwork(xml)).toEqual(network);
        expect(readOwnerMark(xml)).toEqual(owner);
        expect(patchNetwork(xml, network)).toBe(xml);
        expect(describeNetworkDifferences(network, parseNetwork(xml))).toEqual([]);
      }),
      { numRuns: runs(300) },
    );
  });

  test("become what is wanted by a patch", () => {
    fc.assert(
      fc.property(networkModel, networkModel, (from, to) => {
        const patched = patchNetwork(buildNetwork(from), to);
        expect(comparable(parseNetwork(patched))).toEqual(comparable(to));
        expect(describeNetworkDifferences(parseNetwork(patched), to)).toEqual([]);
      }),
      { numRuns: runs(300) },
    );
  });

  test.each(fixtures("network"))("become what is wanted by a patch of %s", (_name, xml) => {
    expect(patchNetwork(xml, parseNetwork(xml))).toBe(xml);
    fc.assert(
      fc.property(networkModel, (to) => {
        expect(comparable(parseNetwork(patchNetwork(xml, to)))).toEqual(comparable(to));
      }),
      { numRuns: runs(50) },
    );
  });

  test("differ in what was changed", () => {
    fc.assert(
      fc.property(networkModel, networkModel, (left, right) => {
        for (const key of Object.keys(left) as (keyof NetworkModel)[]) {
          const changed = { ...left, [key]: right[key] };
          const same =
            JSON.stringify(comparable(left)) === JSON.stringify(comparable(changed as NetworkModel));
          expect(describeNetworkDifferences(left, changed as NetworkModel).length === 0).toBe(same);
        }
      }),
      { numRuns: runs(200) },
    );
  });
});

test("volumes and pools are read as they were written", () => {
  const format = fc.oneof(fc.constantFrom("qcow2", "raw"), hostile);
  const volume = fc.record(
    {
      name: hostile,
      format,
      capacityBytes: fc.maxSafeNat(),
      allocationBytes: fc.maxSafeNat(),
      backing: fc.record({ path: hostile, format }, { requiredKeys: ["path"] }),
    },
    { requiredKeys: ["name", "capacityBytes"] },
  );
  const secret = fc.oneof(fc.record({ uuid: hostile }), fc.record({ usage: hostile }));
  const auth = fc.record({
    type: fc.constantFrom("chap" as const, "ceph" as const),
    username: hostile,
    secret,
  });
  const server = fc.record(
    { name: hostile, port: fc.integer({ min: 1, max: 65_535 }) },
    { requiredKeys: ["name"] },
  );
  const source = fc
    .record(
      {
        hosts: fc.array(server, { minLength: 1, maxLength: 3 }),
        dir: hostile,
        devices: fc.array(hostile, { minLength: 1, maxLength: 3 }),
        name: hostile,
        format: hostile,
        protocolVersion: hostile,
        initiator: hostile,
        auth,
      },
      { requiredKeys: [] },
    )
    .filter((made) => Object.keys(made).length > 0);
  const pool = fc.record(
    { name: hostile, uuid: fc.uuid(), type: fc.constantFrom("dir", "netfs"), path: hostile, source },
    { requiredKeys: ["name", "type"] },
  );
  fc.assert(
    fc.property(volume, (made) => {
      expect(parseVolume(buildVolume(made))).toEqual(made);
    }),
  );
  fc.assert(
    fc.property(pool, (made) => {
      expect(parsePool(buildPool(made))).toEqual(made);
    }),
  );
  fc.assert(
    fc.property(pool, source, (made, to) => {
      const xml = buildPool(made);
      expect(patchPool(xml, made.source)).toBe(xml);
      const { dir, devices, name } = made.source ?? {};
      const { dir: _, devices: __, name: ___, ...reach } = to;
      const wanted = JSON.parse(JSON.stringify({ dir, devices, name, ...reach })) as object;
      expect(parsePool(patchPool(xml, to)).source ?? {}).toEqual(wanted);
    }),
  );
});

describe("marks", () => {
  const documents = [...fixtures("domain"), ...fixtures("network")];
  const document = fc.oneof(
    fc.constantFrom(...documents.map(([, text]) => text)),
    domainModel.map((model) => buildDomain(model)),
  );

  test("are read as they were written, each without touching the others or anything else", () => {
    fc.assert(
      fc.property(document, ownerMark, lease, migrationJournal, (xml, owner, held, journal) => {
        const marked = withMigrationJournal(withLease(withOwnerMark(xml, owner), held), journal);
        expect(readOwnerMark(marked)).toEqual(owner);
        expect(readLease(marked)).toEqual(held);
        expect(readMigrationJournal(marked)).toEqual(journal);
        const unmarked = withLease(
          withOwnerMark(withMigrationJournal(marked, undefined), undefined),
          undefined,
        );
        expect(readOwnerMark(unmarked)).toBeUndefined();
        expect(xmlDiff(withOwnerMark(xml, undefined), unmarked)).toBe("");
      }),
      { numRuns: runs(150) },
    );
  });

  test("are rewritten to the last value", () => {
    fc.assert(
      fc.property(
        document,
        ownerMark,
        ownerMark,
        migrationJournal,
        migrationJournal,
        (xml, first, second, old, made) => {
          expect(readOwnerMark(withOwnerMark(withOwnerMark(xml, first), second))).toEqual(second);
          expect(readMigrationJournal(withMigrationJournal(withMigrationJournal(xml, old), made))).toEqual(
            made,
          );
        },
      ),
      { numRuns: runs(100) },
    );
  });

  test("are read from the element alone", () => {
    fc.assert(
      fc.property(ownerMark, lease, migrationJournal, (owner, held, journal) => {
        expect(readOwnerMark(writeOwnerMark(owner))).toEqual(owner);
        expect(readLease(writeLease(held))).toEqual(held);
        expect(readMigrationJournal(writeMigrationJournal(journal))).toEqual(journal);
      }),
      { numRuns: runs(200) },
    );
  });
});

test("nothing makes a reader throw anything but XmlError, and the readers of marks don't throw at all", () => {
  const texts = (["domain", "network", "volume", "pool", "capabilities"] as const).flatMap((kind) =>
    fixtures(kind).map(([, text]) => text),
  );
  const marked = withMigrationJournal(texts[0] ?? "", {
    from: { name: "a", uuid: "b" },
    to: { name: "c", uuid: "d", migrationUri: "tcp://e" },
    epoch: 1,
    startedAtMs: 2,
    autostart: false,
    storage: "copy",
    volumes: [],
  });
  const mutated = fc
    .record({
      text: fc.constantFrom(...texts, marked),
      at: fc.nat(),
      length: fc.nat({ max: 40 }),
      by: fc.oneof(fc.string({ unit: anyCharacter, maxLength: 8 }), hostile),
    })
    .map(({ text, at, length, by }) => {
      const start = at % text.length;
      return text.slice(0, start) + by + text.slice(start + length);
    });
  fc.assert(
    fc.property(fc.oneof(mutated, fc.string({ unit: anyCharacter }), hostile), (text) => {
      for (const read of [readOwnerMark, readLease, readMigrationJournal]) read(text);
      for (const parse of [parseDomain, parseNetwork, parseVolume, parsePool, parseCapabilities]) {
        try {
          parse(text);
        } catch (error) {
          expect(error).toBeInstanceOf(XmlError);
        }
      }
    }),
    { numRuns: runs(500) },
  );
});

test("what XML can't carry is refused, whatever it is", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom("a", "\0", "\u{1f}", "\ud800", "\udc00", "\uffff", "𝄞", "\n") }),
      (text) => {
        const build = () => buildPool({ name: "p", type: "dir", path: text });
        if (!isXmlText(text)) expect(build).toThrow(expect.objectContaining({ kind: "forbiddenCharacter" }));
        else if (text !== "") expect(parsePool(build()).path).toBe(text);
      },
    ),
  );
});

test("an XPath patch sets any value", () => {
  fc.assert(
    fc.property(hostile, hostile, (network, model) => {
      const xml = applyPatches(fixtures("domain")[0]?.[1] ?? "", [
        { xpath: "/domain/devices/interface[1]/source/@network", set: network },
        { xpath: "/domain/devices/interface[1]/model/@type", set: model },
      ]);
      expect(parseDomain(xml).interfaces[0]?.source).toMatchObject({ network });
      expect(parseDomain(xml).interfaces[0]?.model).toBe(model);
    }),
  );
});
