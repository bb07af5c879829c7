import { DOMParser } from "@xmldom/xmldom";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { noPaint } from "../../cli/paint.js";
import { MOST_BYTES } from "../../cli/review/formats/markdown.js";
import { impacts } from "../../cli/review/impact.js";
import type { Layout, Rect } from "../../cli/review/picture/layout.js";
import { drawn, layoutOf } from "../../cli/review/picture/picture.js";
import { widthOf } from "../../cli/review/picture/text-width.js";
import type { ReviewedChange, ReviewReport, Topology } from "../../cli/review/report.js";
import { formatted } from "../../cli/review/run.js";
import { verdictOf } from "../../cli/review/verdict.js";
import { runs } from "../support/runs.js";
import { largeWorld, reviewOf, smallWorld } from "../unit/review-worlds.js";

/** Names and values as hosts may have them, those that markup stumbles over among them. */
const text = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 60 }),
  fc.constantFrom(
    ...[
      "<script>alert(1)</script>",
      "a|b",
      "`x`",
      "```",
      "]]>",
      "\"&'",
      "\n\n# head",
      "@everyone",
      "\\",
      "\u0000\u0007",
      "-->",
    ],
    ...["</details>", "x".repeat(300), "漢".repeat(80), "[a](http://b)"],
  ),
);
const hostNames = fc.uniqueArray(text, { minLength: 1, maxLength: 12 });
const topology: fc.Arbitrary<Topology> = hostNames.chain((hosts) => {
  const host = fc.option(fc.constantFrom(...hosts), { nil: undefined });
  const placed = fc.record({
    ...{
      name: text,
      before: fc.subarray(hosts),
      after: fc.subarray(hosts),
      impact: fc.constantFrom(...impacts),
    },
  });
  const machine = fc
    .record({
      ...{ name: text, before: host, after: host, impact: fc.constantFrom(...impacts) },
      ...{ disks: fc.array(text, { maxLength: 3 }), networks: fc.array(text, { maxLength: 3 }) },
    })
    .map(({ before, after, ...rest }) => ({
      ...rest,
      ...(before === undefined ? {} : { before }),
      ...(after === undefined ? {} : { after }),
    }));
  return fc.record({
    hosts: fc.constant(hosts),
    machines: fc.array(machine, { maxLength: 40 }),
    ...{ networks: fc.array(placed, { maxLength: 3 }), pools: fc.array(placed, { maxLength: 3 }) },
    disks: fc.array(placed, { maxLength: 3 }),
  });
});
const change: fc.Arbitrary<ReviewedChange> = fc.record({
  ...{ urn: text, kind: fc.constantFrom("VirtualMachine", "Disk"), name: text },
  operation: fc.constantFrom("create", "update", "replace", "delete", "forget"),
  hosts: fc.array(text, { maxLength: 3 }),
  impacts: fc.subarray([...impacts], { minLength: 1 }),
  steps: fc.array(
    fc.record({
      ...{ kind: fc.constant("restart"), lines: fc.array(text, { maxLength: 3 }) },
      ...{ impacts: fc.subarray([...impacts]), guests: fc.array(text, { maxLength: 2 }) },
    }),
    { maxLength: 3 },
  ),
  replaceBecause: fc.array(text, { maxLength: 2 }),
  lost: fc.array(fc.record({ what: text, host: text }), { maxLength: 2 }),
  ...{ reason: text, notes: fc.array(text, { maxLength: 2 }), xmlDiff: text },
});
const report: fc.Arbitrary<ReviewReport> = fc
  .tuple(fc.array(change, { maxLength: 8 }), topology, fc.array(text, { maxLength: 2 }))
  .map(([changes, made, errors]) => ({
    ...reviewOf({ hosts: [], machines: [], changes: [], errors }),
    ...{ changes, topology: made, verdict: verdictOf(changes, errors, []), notes: errors },
  }));

function inside(inner: Rect, outer: Rect): boolean {
  const slack = 0.5;
  return (
    inner.x >= outer.x - slack &&
    inner.y >= outer.y - slack &&
    inner.x + inner.width <= outer.x + outer.width + slack &&
    inner.y + inner.height <= outer.y + outer.height + slack
  );
}

function overlap(a: Rect, b: Rect): boolean {
  const slack = 0.5;
  return (
    a.x + slack < b.x + b.width &&
    b.x + slack < a.x + a.width &&
    a.y + slack < b.y + b.height &&
    b.y + slack < a.y + a.height
  );
}

/** From above its letters to its base line. */
const areaOf = ({ text: written, x, y, size, anchor }: Layout["labels"][number]): Rect => {
  const width = widthOf(written, size);
  return { x: anchor === "end" ? x - width : x, y: y - size * 0.75, width, height: size * 0.75 };
};

function expectOrderly(layout: Layout): void {
  const all = { x: 0, y: 0, width: layout.width, height: layout.height };
  for (const [i, box] of layout.boxes.entries()) {
    expect(inside(box, all)).toBe(true);
    for (const other of layout.boxes.slice(i + 1)) expect(overlap(box, other)).toBe(false);
    const labels = box.labels.map(areaOf).filter(({ width }) => width > 0);
    const parts = [...labels, ...box.marks];
    for (const [j, part] of parts.entries()) {
      expect(inside(part, box), `${JSON.stringify(part)} in ${JSON.stringify(box.labels)}`).toBe(true);
      for (const other of parts.slice(j + 1))
        expect(overlap(part, other), `${JSON.stringify([part, other])} ${JSON.stringify(box.labels)}`).toBe(
          false,
        );
    }
  }
  for (const label of layout.labels) expect(inside(areaOf(label), all)).toBe(true);
  for (const { from, to } of layout.arrows)
    for (const { x, y } of [from, to]) expect(inside({ x, y, width: 0, height: 0 }, all)).toBe(true);
}

/** A name may have that character: the parser wonders where it comes from. */
const isProblem = (message: string) => !message.startsWith("Unicode replacement character");

function expectWellFormed(markup: string): void {
  const problems: string[] = [];
  new DOMParser({
    onError: (_level, message) => {
      if (isProblem(message)) problems.push(message);
    },
  }).parseFromString(markup, "text/xml");
  expect(problems).toEqual([]);
}

describe("the picture of a stack", () => {
  it("has nothing that lies over something else or outside, whatever things are called", () => {
    fc.assert(
      fc.property(topology, fc.constantFrom(344, 960), (made, width) => {
        const layout = layoutOf(made, width);
        expectOrderly(layout);
        expectWellFormed(drawn(layout));
      }),
      { numRuns: runs(60) },
    );
  });

  it("names each guest of three hosts with ten, and fits fifty with a thousand", () => {
    for (const width of [344, 960]) {
      const small = layoutOf(reviewOf(smallWorld()).topology, width);
      expectOrderly(small);
      const names = small.boxes.flatMap(({ labels }) => labels.map((label) => label.text));
      for (const host of ["alpha", "beta", "gamma"])
        for (let i = 0; i < 10; i++) expect(names).toContain(`${host}-web-${i}`);
      expect(small.arrows).toHaveLength(2);
      expect(
        Math.min(...small.boxes.flatMap(({ labels }) => labels.map(({ size }) => size))),
      ).toBeGreaterThanOrEqual(10);
      for (const everything of [false, true]) {
        const large = layoutOf(reviewOf(largeWorld(everything)).topology, width);
        expectOrderly(large);
        expect(large.height).toBeLessThan(2_000);
        const guests = (side: 0 | 1) =>
          large.boxes
            .filter((_, i) => i % 2 === side)
            .flatMap(({ labels }) => labels.flatMap((label) => /^(\d+) guests?$/.exec(label.text)?.[1] ?? []))
            .reduce((sum, count) => sum + Number(count), 0);
        expect([guests(0), guests(1)]).toEqual([1_000, 1_000]);
      }
    }
  });
});

describe("whatever hosts call their things", () => {
  it("HTML holds it as text, and nothing that is fetched or run", () => {
    fc.assert(
      fc.property(report, (made) => {
        const page = formatted(made, "html", noPaint);
        expect(page).not.toMatch(/<script|<img|<link|<iframe|\shref=|\ssrc=|@import|url\(/);
        expectWellFormed(page.slice(page.indexOf("<main>"), page.indexOf("<footer>")).trim());
      }),
      { numRuns: runs(60) },
    );
  });

  it("Markdown fits a comment, and folds what it opens", () => {
    fc.assert(
      fc.property(report, (made) => {
        const comment = formatted(made, "markdown", noPaint);
        expect(Buffer.byteLength(comment)).toBeLessThan(MOST_BYTES);
        const outside = comment.replace(/^(`{3,})diff\n[\s\S]*?^\1$/gm, "");
        expect(outside).not.toMatch(/<script|@everyone|[^\\]\]\(http/);
        expect(outside.match(/^<details>/gm)?.length).toBe(outside.match(/^<\/details>$/gm)?.length);
      }),
      { numRuns: runs(60) },
    );
  });

  it("no terminal is commanded", () => {
    fc.assert(
      fc.property(report, (made) => {
        // biome-ignore lint/suspicious/noControlCharactersInRegex: what terminals take for commands
        expect(formatted(made, "text", noPaint)).not.toMatch(/\x1b|\x07|\x00/);
      }),
      { numRuns: runs(60) },
    );
  });
});

it("a comment on a thousand changed guests has the worst of them, and says how many are left out", () => {
  const made = reviewOf(largeWorld(true));
  const comment = formatted(made, "markdown", noPaint);
  expect(Buffer.byteLength(comment)).toBeLessThan(60_000);
  expect(comment.indexOf("guests restart")).toBeLessThan(200);
  expect(comment).toMatch(/\*\*\d{3} more changes are left out here\*\*, none worse than: restarts/);
  const shown = comment.match(/<summary><b>/g)?.length ?? 0;
  const leftOut = Number(/\*\*(\d+) more changes/.exec(comment)?.[1]);
  expect(shown + leftOut).toBe(1_000);
});
