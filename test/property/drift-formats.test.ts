import { DOMParser } from "@xmldom/xmldom";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { effects, type Finding, findingKinds } from "../../cli/drift/finding.js";
import { formatted } from "../../cli/drift/formats/index.js";
import { type DriftReport, report as reportSchema } from "../../cli/drift/report-schema.js";
import { noPaint } from "../../cli/paint.js";
import { SecretTexts } from "../../provider/planning/secret-texts.js";
import { reportOf, silentHost } from "../unit/drift-surveys.js";

/** Names and values as hosts may have them, those that markup stumbles over among them. */
const text = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 40 }),
  fc.constantFrom(
    "<script>alert(1)</script>",
    "a|b",
    "`x`",
    "]]>",
    "\"&'",
    "\n\n# head",
    "@everyone",
    "\\",
    "\u0000\u0007",
    "-->",
  ),
);
const optional = fc.option(text, { nil: undefined });
const finding: fc.Arbitrary<Finding> = fc
  .record({
    ...{ id: text, kind: fc.constantFrom(...findingKinds) },
    resource: fc.option(fc.record({ urn: text, kind: fc.constant("VirtualMachine"), name: text }), {
      nil: undefined,
    }),
    ...{
      host: optional,
      object: optional,
      property: optional,
      wanted: optional,
      found: optional,
      reason: optional,
    },
    up: fc.array(text, { maxLength: 3 }),
    effect: fc.option(fc.constantFrom(...effects), { nil: undefined }),
  })
  .map((all) => Object.fromEntries(Object.entries(all).filter(([, v]) => v !== undefined)) as Finding);
const report: fc.Arbitrary<DriftReport> = fc
  .tuple(fc.array(finding, { maxLength: 8 }), fc.array(text, { maxLength: 2 }), text)
  .map(([findings, notes, host]) => ({
    ...reportOf([], {}, [silentHost(host)]),
    findings,
    notes,
    resources: findings.flatMap(({ resource }) =>
      resource === undefined ? [] : [{ ...resource, hosts: [host], status: "drifted" as const }],
    ),
    summary: Object.fromEntries(
      findingKinds.map((kind) => [kind, findings.filter((found) => found.kind === kind).length]),
    ) as DriftReport["summary"],
  }));

/** A name may have that character: the parser wonders where it comes from. */
const isProblem = (message: string) => !message.startsWith("Unicode replacement character");

describe("whatever hosts call their things", () => {
  it("JSON gives back the report", () => {
    fc.assert(
      fc.property(report, (made) => {
        expect(reportSchema.parse(JSON.parse(formatted(made, "json", noPaint)))).toEqual(made);
      }),
    );
  });

  it("HTML holds it as text, and nothing that is fetched or run", () => {
    fc.assert(
      fc.property(report, (made) => {
        const page = formatted(made, "html", noPaint);
        expect(page).not.toMatch(/<script|<img|<link|<iframe|\shref=|\ssrc=|@import|url\(/);
        const body = page.slice(page.indexOf("<main>"), page.indexOf("<footer>"));
        const problems: string[] = [];
        new DOMParser({
          onError: (_level, message) => {
            if (isProblem(message)) problems.push(message);
          },
        }).parseFromString(body.trim(), "text/xml");
        expect(problems).toEqual([]);
      }),
    );
  });

  it("JUnit is XML, with as many failures and errors as it counts", () => {
    fc.assert(
      fc.property(report, (made) => {
        const xml = formatted(made, "junit", noPaint);
        const { documentElement } = new DOMParser({
          onError: (_level, message) => {
            if (isProblem(message)) throw new Error(message);
          },
        }).parseFromString(xml, "text/xml");
        for (const [attribute, element] of [
          ["tests", "testcase"],
          ["failures", "failure"],
          ["errors", "error"],
        ] as const)
          expect(documentElement?.getElementsByTagName(element).length).toBe(
            Number(documentElement?.getAttribute(attribute)),
          );
      }),
    );
  });

  it("a Markdown row is one line of as many cells as its head has", () => {
    fc.assert(
      fc.property(report, (made) => {
        const rows = formatted(made, "markdown", noPaint)
          .split("\n")
          .filter((line) => line.startsWith("|"));
        expect(rows).toHaveLength(made.findings.length === 0 ? 0 : made.findings.length + 2);
        for (const row of rows) expect(row.replace(/\\./g, "").split("|")).toHaveLength(9);
        expect(rows.join()).not.toMatch(/<script|@everyone/);
      }),
    );
  });

  it("Prometheus' lines are samples", () => {
    const value = String.raw`"(?:[^"\\\n]|\\["\\n])*"`;
    const sample = new RegExp(`^[a-z_]+\\{(?:[a-z]+=${value}(?:,(?=[a-z])|))*\\} [0-9.]+$`);
    fc.assert(
      fc.property(report, (made) => {
        for (const line of formatted(made, "prometheus", noPaint).trimEnd().split("\n"))
          if (!line.startsWith("# ")) expect(line).toMatch(sample);
      }),
    );
  });

  it("the table is as high as it must be, and has no colours where there are none", () => {
    fc.assert(
      fc.property(report, (made) => {
        // biome-ignore lint/suspicious/noControlCharactersInRegex: what terminals take for commands
        expect(formatted(made, "table", noPaint)).not.toMatch(/\x1b|\x07|\x00/);
      }),
    );
  });
});

it("no secret is left in a text, wherever it stood and however it was quoted", () => {
  const secret = fc
    .string({ unit: "grapheme", minLength: 4, maxLength: 30 })
    .filter((s) => s.trim().length >= 4 && !"[secret]".includes(s.trim()));
  fc.assert(
    fc.property(fc.array(secret, { minLength: 1, maxLength: 5 }), text, text, (planted, before, after) => {
      const secrets = new SecretTexts();
      for (const one of planted) secrets.add(one);
      for (const one of planted) {
        const concealed = secrets.conceal(`${before}${one}${after} ${JSON.stringify(one)}`);
        if (!`${before} ${after}`.includes(one.trim()))
          expect(concealed.replaceAll("[secret]", "")).not.toContain(one.trim());
      }
    }),
  );
});
