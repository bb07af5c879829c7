import { DOMParser, type Element } from "@xmldom/xmldom";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  applyPatches,
  buildDomain,
  type DomainModel,
  describeDifferences,
  parseDomain,
  patchDomain,
  XmlError,
  xmlDiff,
} from "../../provider/libvirt/xml/index.js";
import { fixture, fixtures } from "../fixtures/xml/fixtures.js";
import { anyCharacter } from "../support/any-character.js";
import { runs } from "../support/runs.js";
import { domainModel, hostile, mixed, ownerMark, patches } from "./xml-arbitraries.js";

/** What two models must have in common to be the same domain: the order of devices and the spare ports don't count. */
function comparable(model: DomainModel) {
  const by = (key: "target" | "mac") => (left: object, right: object) =>
    String((left as Record<string, unknown>)[key]) < String((right as Record<string, unknown>)[key]) ? -1 : 1;
  return {
    ...model,
    hotplugPorts: 0,
    disks: [...model.disks].sort(by("target")),
    interfaces: [...model.interfaces].sort(by("mac")),
  };
}

const choices = fc.array(fc.boolean(), { minLength: 5, maxLength: 23 });

describe("a generated domain", () => {
  test("is read as it was written", () => {
    fc.assert(
      fc.property(domainModel, ownerMark, (model, owner) => {
        expect(parseDomain(buildDomain(model, { owner }))).toEqual(model);
      }),
      { numRuns: runs(150) },
    );
  });

  test("differs from another one exactly when they are not the same", () => {
    fc.assert(
      fc.property(domainModel, domainModel, choices, (left, right, take) => {
        const other = mixed(left, right, take);
        const same = JSON.stringify(comparable(left)) === JSON.stringify(comparable({ ...left, ...other }));
        const differences = describeDifferences(left, other);
        if (same && Object.keys(left).length === Object.keys(other).length) expect(differences).toEqual([]);
        for (const difference of differences) expect(difference.from).not.toEqual(difference.to);
        expect(describeDifferences(left, structuredClone(left))).toEqual([]);
      }),
      { numRuns: runs(150) },
    );
  });

  test("has every change of a property told", () => {
    fc.assert(
      fc.property(domainModel, domainModel, (left, right) => {
        for (const key of Object.keys(left) as (keyof DomainModel)[]) {
          if (key === "hotplugPorts") continue;
          const changed = { ...left, [key]: right[key] };
          const same = JSON.stringify(comparable(left)[key]) === JSON.stringify(comparable(changed)[key]);
          expect(describeDifferences(left, changed).length === 0).toBe(same);
        }
      }),
      { numRuns: runs(100) },
    );
  });
});

describe.each([["a definition of ours", ""], ...fixtures("domain")])("patching %s", (_name, text) => {
  const xmlOf = (model: DomainModel) => (text === "" ? buildDomain(model) : text);

  test("towards what it says leaves the text", () => {
    fc.assert(
      fc.property(domainModel, (model) => {
        const xml = xmlOf(model);
        expect(patchDomain(xml, parseDomain(xml))).toBe(xml);
      }),
      { numRuns: text === "" ? runs(50) : 1 },
    );
  });

  test("makes it what is wanted", () => {
    fc.assert(
      fc.property(domainModel, domainModel, choices, (base, other, take) => {
        const xml = xmlOf(base);
        const to = mixed(parseDomain(xml), other, take);
        const patched = patchDomain(xml, to);
        expect(comparable(parseDomain(patched))).toEqual(comparable(to));
        expect(patchDomain(patched, to)).toBe(patched);
      }),
      { numRuns: runs(40) },
    );
  });
});

describe.each([["a definition of ours", ""], ...fixtures("domain")])("XPath patches of %s", (_name, text) => {
  test("are made once, whatever changes beside them, and undone without a trace", () => {
    fc.assert(
      fc.property(domainModel, domainModel, fc.subarray(patches, { minLength: 1 }), (base, other, some) => {
        const { patches: _, ...plain } = base;
        const xml = text === "" ? buildDomain(plain) : text;
        const was = parseDomain(xml);
        const found = some.filter((one) => {
          try {
            return applyPatches(xml, [one]) !== "";
          } catch (error) {
            if ((error as XmlError).kind === "patchMatchesNothing") return false;
            throw error;
          }
        });
        const made = patchDomain(xml, { ...was, patches: found });
        expect(parseDomain(made)).toEqual({ ...was, ...(found.length > 0 ? { patches: found } : {}) });
        // As if each were declared for the first time, with another title: the same document.
        const titled = patchDomain(made, { ...parseDomain(made), title: other.name });
        expect(xmlDiff(titled, patchDomain(xml, { ...was, title: other.name, patches: found }))).toBe("");
        const undone = patchDomain(titled, was);
        expect(xmlDiff(xml, undone)).toBe("");
      }),
      { numRuns: runs(15) },
    );
  });
});

test("what the model doesn't describe survives any patch", () => {
  const strangers = (element: Element): string[] => {
    const found: string[] = [];
    for (let node = element.firstChild; node !== null; node = node.nextSibling) {
      if (node.nodeType === 8) found.push(`comment ${node.nodeValue}`);
      if (node.nodeType !== 1) continue;
      const child = node as Element;
      if (child.localName === "stranger") found.push(`${child.namespaceURI} ${child.getAttribute("id")}`);
      if (child.hasAttribute("strange")) found.push(`attribute ${child.getAttribute("strange")}`);
      found.push(...strangers(child));
    }
    return found;
  };
  const rootOf = (xml: string) => new DOMParser().parseFromString(xml, "text/xml").documentElement as Element;

  let number = 0;
  const mark = () => {
    number += 1;
    return `<!-- ${number} --><stranger id='${number}'/><x:stranger xmlns:x='urn:strange' id='${number}'/>`;
  };
  // Not in elements that hold a value of the model as their text, nor in what goes with a firmware.
  const xml = fixture("domain/rich")
    .replace(
      /<(serial type|console|disk|interface|clock|channel|controller|numa|metadata|libosinfo:libosinfo)\b[^>/]*>/g,
      (tag) => {
        number += 1;
        return `${tag.slice(0, -1)} strange='${number}'>${mark()}`;
      },
    )
    .replace(/<(os|features|devices|cpu [^>]*)>/g, (tag) => `${tag}${mark()}`)
    .replace(/<(vcpu|memory|currentMemory|driver|target|model|link) /g, (tag) => {
      number += 1;
      return `${tag}strange='${number}' `;
    });
  const before = parseDomain(xml);
  const expected = strangers(rootOf(xml));
  expect(expected.length).toBeGreaterThan(150);

  fc.assert(
    fc.property(
      domainModel,
      choices,
      fc.array(hostile, { minLength: 3, maxLength: 3 }),
      (other, take, [file, network, serial]) => {
        const to = mixed(before, other, take);
        to.agentChannel = true;
        to.rng = before.rng;
        to.video = before.video;
        to.serialPorts = before.serialPorts;
        to.cpuMode = to.cpuMode ?? "host-model";
        to.memoryHotplug = {
          type: "dimm",
          slots: 4,
          bootBytes: 2 ** 30,
          modulesBytes: 2 ** 29,
        };
        to.cpuFeatures = before.cpuFeatures ?? [];
        delete to.numa;
        to.disks = before.disks.map((disk) => ({
          ...disk,
          serial: serial ?? "",
          cache: "writeback",
          bootOrder: 7,
          ...(disk.source !== undefined && "file" in disk.source ? { source: { file: file ?? "" } } : {}),
        }));
        to.interfaces = before.interfaces.map((item) => ({
          ...item,
          model: "virtio",
          link: "down",
          ...("network" in item.source ? { source: { network: network ?? "" } } : {}),
        }));
        const left = strangers(rootOf(patchDomain(xml, to)));
        // A model that gives way to a mode takes its own attribute along, nothing else goes.
        const gone = expected.filter((stranger) => !left.includes(stranger));
        expect(gone.length).toBeLessThanOrEqual(typeof to.cpuMode === "string" ? 1 : 0);
        expect(gone.every((stranger) => stranger.startsWith("attribute "))).toBe(true);
      },
    ),
    { numRuns: runs(100) },
  );
});

test("reading anything gives a model or an XmlError", () => {
  const texts = fixtures("domain").map(([, text]) => text);
  const mutated = fc
    .record({
      text: fc.constantFrom(...texts),
      edits: fc.array(
        fc.record({
          at: fc.nat(),
          length: fc.nat({ max: 20 }),
          by: fc.string({ unit: anyCharacter, maxLength: 8 }),
        }),
        {
          minLength: 1,
          maxLength: 4,
        },
      ),
    })
    .map(({ text, edits }) =>
      edits.reduce((current, { at, length, by }) => {
        const start = at % current.length;
        return current.slice(0, start) + by + current.slice(start + length);
      }, text),
    );
  fc.assert(
    fc.property(fc.oneof(mutated, fc.string({ unit: anyCharacter }), hostile), (text) => {
      try {
        const model = parseDomain(text);
        expect(patchDomain(text, model)).toBe(text);
      } catch (error) {
        expect(error).toBeInstanceOf(XmlError);
      }
    }),
    { numRuns: runs(1000) },
  );
});
