import { describe, expect, it } from "vitest";
import type { Step } from "../../provider/planning/step.js";
import {
  socketPathAdvice,
  socketPathWarnings,
} from "../../provider/resources/virtual-machine/socket-path.js";

const start: Step = { kind: "start", subject: "x", effect: "none", reason: "new" };
const note: Step = { kind: "record", subject: "x", effect: "none", reason: "it is on beta" };
const bookworm = { host: "alpha", libvirtVersion: "9.0.0" };
const trixie = { host: "beta", libvirtVersion: "11.3.0" };

describe("a name that goes into the paths of sockets", () => {
  it.each([
    ["web-1".repeat(20), bookworm, []],
    ["ю".repeat(17), bookworm, []],
    [
      "ю".repeat(18),
      bookworm,
      [/first 20 characters of "ю+" take 36 bytes, and libvirt 9\.0\.0 on alpha .* 35: /],
    ],
    // Only its beginning counts.
    [`web-production-eu-1-${"機".repeat(26)}`, bookworm, []],
    ["ю".repeat(50), trixie, []],
    ["機".repeat(17), trixie, []],
    [
      "機".repeat(33),
      trixie,
      [/take 60 bytes, .* which holds 53: it can't start the guest; give a shorter name/],
    ],
    // Two UTF-16 units, and one character.
    ["🐧".repeat(20), trixie, [/take 80 bytes/]],
  ])("is warned of where they get too long: %s", (name, host, expected) => {
    expect(socketPathWarnings(name, host, [start])).toEqual(
      expected.map((text) => expect.stringMatching(text)),
    );
    expect(socketPathWarnings(name, host, [note])).toEqual([]);
  });

  it("has a way out where libvirt only says that it is too long", () => {
    expect(socketPathAdvice("internal error: UNIX socket path '/run/x' too long")).toMatch(/shorter name/);
    expect(socketPathAdvice("internal error: no such machine")).toBeUndefined();
  });
});
