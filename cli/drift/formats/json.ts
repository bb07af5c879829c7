import type { DriftReport } from "../report-schema.js";

export function asJson(report: DriftReport): string {
  return `${JSON.stringify(report, null, 2)}\n`;
}
