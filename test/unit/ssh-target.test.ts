import { describe, expect, test } from "vitest";
import { parseJump, parseJumps } from "../../provider/ssh/target.js";

describe("a ProxyJump", () => {
  test.each([
    ["gate", { address: "gate" }],
    ["ops@gate", { address: "gate", user: "ops" }],
    ["gate:2200", { address: "gate", port: 2200 }],
    ["ops@gate:2200", { address: "gate", user: "ops", port: 2200 }],
    ["a@realm@gate", { address: "gate", user: "a@realm" }],
    ["[::1]:2200", { address: "::1", port: 2200 }],
    ["ops@[fe80::1%eth0]", { address: "fe80::1%eth0", user: "ops" }],
    ["::1", { address: "::1" }],
    ["ssh://ops@gate:2200", { address: "gate", user: "ops", port: 2200 }],
    ["ssh://gate/", { address: "gate" }],
  ])("%s", (text, expected) => {
    expect(parseJump(text)).toEqual(expected);
  });

  test("several, in the order in which they are connected to", () => {
    expect(parseJumps("a, ops@b:2 ,c")).toEqual([
      { address: "a" },
      { address: "b", user: "ops", port: 2 },
      { address: "c" },
    ]);
    expect(parseJumps("None")).toEqual([]);
  });

  test.each([
    "",
    "@",
    "a@",
    ":22",
    "gate:",
    "gate:x",
    "gate:0",
    "gate:99999",
    "-x",
    "a b",
    "a;b",
    "[gate",
    "a,",
    "a:1:2",
  ])("%j is refused", (text) => {
    expect(() => parseJumps(text)).toThrowError(expect.objectContaining({ kind: "configInvalid" }));
  });
});
