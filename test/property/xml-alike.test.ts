import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  buildDomain,
  type DomainModel,
  parseDomain,
  parseDomainLikeOthers,
  XmlError,
} from "../../provider/libvirt/xml/index.js";
import { fixture, fixtures } from "../fixtures/xml/fixtures.js";
import { runs } from "../support/runs.js";
import { domainModel, ownerMark } from "./xml-arbitraries.js";

/** The devices that are a domain's own, wherever they stand. */
const OWN = /\n {4}<(disk|interface)[ >][\s\S]*?\n {4}<\/\1>/g;
/** Notes of people, kept as they wrote them. */
const METADATA = `
  <metadata>
    <mine:notes xmlns:mine="urn:mine">
  <devices>
    <disk type='file' device='disk'>
      <source file='/not/mine'/>
      <target dev='vdz' bus='virtio'/>
    </disk>
  </devices>
</mine:notes>
  </metadata>`;
/** As libvirt writes them of a domain that has more than one identity. */
const LATER = `
  <genid>b2f0cd5d-1d12-4a4f-8a0c-6f3b0f1c9d7e</genid>
  <hwuuid>0e7b8a52-9f5c-4a2e-bb9b-7f0b7a3d5c11</hwuuid>
  <title>of later</title>
  <description>what it says</description>`;
const EMULATOR = /\n {4}<emulator>[^<]*<\/emulator>/;

function read(parse: (xml: string) => DomainModel, xml: string): DomainModel | string {
  try {
    return parse(xml);
  } catch (error) {
    if (!(error instanceof XmlError)) throw error;
    return error.message;
  }
}

function agree(xml: string): void {
  expect(read(parseDomainLikeOthers, xml)).toEqual(read(parseDomain, xml));
}

describe("reading domains that are alike", () => {
  test("gives what reading each of them gives, whichever were read before", () => {
    const all = fixtures("domain").map(([, xml]) => xml);
    for (const xml of all)
      for (const other of [xml, fixture("domain/running-live")]) {
        const devices = other.match(OWN) ?? [];
        const mixed = xml.replace(OWN, "").replace(EMULATOR, (found) => found + devices.join(""));
        agree(mixed);
        agree(mixed.replace(/<name>[^<]*/, "<name>other &amp; more").replace(/<uuid>/, "<uuid> "));
        agree(mixed.replace(/(?=\n {2}<devices>)/, METADATA));
        const unnamed = mixed.replace(/\n {2}<(?:title|description)>[^<]*<\/\w+>/g, "");
        agree(unnamed);
        agree(unnamed.replace(/(?<=<\/uuid>)/, LATER));
      }
    fc.assert(
      fc.property(domainModel, ownerMark, (model, owner) => {
        // As libvirt writes quotes.
        const xml = buildDomain(model, { owner }).replace(/="([^"']*)"/g, "='$1'");
        agree(xml);
        agree(xml.replace(/<name>[^<]*/, "<name>other"));
        agree(xml.replace(OWN, ""));
      }),
      { numRuns: runs(30) },
    );
  });

  test("reads once what is in the same words", () => {
    const xml = fixture("domain/running-persistent");
    const other = xml.replace(/<name>[^<]*/, "<name>other").replace(OWN, "");
    const [first, second] = [parseDomainLikeOthers(xml), parseDomainLikeOthers(other)];
    expect(second).toMatchObject({ name: "other", disks: [], interfaces: [] });
    expect(first.disks).not.toEqual([]);
    expect(second.rng).toBeDefined();
    expect(second.rng).toBe(first.rng);
  });
});
