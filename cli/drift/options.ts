import { EXIT, type ExitCode } from "../exit-code.js";
import type { ReportingOptions } from "../reporting.js";

/** As the command line gives them. */
export interface DriftOptions extends ReportingOptions {
  stack?: string[];
  cwd?: string;
  state?: string[];
  all?: boolean;
  ignore?: string[];
  since?: string;
  poolThreshold: string;
  answerTimeout: string;
  failOn?: string[];
}

export const driftFormats = ["table", "json", "markdown", "html", "junit", "prometheus"] as const;
export type DriftFormat = (typeof driftFormats)[number];

export const whatItEndsWith: Readonly<Record<ExitCode, string>> = {
  [EXIT.fine]: "no drift",
  [EXIT.failed]: "wrong usage, or the command failed",
  [EXIT.found]: "drift",
  [EXIT.incomplete]: "something could not be reached or read; what could is in the report",
};
