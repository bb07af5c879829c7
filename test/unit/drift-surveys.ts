import { driftKinds } from "../../cli/drift/finding.js";
import { makeReport, type ReportOptions } from "../../cli/drift/report.js";
import type { DriftReport } from "../../cli/drift/report-schema.js";
import type { SurveyedHost } from "../../cli/drift/survey.js";
import type { StateResource } from "../../cli/state/state.js";
import type { Inspection } from "../../provider/engine/inspection.js";
import { emptyPlan } from "../../provider/planning/plan.js";
import { SecretTexts } from "../../provider/planning/secret-texts.js";
import type { Step } from "../../provider/planning/step.js";

export function resourceNamed(name: string, kind = "VirtualMachine"): StateResource {
  return {
    urn: `urn:pulumi:prod::shop::pulumi-nodejs:dynamic/kvm:${kind}::${name}`,
    ...{ kind, name, project: "shop", stack: "prod", id: name },
    inputs: { name, host: "alpha" },
    outputs: {},
    secretKeys: new Set(),
    encryptedKeys: [],
    initErrors: [],
  };
}

export function planned(steps: Step[]): Extract<Inspection, { kind: "planned" }> {
  return { kind: "planned", plan: { ...emptyPlan(), steps }, exists: true, circumstances: [] };
}

export function silentHost(name: string): SurveyedHost {
  return {
    name,
    address: name,
    pools: "all",
    answer: { kind: "silent", reason: `host ${name} is unreachable: off` },
  };
}

export function reportOf(
  inspected: [StateResource, Inspection][],
  options: Partial<ReportOptions> = {},
  hosts: SurveyedHost[] = [],
): DriftReport {
  const resources = inspected.map(([resource, inspection]) => ({ resource, inspection }));
  const state = {
    ...{ project: "shop", stack: "prod", source: "state.json", pendingOperations: 0, deleting: [] },
    resources: resources.map(({ resource }) => resource),
  };
  return makeReport([{ state, hosts, resources, warnings: [] }], {
    at: new Date("2026-01-02T03:04:05Z"),
    ...{ unmanaged: false, poolThresholdPercent: 90, isIgnored: () => false },
    failOn: new Set<string>(driftKinds),
    secrets: new SecretTexts(),
    ...options,
  });
}
