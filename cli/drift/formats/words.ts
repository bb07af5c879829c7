import { counted } from "../../counted.js";
import { effectLabel, type Finding } from "../finding.js";
import type { DriftReport } from "../report-schema.js";

/** What a finding is about, for a column. */
export function subjectOf({ resource, object }: Finding): string {
  if (resource === undefined) return object ?? "";
  const name = `${resource.kind} ${resource.name}`;
  return object === undefined ? name : `${name}: ${object}`;
}

const REFUSED_WITH_IT = "nothing, as it refuses something of it";

/** What `pulumi up` would do; the lines of a preview say themselves what a guest feels of it. */
export function upOf({ up, effect, reason }: Finding): string {
  if (effect === "refused") return reason === undefined ? REFUSED_WITH_IT : `refuses: ${reason}`;
  const lines = up.join("; ");
  return effect === "replace" ? `${lines}: ${effectLabel(effect)}` : lines;
}

/** The reason, where no other column has it. Why a host is silent stands beside that host, once for all that is on it. */
export function remarkOf({ kind, effect, host, reason = "" }: Finding): string {
  if (kind === "unreachable" && reason.startsWith(silence(host ?? ""))) return "its host did not answer";
  return effect === "refused" ? "" : reason;
}

export function title({ stacks }: DriftReport): string {
  return `Drift of ${stacks.map(stackName).join(", ")}`;
}

/** The state of an empty stack doesn't say whose it is. */
export function stackName({ project, stack, source }: DriftReport["stacks"][number]): string {
  return stack === "" ? source : `${project}/${stack}`;
}

/** The answer in one sentence. */
export function verdict({ outcome, summary, hosts, resources, findings, since }: DriftReport): string {
  const scope = `${counted(resources.length, "resource")} on ${counted(hosts.length, "host")}`;
  const news = since === undefined ? "" : " since the last report";
  const silent = hosts.filter(({ status }) => status === "unreachable").length;
  const drift =
    summary.missing + summary.drifted + summary.interrupted + summary.pausedByIoError + summary.orphan;
  const untold = summary.unreachable + summary.unreadable;
  const found = drift === 0 ? `nothing has drifted${news}` : `${counted(drift, "finding")} of drift${news}`;
  if (outcome === "incomplete")
    return `Not everything could be looked at (${silent === 0 ? counted(untold, "object") : counted(silent, "silent host")}); of the rest ${found}. ${scope}.`;
  const notices = findings.length - drift;
  const besides = notices === 0 ? "" : `, and ${counted(notices, "notice")}`;
  return `${found[0]?.toUpperCase()}${found.slice(1)}${besides}. ${scope}.`;
}

/** Why a host didn't answer, without saying once more that it didn't. */
export function silenceOf({ name, reason = "" }: DriftReport["hosts"][number]): string {
  const start = silence(name);
  return reason.startsWith(start) ? reason.slice(start.length) : reason;
}

function silence(hostName: string): string {
  return `host ${hostName} is unreachable: `;
}
