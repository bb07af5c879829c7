// What the command `kvm` publishes: the schemas of its reports, and the page that its help makes.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import { z } from "zod";
import { CONSOLE_SCHEMA_VERSION, consoleReport } from "../cli/console/report.js";
import { DOCTOR_SCHEMA_VERSION, doctorReport } from "../cli/doctor/report.js";
import { DRIFT_SCHEMA_VERSION } from "../cli/drift/finding.js";
import { report as driftReport } from "../cli/drift/report-schema.js";
import { IMPORT_SCHEMA_VERSION, importReport } from "../cli/import/report.js";
import { program } from "../cli/program.js";
import { SCHEMA_VERSION as REVIEW_VERSION, report as reviewReport } from "../cli/review/report.js";
import { printJson } from "./schema-print.mjs";

/** JSON schemas by file name. */
export function reportSchemas(): Record<string, string> {
  const text = (schema: z.ZodType) =>
    printJson(openEnded(z.toJSONSchema(schema, { target: "draft-2020-12", io: "output" })) as object);
  return {
    [`console-${CONSOLE_SCHEMA_VERSION}.schema.json`]: text(consoleReport),
    [`drift-${DRIFT_SCHEMA_VERSION}.schema.json`]: text(driftReport),
    [`doctor-${DOCTOR_SCHEMA_VERSION}.schema.json`]: text(doctorReport),
    [`review-${REVIEW_VERSION}.schema.json`]: text(reviewReport),
    [`import-${IMPORT_SCHEMA_VERSION}.schema.json`]: text(importReport),
  };
}

/** Fields may be added within a version, so whoever validates by the schema must not be surprised by one. */
function openEnded(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(openEnded);
  if (typeof schema !== "object" || schema === null) return schema;
  const entries = Object.entries(schema).filter(
    ([key, value]) => key !== "additionalProperties" || value !== false,
  );
  return Object.fromEntries(entries.map(([key, value]) => [key, openEnded(value)]));
}

/** docs/kvm.md */
export async function commandPage(): Promise<string> {
  const kvm = await program(() => undefined);
  const parts = [
    "# kvm",
    "",
    "<!-- Generated from the command's own help: npm run generate -->",
    "",
    ...[kvm, ...kvm.commands].flatMap(commandPart),
  ];
  return `${parts.join("\n").trimEnd()}\n`;
}

function commandPart(command: Command): string[] {
  const name = command.parent === null ? command.name() : `${command.parent.name()} ${command.name()}`;
  return [
    ...(command.parent === null ? [] : [`## ${name}`, ""]),
    "```text",
    helpOf(command).trimEnd(),
    "```",
    "",
  ];
}

/** As `--help` prints it, examples and exit codes included. */
export function helpOf(command: Command): string {
  const parts: string[] = [];
  command.configureOutput({ writeOut: (part) => void parts.push(part) });
  command.outputHelp();
  return parts.join("");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const write = (folder: string, name: string, text: string) => {
    mkdirSync(join(process.cwd(), folder), { recursive: true });
    writeFileSync(join(process.cwd(), folder, name), text);
  };
  for (const [name, text] of Object.entries(reportSchemas())) write("schemas", name, text);
  write("docs", "kvm.md", await commandPage());
}
