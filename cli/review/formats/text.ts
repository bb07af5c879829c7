import { harmless } from "../../markup.js";
import type { Paint } from "../../paint.js";
import { impactLabel, isFelt, isUntold, worstOf } from "../impact.js";
import type { HostRoom, ReviewedChange, ReviewReport } from "../report.js";
import { countsText, memoryText, moveText, poolText, reasonLabel, title, toneOf } from "./words.js";

/** For people at a terminal. */
export function asText(given: ReviewReport, paint: Paint): string {
  const report = harmless(given);
  const [first = "", ...more] = report.verdict;
  const tone = { good: paint.good, warn: paint.warn, bad: paint.bad }[toneOf(report)];
  const lines = [
    paint.strong(title(report)),
    "",
    "Will any guest notice?",
    tone(first),
    ...more.map((sentence) => `  ${sentence}`),
    "",
    ...report.errors.map((error) => `${paint.bad("error")}: ${error}`),
    ...report.changes.flatMap((change) => changeLines(change, paint)),
    ...(report.changes.length > 0 ? [""] : []),
    ...report.hosts.flatMap((host) => hostLines(host, paint)),
    ...report.notes.map((note) => `note: ${note}`),
    paint.faint(countsText(report)),
  ];
  if (report.failed.length > 0)
    lines.push(paint.bad(`closed by --fail-on: ${report.failed.map(impactLabel).join(", ")}`));
  return `${lines.join("\n")}\n`;
}

function changeLines(change: ReviewedChange, paint: Paint): string[] {
  const { kind, name, operation, steps, notes, reason, move, hosts } = change;
  const worst = worstOf(change.impacts);
  const tone = isFelt(worst) ? paint.bad : isUntold(worst) || worst === "migrate" ? paint.warn : paint.strong;
  const where = hosts.length === 0 ? "" : ` on ${hosts.join(", ")}`;
  return [
    `${tone(impactLabel(worst).padEnd(14))} ${kind} ${name}${where} ${paint.faint(`(${operation})`)}`,
    ...steps.flatMap(({ lines }) => lines).map((line) => `  ${line}`),
    ...(move === undefined ? [] : [`  ${moveText(move)}`]),
    ...(reason === undefined ? [] : [`  ${paint.warn(reasonLabel(change))}: ${reason}`]),
    ...notes.map((note) => `  note: ${note}`),
  ];
}

function hostLines(host: HostRoom, paint: Paint): string[] {
  if (host.status === "unreachable")
    return [`${paint.bad(`host ${host.name} did not answer`)}: ${host.reason ?? ""}`];
  const { memory, cpus, guests, pools } = host;
  return [
    `host ${host.name}: ${[
      ...(guests === undefined ? [] : [`guests ${arrow(guests)}`]),
      ...(memory === undefined ? [] : [memoryText(memory)]),
      ...(cpus === undefined ? [] : [`virtual CPUs ${arrow(cpus)} on ${cpus.total}`]),
      ...pools.map(poolText),
    ].join("; ")}`,
  ];
}

function arrow({ before, after }: { before: number; after: number }): string {
  return before === after ? String(before) : `${before} -> ${after}`;
}
