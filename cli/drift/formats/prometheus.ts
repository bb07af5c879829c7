import { findingKinds } from "../finding.js";
import type { DriftReport } from "../report-schema.js";
import { stackName } from "./words.js";

/** For the textfile collector of node_exporter, and whatever else reads Prometheus' text format. */
export function asPrometheus(report: DriftReport): string {
  const stack = report.stacks.map(stackName).join(",");
  const lines: string[] = [];
  const metric = (name: string, help: string, samples: [labels: Record<string, string>, value: number][]) => {
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} gauge`);
    for (const [labels, value] of samples) lines.push(`${name}{${labelText({ stack, ...labels })}} ${value}`);
  };
  metric(
    "pulumi_kvm_drift_findings",
    "How many findings kvm drift had, by kind.",
    findingKinds.map((kind) => [{ kind }, report.summary[kind]]),
  );
  metric(
    "pulumi_kvm_drift_resources",
    "Resources of the stack by what was found.",
    (["same", "drifted", "missing", "unreachable", "unreadable"] as const).map((status) => [
      { status },
      report.resources.filter((resource) => resource.status === status).length,
    ]),
  );
  metric(
    "pulumi_kvm_drift_host_reached",
    "Whether the host answered.",
    report.hosts.map(({ name, status }) => [{ host: name }, status === "reached" ? 1 : 0]),
  );
  metric(
    "pulumi_kvm_drift_pool_used_ratio",
    "How full a storage pool is.",
    report.pools.map(({ host, pool, usedPercent }) => [
      { host, pool },
      Number((usedPercent / 100).toFixed(4)),
    ]),
  );
  metric("pulumi_kvm_drift_exit_code", "What kvm drift ended with: 0 no drift, 2 drift, 3 incomplete.", [
    [{}, report.exitCode],
  ]);
  metric("pulumi_kvm_drift_run_timestamp_seconds", "When the hosts were asked.", [
    [{}, Math.floor(Date.parse(report.at) / 1000)],
  ]);
  return `${lines.join("\n")}\n`;
}

function labelText(labels: Record<string, string>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${value.replace(/[\\"]/g, "\\$&").replace(/\n/g, "\\n")}"`)
    .join(",");
}
