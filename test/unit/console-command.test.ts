import { decode } from "fast-png";
import { describe, expect, it } from "vitest";
import { parseEscape } from "../../cli/console/escape.js";
import { OneTimeToken } from "../../cli/console/one-time-token.js";
import { toPng } from "../../cli/console/screenshot.js";
import { TerminalModes } from "../../cli/console/terminal.js";
import { ofState } from "../../cli/console/wanted.js";
import { parseHostAddress } from "../../cli/host-address.js";
import { readState } from "../../cli/state/state.js";
import { SecretTexts } from "../../provider/planning/secret-texts.js";

describe("a host on the command line", () => {
  it.each([
    ["alpha", { address: "alpha" }],
    ["Alpha.Example.net", { address: "Alpha.Example.net" }],
    ["ops@alpha:2222", { address: "alpha", user: "ops", port: 2222 }],
    ["[fd00::1]:22", { address: "fd00::1", port: 22 }],
    ["ops@fd00::1", { address: "fd00::1", user: "ops" }],
    ["local", { address: "local" }],
    ["qemu:///system", { address: "local" }],
    ["qemu+ssh://ops@alpha:2222/system", { address: "alpha", user: "ops", port: 2222 }],
    ["ssh://a%40b@alpha", { address: "alpha", user: "a@b" }],
  ])("%s", (text, connection) => {
    expect(parseHostAddress(text)).toEqual(connection);
  });

  it.each([
    "",
    "qemu+ssh://alpha/session",
    "qemu+tls://alpha/system",
    "alpha:port",
    "ssh://alpha?x=1",
    "-oProxyCommand=x y",
  ])("%j is refused", (text) => {
    expect(() => parseHostAddress(text)).toThrow(/must be \[USER@\]HOST/);
  });

  it("doesn't print a password that somebody put there", () => {
    expect(() => parseHostAddress("ssh://ops:hunter22@alpha")).toThrow(/^the host: must be/);
  });
});

it.each([
  ["^]", 0x1d],
  ["^a", 1],
  ["^A", 1],
  ["^?", 0x7f],
  ["~", 0x7e],
  ["none", undefined],
])("the escape %s is byte %s", (text, byte) => {
  expect(parseEscape(text)).toBe(byte);
});

it.each(["", "ab", "^]]", "é"])("the escape %j is refused", (text) => {
  expect(() => parseEscape(text)).toThrow(/must be \^ and a letter/);
});

describe("what a guest has left switched in a terminal", () => {
  const restorationOf = (...chunks: string[]) => {
    const modes = new TerminalModes();
    for (const chunk of chunks) modes.see(Buffer.from(chunk));
    return modes.restoration;
  };
  it("is nothing after text, or when it has tidied up itself", () => {
    expect(restorationOf("login: \x1b[1mbold\x1b[m")).toBe("");
    expect(restorationOf("\x1b[?1049h\x1b[?25l", "\x1b[?25h\x1b[?1049l")).toBe("");
  });
  it("is put back, also where the sequence came in two pieces", () => {
    expect(restorationOf("\x1b[?10", "49h\x1b[?25l\x1b[?1;2004h")).toBe(
      "\x1b[?1049l\x1b[?25h\x1b[?1l\x1b[?2004l\x1b[m",
    );
  });
});

describe("a VM of a stack", () => {
  const connection = { address: "alpha.example.net" };
  const resource = (kind: string, name: string, inputs: object) => ({
    urn: `urn:pulumi:prod::shop::pulumi-nodejs:dynamic/kvm:${kind}::${name}`,
    type: `pulumi-nodejs:dynamic/kvm:${kind}`,
    id: `id of ${name}`,
    inputs,
  });
  const state = readState(
    JSON.stringify({
      deployment: {
        resources: [
          resource("Host", "alpha", { name: "alpha", connection }),
          resource("Host", "beta", { name: "beta", connection: { address: "beta.example.net" } }),
          resource("VirtualMachine", "web", { name: "web", host: "alpha", connection }),
          resource("VirtualMachine", "db", { name: "shop-db", host: "alpha", connection }),
          resource("VirtualMachine", "db-copy", { name: "shop-db", host: "beta", connection }),
        ],
      },
    }),
    "prod",
    new SecretTexts(),
  );

  it("is found by the name of its resource, and its own", () => {
    expect(ofState("web", state)).toMatchObject({
      key: { uuid: "id of web" },
      host: { name: "alpha" },
      others: [{ name: "beta" }],
    });
    expect(ofState("db", state).key).toEqual({ uuid: "id of db" });
    expect(ofState("beta/shop-db", state).label).toBe("db-copy");
  });

  it("that isn't there, or could be several, is answered with those that there are", () => {
    expect(() => ofState("mail", state)).toThrow(
      'there is no VM "mail" in prod; it has db (shop-db on alpha), db-copy (shop-db on beta), web (on alpha)',
    );
    expect(() => ofState("wbe", state)).toThrow('there is no VM "wbe" in prod; did you mean web (on alpha)?');
    expect(() => ofState("shop-db", state)).toThrow(
      '"shop-db" are several VMs of prod: db (shop-db on alpha), db-copy (shop-db on beta); name one by its resource',
    );
  });
});

describe("a screenshot of an older QEMU, a pixmap", () => {
  const pixels = Uint8Array.from({ length: 5 * 3 * 3 }, (_, i) => (i * 37) % 256);
  const pixmap = (head: string) => Buffer.concat([Buffer.from(head), pixels]);

  it.each(["P6\n5 3\n255\n", "P6\n# made by hand\n5\n3 255\n"])(
    "%j becomes the same picture as PNG",
    (head) => {
      const { png, widthPixels, heightPixels } = toPng(pixmap(head));
      expect([widthPixels, heightPixels]).toEqual([5, 3]);
      const { data, channels, ...size } = decode(png);
      expect(size).toMatchObject({ width: 5, height: 3 });
      expect(channels).toBe(3);
      expect([...data]).toEqual([...pixels]);
    },
  );

  it("that is cut off, or no picture, is refused", () => {
    expect(() => toPng(pixmap("P6\n5 4\n255\n"))).toThrow(/cut off/);
    expect(() => toPng(Buffer.from("GIF89a"))).toThrow(/neither PNG nor a portable pixmap/);
  });
});

it("a link's word is good for one use, and only the whole of it", () => {
  const token = new OneTimeToken();
  expect(token.text).toMatch(/^[\w-]{43}$/);
  for (const wrong of ["", token.text.slice(1), `${token.text}x`, new OneTimeToken().text])
    expect(token.take(wrong)).toBe(false);
  expect([token.take(token.text), token.take(token.text)]).toEqual([true, false]);
});
