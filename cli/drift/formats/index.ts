import type { Paint } from "../../paint.js";
import type { DriftFormat } from "../options.js";
import type { DriftReport } from "../report-schema.js";
import { asHtml } from "./html.js";
import { asJson } from "./json.js";
import { asJunit } from "./junit.js";
import { asMarkdown } from "./markdown.js";
import { asPrometheus } from "./prometheus.js";
import { asTable } from "./table.js";

export function formatted(report: DriftReport, format: DriftFormat, paint: Paint): string {
  switch (format) {
    case "table":
      return asTable(report, paint);
    case "json":
      return asJson(report);
    case "markdown":
      return asMarkdown(report);
    case "html":
      return asHtml(report);
    case "junit":
      return asJunit(report);
    case "prometheus":
      return asPrometheus(report);
    default:
      return format satisfies never;
  }
}
