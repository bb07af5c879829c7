import { MOST_WITH_ALL_WAYS } from "../../provider/fitness/examine-ways.js";
import type { Finding, Level } from "../../provider/fitness/finding.js";
import { harmless } from "../markup.js";
import type { Paint } from "../paint.js";
import type { DoctorReport } from "./report.js";

const LABELS = {
  login: "login",
  libvirt: "libvirt",
  versions: "versions",
  kvm: "KVM",
  nested: "nested KVM",
  iommu: "IOMMU",
  cpu: "CPU",
  machines: "machine types",
  firmware: "UEFI",
  tpm: "TPM",
  tools: "image tools",
  pools: "storage pool",
  networks: "networks",
  bandwidth: "bandwidth",
  time: "time",
  tls: "TLS",
  names: "names",
  migrationPorts: "migration ports",
} as const satisfies Record<Finding["check"], string>;
const CHECK_WIDTH = Math.max(...Object.values(LABELS).map((label) => label.length));
const LEVEL_WIDTH = "unreachable".length;

/** For people at a terminal. */
export function asTable(given: DoctorReport, paint: Paint): string {
  const report = harmless(given, "lines");
  const lines = report.hosts.flatMap((host) => [
    paint.strong(`${host.name}${host.system === undefined ? "" : `  ${host.system}, ${host.architecture}`}`),
    ...report.findings
      .filter((found) => found.host === host.name && found.peer === undefined)
      .flatMap((found) => findingLines(found, paint)),
    "",
  ]);
  for (const [way, findings] of waysIn(report))
    lines.push(paint.strong(way), ...findings.flatMap((found) => findingLines(found, paint)), "");
  if (report.ways.tried < report.ways.all)
    lines.push(
      `Of ${report.ways.all} ways between these hosts ${report.ways.tried} were tried, as many to as from each; name at most ${MOST_WITH_ALL_WAYS} hosts for all between them`,
    );
  if (report.commonCpu?.model !== undefined)
    lines.push(`A CPU that guests may have on all of them: model ${report.commonCpu.model}`);
  if (report.ignored > 0) lines.push(`${report.ignored} ignored`);
  lines.push((report.exitCode === 0 ? paint.good : paint.bad)(doctorVerdict(report)));
  return `${lines.join("\n")}\n`;
}

function findingLines(found: Finding, paint: Paint): string[] {
  const level = levelPaint(found.level, paint)(labelOf(found.level).padEnd(LEVEL_WIDTH));
  const lines = [`  ${level}  ${LABELS[found.check].padEnd(CHECK_WIDTH)}  ${found.what}`];
  const indent = " ".repeat(2 + LEVEL_WIDTH + 2 + CHECK_WIDTH + 2);
  if (found.why !== undefined) lines.push(`${indent}${paint.faint(found.why)}`);
  const on = found.fix === undefined || found.fix.on === found.host ? "" : ` (${found.fix.on})`;
  for (const command of found.fix?.commands ?? [])
    lines.push(`${indent}${command.startsWith("#") ? command : `$ ${command}`}${on}`);
  return lines;
}

function labelOf(level: Level): string {
  return level === "fine" ? "ok" : level;
}

function levelPaint(level: Level, paint: Paint): (text: string) => string {
  switch (level) {
    case "unreachable":
    case "problem":
      return paint.bad;
    case "notice":
      return paint.warn;
    case "fine":
      return paint.good;
    default:
      return level satisfies never;
  }
}

function waysIn({ findings }: DoctorReport): Map<string, Finding[]> {
  const ways = new Map<string, Finding[]>();
  for (const found of findings) {
    if (found.peer === undefined) continue;
    const way = `${found.host} -> ${found.peer}`;
    const known = ways.get(way) ?? [];
    ways.set(way, known);
    known.push(found);
  }
  return ways;
}

/** The answer in one sentence. */
export function doctorVerdict({ hosts, summary }: DoctorReport): string {
  const silent = hosts.filter(({ status }) => status === "unreachable").length;
  const count = (number: number, one: string) => `${number} ${one}${number === 1 ? "" : "s"}`;
  const problems = summary.problem === 0 ? "no problem" : count(summary.problem, "problem");
  const notices = summary.notice === 0 ? "" : `, ${count(summary.notice, "notice")}`;
  const scope = count(hosts.length, "host");
  if (silent > 0) return `${silent} of ${scope} could not be looked at; of the rest: ${problems}${notices}.`;
  return `${problems[0]?.toUpperCase()}${problems.slice(1)}${notices}. ${scope}.`;
}
