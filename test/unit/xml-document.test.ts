import { describe, expect, test } from "vitest";
import { parseXml } from "../../provider/libvirt/xml/document.js";
import { XmlError } from "../../provider/libvirt/xml/index.js";
import { serialize } from "../../provider/libvirt/xml/serialize.js";
import { isXmlText, survivesLibvirtAttribute, survivesLibvirtText } from "../../provider/libvirt/xml/text.js";
import { fixtures } from "../fixtures/xml/fixtures.js";

function kindOf(text: string): string {
  try {
    parseXml(text, "domain");
    return "accepted";
  } catch (error) {
    if (error instanceof XmlError) return error.kind;
    throw error;
  }
}

describe("parsing", () => {
  test.each([
    ["", "malformed"],
    ["domain", "malformed"],
    ["<domain>", "malformed"],
    ["<domain></domain", "malformed"],
    ["<domain></other>", "malformed"],
    ["<domain a='1' a='2'/>", "malformed"],
    ["<domain a=1/>", "malformed"],
    ["<domain a/>", "malformed"],
    ["<domain a='<'/>", "malformed"],
    ["<domain>&unknown;</domain>", "malformed"],
    ["<domain/><domain/>", "malformed"],
    ["<domain/>text", "malformed"],
    ["<network/>", "unexpectedRoot"],
    ["<domain xmlns='urn:other'/>", "unexpectedRoot"],
    ["<domain>\0</domain>", "forbiddenCharacter"],
    ["<domain>&#0;</domain>", "forbiddenCharacter"],
    ["<domain a='&#x1f;'/>", "forbiddenCharacter"],
    ["<domain>&#xd800;</domain>", "forbiddenCharacter"],
    ["<domain>\ud800</domain>", "forbiddenCharacter"],
    ["<?xml version='1.0'?>\n<!-- c -->\n<domain/>\n", "accepted"],
    ["<domain><!-- <!DOCTYPE x> --><![CDATA[<!DOCTYPE x>]]></domain>", "accepted"],
  ])("%j: %s", (text, kind) => {
    expect(kindOf(text)).toBe(kind);
  });

  test("refuses document types, and with them entities, wherever they hide", () => {
    const bomb = `<!DOCTYPE domain [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><domain>&b;</domain>`;
    expect(kindOf(bomb)).toBe("doctypeRefused");
    expect(kindOf(`<?xml version="1.0"?><!-- - --> ${bomb}`)).toBe("doctypeRefused");
    expect(kindOf('<!doctype domain SYSTEM "file:///etc/passwd"><domain/>')).not.toBe("accepted");
    expect(kindOf("<domain/><!DOCTYPE domain>")).not.toBe("accepted");
  });

  test("refuses what nests deeper than libvirt allows, without running out of stack", () => {
    const nested = (depth: number) =>
      `<domain>${"<a>".repeat(depth - 1)}${"</a>".repeat(depth - 1)}</domain>`;
    expect(kindOf(nested(256))).toBe("accepted");
    expect(kindOf(nested(257))).toBe("tooDeep");
    expect(["tooDeep", "malformed"]).toContain(kindOf(nested(50_000)));
  });

  test("tells nothing of a secret in a document that it can't read", () => {
    const text = `<domain><graphics passwd='hunter2-and-more'><broken</domain>`;
    expect(() => parseXml(text)).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining("hunter2") }),
    );
  });
});

describe("writing", () => {
  // The two exceptions hold what libvirt itself doesn't write so that it is read back.
  const faithful = fixtures("domain").filter(([name]) => name !== "domain/hostile");
  test.each([...faithful, ...fixtures("network").filter(([name]) => !name.startsWith("network/lan"))])(
    "%s comes out with libvirt's bytes",
    (_name, text) => {
      expect(serialize(parseXml(text)).replace(/<(\w+)([^>]*)>\s+<\/\1>/g, "<$1$2/>")).toBe(
        text.replace(/<(\w+)([^>]*)>\s+<\/\1>/g, "<$1$2/>"),
      );
    },
  );

  test("keeps comments, CDATA, instructions and namespaces", () => {
    const text = `<?pi some thing?>\n<!-- before -->\n<domain xmlns:q='urn:q'>\n  <!-- in -->\n  <q:a q:b='c'><![CDATA[<&>]]></q:a>\n</domain>\n`;
    expect(serialize(parseXml(text))).toBe(text);
  });
});

describe("text", () => {
  test("is what XML 1.0 allows", () => {
    for (const text of ["", "plain", "\t\n\r", "\u{7f}\u{85}\u{9f}", "𝄞\u{10ffff}", "\ufffd", "\ue000"]) {
      expect(isXmlText(text)).toBe(true);
    }
    for (const text of [
      "\0",
      "a\u{b}",
      "\u{c}",
      "\u{1f}",
      "\ufffe",
      "\uffff",
      "\ud834",
      "\udd1e",
      "\udd1e\ud834",
    ]) {
      expect(isXmlText(text)).toBe(false);
    }
  });

  test("that libvirt would change is known", () => {
    expect(survivesLibvirtAttribute("/a b<&>'\"𝄞\u{2028}")).toBe(true);
    for (const text of ["a\nb", "a\tb", "a\rb", "\0"]) expect(survivesLibvirtAttribute(text)).toBe(false);
    expect(survivesLibvirtText("a\n\tb")).toBe(true);
    expect(survivesLibvirtText("a\rb")).toBe(false);
  });
});
