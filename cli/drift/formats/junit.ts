import { counted } from "../../counted.js";
import { escapeMarkup as e } from "../../markup.js";
import { type Finding, kindLabel } from "../finding.js";
import type { DriftReport } from "../report-schema.js";
import { subjectOf, title, upOf } from "./words.js";

interface Case {
  suite: string;
  name: string;
  findings: Finding[];
}

/** A test case a resource, and one for each thing that no state has: for what shows tests in CI. */
export function asJunit(report: DriftReport): string {
  const cases: Case[] = report.resources.map(({ urn, kind, name, hosts }) => ({
    ...{ suite: hosts.join(", ") || "no host", name: `${kind} ${name}` },
    findings: report.findings.filter(({ resource }) => resource?.urn === urn),
  }));
  for (const found of report.findings.filter(({ resource }) => resource === undefined))
    cases.push({ suite: found.host ?? "", name: subjectOf(found), findings: [found] });
  const suites = [...new Set(cases.map(({ suite }) => suite))].map((suite) => {
    const inside = cases.filter((one) => one.suite === suite);
    const lines = inside.flatMap(caseLines);
    return [
      `  <testsuite name="${e(suite)}" ${totals(inside)} timestamp="${e(report.at.replace(/\.\d+Z$/, ""))}">`,
      ...lines,
      "  </testsuite>",
    ];
  });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="${e(title(report))}" ${totals(cases)}>`,
    ...suites.flat(),
    "</testsuites>",
    "",
  ].join("\n");
}

const isError = ({ kind }: Finding) => kind === "unreachable" || kind === "unreadable";
const isNotice = ({ kind }: Finding) =>
  kind === "pendingRestart" || kind === "poolNearlyFull" || kind === "unmanaged";

function totals(cases: readonly Case[]): string {
  const errors = cases.filter(({ findings }) => findings.some(isError)).length;
  const failures = cases.filter(
    ({ findings }) => !findings.some(isError) && findings.some((found) => !isNotice(found)),
  ).length;
  return `tests="${cases.length}" failures="${failures}" errors="${errors}" skipped="0"`;
}

function caseLines({ suite, name, findings }: Case): string[] {
  const begin = `    <testcase classname="${e(suite)}" name="${e(name)}"`;
  if (findings.length === 0) return [`${begin}/>`];
  const text = findings.map(lineOf).join("\n");
  const worst = findings.find(isError) ?? findings.find((found) => !isNotice(found));
  if (worst === undefined)
    return [`${begin}>`, `      <system-out>${e(text)}</system-out>`, "    </testcase>"];
  const element = isError(worst) ? "error" : "failure";
  const message =
    findings.length === 1 ? lineOf(worst) : `${counted(findings.length, "finding")}: ${lineOf(worst)}`;
  return [
    `${begin}>`,
    `      <${element} type="${worst.kind}" message="${e(message)}">${e(text)}</${element}>`,
    "    </testcase>",
  ];
}

function lineOf(found: Finding): string {
  const { kind, host, property, wanted, reason, object } = found;
  const up = upOf(found);
  return [
    `${kindLabel(kind)}${host === undefined ? "" : ` on ${host}`}`,
    object,
    property === undefined ? undefined : `${property}: wanted ${wanted ?? "-"}, found ${found.found ?? "-"}`,
    up === "" ? undefined : `pulumi up: ${up}`,
    found.effect === "refused" ? undefined : reason,
  ]
    .filter((part) => part !== undefined)
    .join("; ");
}
