import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeFields, decodeType, encodeFields, encodeType } from "../../provider/libvirt/rpc/codec.js";
import { events, procedures } from "../../provider/libvirt/rpc/generated/procedures.js";
import { structures } from "../../provider/libvirt/rpc/generated/structures.js";
import type { EventName, ProcedureName } from "../../provider/libvirt/rpc/procedure.js";
import { XdrError } from "../../provider/libvirt/rpc/xdr.js";
import { runs } from "../support/runs.js";
import { anyOf, anyRecordOf } from "./rpc-values.js";

const RUNS = { numRuns: runs(25) };

describe("every type of the table comes back as it was", () => {
  it.each(["TypedParam", ...Object.keys(structures)])("structure %s", (type) => {
    fc.assert(
      fc.property(anyOf(type), (value) => {
        expect(decodeType(type, encodeType(type, value))).toEqual(value);
      }),
      { numRuns: runs(100) },
    );
  });

  it("arguments and results of all procedures", () => {
    for (const name of Object.keys(procedures) as ProcedureName[]) {
      for (const fields of [procedures[name].args, procedures[name].result]) {
        fc.assert(
          fc.property(anyRecordOf(fields), (record) => {
            expect(decodeFields(fields, encodeFields(fields, record))).toEqual(record);
          }),
          RUNS,
        );
      }
    }
  });

  it("payloads of all events", () => {
    for (const name of Object.keys(events) as EventName[]) {
      expect(structures[events[name].payload]).toBeDefined();
    }
  });
});

describe("bytes that are no value", () => {
  const decodes = (decode: () => unknown) => {
    try {
      decode();
    } catch (error) {
      expect(error).toBeInstanceOf(XdrError);
    }
  };

  it("are a value or an XdrError, never anything else", () => {
    const types = ["TypedParam", ...Object.keys(structures)];
    fc.assert(
      fc.property(fc.constantFrom(...types), fc.uint8Array({ maxLength: 200 }), (type, bytes) => {
        decodes(() => decodeType(type, Buffer.from(bytes)));
      }),
      { numRuns: runs(5_000) },
    );
  });

  it("cut short are an XdrError", () => {
    fc.assert(
      fc.property(anyOf("DomainStatsRecord"), fc.nat(), (value, cut) => {
        const bytes = encodeType("DomainStatsRecord", value);
        expect(() => decodeType("DomainStatsRecord", bytes.subarray(0, cut % bytes.length))).toThrow(
          XdrError,
        );
      }),
      { numRuns: runs(500) },
    );
  });

  it.each([
    [
      "an array that claims more than it holds",
      "DomainFsinfo",
      "00000000" + "00000000" + "00000000" + "00000100",
    ],
    [
      "an array beyond the protocol's limit",
      "DomainFsinfo",
      "00000000" + "00000000" + "00000000" + "00000101",
    ],
    ["a string longer than the message", "Interface", "00000010" + "61626364"],
    ["a string beyond 4 MiB", "Interface", "00400001"],
    [
      "an optional that is neither there nor not",
      "NetworkDhcpLease",
      "00000000" + "0000000000000000" + "00000000" + "00000002",
    ],
    ["an unknown kind of parameter", "TypedParam", "00000000" + "00000008" + "00000000"],
  ])("are refused: %s", (_what, type, hex) => {
    expect(() => decodeType(type, Buffer.from(hex, "hex"))).toThrow(XdrError);
  });
});
