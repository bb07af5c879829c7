import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import puppeteer, { type Browser } from "puppeteer-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { formatted } from "../../cli/drift/formats/index.js";
import { noPaint } from "../../cli/paint.js";
import { formatted as formattedReview } from "../../cli/review/run.js";
import type { Step } from "../../provider/planning/step.js";
import { planned, reportOf, resourceNamed, silentHost } from "../unit/drift-surveys.js";
import { largeWorld, reviewOf, smallWorld } from "../unit/review-worlds.js";

const chromium = ["chromium-headless-shell", "chromium"]
  .map((name) => spawnSync("sh", ["-c", 'command -v "$0"', name], { encoding: "utf8" }).stdout.trim())
  .find((path) => path !== "");
const lacking = chromium === undefined ? " (missing: chromium-headless-shell, a Debian package)" : "";

const page = () => {
  const changes = [
    { property: "memory", from: "1 GiB", to: "2 GiB" },
    { property: "cpu.features", from: "x".repeat(120), to: "<script>document.title = 'run'</script>" },
  ];
  const restart: Step = { kind: "restart", subject: "web", force: false, changes, effect: "restart" };
  const autostart: Step = { kind: "setAutostart", subject: "db", to: true, effect: "live" };
  const report = reportOf(
    [
      [resourceNamed("web"), planned([restart])],
      [resourceNamed("db"), planned([autostart])],
      [
        resourceNamed("mail"),
        { kind: "unreachable", hostName: "beta", reason: "host beta is unreachable: off" },
      ],
      [resourceNamed("fine"), planned([])],
    ],
    {},
    [silentHost("beta")],
  );
  return formatted(report, "html", noPaint);
};

const review = (world: ReturnType<typeof smallWorld>) => formattedReview(reviewOf(world), "html", noPaint);
const pages = {
  drift: { html: page, title: "Drift of shop/prod", verdict: /Not everything could be looked at/ },
  review: {
    html: () => review(smallWorld()),
    title: "Review of shop/prod",
    verdict: /^Yes: 1 guest restarts,/,
  },
  "large-review": {
    html: () => review(largeWorld(true)),
    title: "Review of shop/prod",
    verdict: /^Yes: \d+ guests restart\./,
  },
};
type PageName = keyof typeof pages;

/** In the page: texts whose contrast with what is behind them is below WCAG's 4.5 to 1. */
const lowContrasts = `(() => {
  const parse = (text) => (text.match(/[\\d.]+/g) ?? []).map(Number);
  const luminance = ([r, g, b]) => [r, g, b].map((c) => c / 255).map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (element) => {
    for (let e = element; e !== null; e = e.parentElement) {
      const [r, g, b, a = 1] = parse(getComputedStyle(e).backgroundColor);
      if (a > 0) return [r, g, b];
    }
    return [255, 255, 255];
  };
  return [...document.querySelectorAll("body *")].filter((e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim() !== ""))
    .map((e) => {
      const [x, y] = [luminance(parse(e.ownerSVGElement ? getComputedStyle(e).fill : getComputedStyle(e).color)), luminance(behind(e))].sort((a, b) => b - a);
      return { text: e.textContent, ratio: (x + 0.05) / (y + 0.05) };
    })
    .filter(({ ratio }) => ratio < 4.5);
})()`;

describe.skipIf(chromium === undefined)(
  `the pages of kvm drift and kvm review, in a browser${lacking}`,
  () => {
    let browser: Browser;
    let folder: string;
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), "pulumi-kvm-pages-"));
      for (const [name, { html }] of Object.entries(pages))
        await writeFile(join(folder, `${name}.html`), html());
      browser = await puppeteer.launch({
        executablePath: chromium ?? "",
        args: ["--no-sandbox", "--disable-gpu"],
      });
    });
    afterAll(async () => {
      await browser?.close();
      await rm(folder, { recursive: true, force: true });
    });

    const views = [
      { width: 1280, height: 800, scheme: "light" },
      { width: 1280, height: 800, scheme: "dark" },
      { width: 360, height: 740, scheme: "light" },
      { width: 360, height: 740, scheme: "dark" },
    ];
    it.each((Object.keys(pages) as PageName[]).flatMap((name) => views.map((view) => ({ name, ...view }))))(
      "$name is readable at $width x $height, $scheme",
      async ({ name, width, height, scheme }) => {
        const tab = await browser.newPage();
        await tab.setViewport({ width, height });
        await tab.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
        const requests: string[] = [];
        const complaints: string[] = [];
        tab.on("request", (request) => void requests.push(request.url()));
        tab.on("console", (message) => void complaints.push(message.text()));
        tab.on("pageerror", (error) => void complaints.push(String(error)));
        await tab.goto(`file://${join(folder, `${name}.html`)}`);
        expect(requests).toEqual([`file://${join(folder, `${name}.html`)}`]);
        expect(complaints).toEqual([]);
        // Nothing to scroll sideways for, and nothing that a value has run.
        expect(await tab.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(width);
        expect(await tab.title()).toBe(pages[name].title);
        expect(await tab.evaluate(lowContrasts)).toEqual([]);
        // The verdict is the first that is seen.
        const verdict = await tab.$(".verdict");
        expect((await verdict?.boundingBox())?.y).toBeLessThan(height / 3);
        const answer = (await tab.$(".answer")) ?? verdict;
        const box = await answer?.boundingBox();
        expect((box?.y ?? 0) + (box?.height ?? 0)).toBeLessThan(height);
        expect(await answer?.evaluate((element) => element.textContent)).toMatch(pages[name].verdict);
        // What is shown at this width is legible.
        const smallest = `Math.min(16, ...[...document.querySelectorAll("svg text")].map((text) => text.getBoundingClientRect()).filter(({ height }) => height > 0).map(({ height }) => height))`;
        expect(await tab.evaluate(smallest)).toBeGreaterThan(9);
        const background = await tab.evaluate("getComputedStyle(document.body).backgroundColor");
        expect(background).toBe(scheme === "dark" ? "rgb(13, 17, 23)" : "rgb(255, 255, 255)");
        // What a screen reader is told, as cards too.
        const roles = await tab.evaluate(
          "[...new Set([...document.querySelectorAll('table, tr, th, td')].map((e) => e.computedRole ?? e.getAttribute('role')))].sort()",
        );
        expect(roles).toEqual(["cell", "columnheader", "row", "rowheader", "table"]);
        if (process.env.TEST_PAGES !== undefined)
          await tab.screenshot({
            path: join(process.env.TEST_PAGES, `${name}-${width}-${scheme}.png`) as `${string}.png`,
            fullPage: true,
          });
        await tab.close();
      },
    );
  },
);
