import { z } from "zod";
import { askedHost, count, exitCode, head } from "../report-parts.js";
import { DRIFT_SCHEMA_VERSION, type FindingKind, findingKinds } from "./finding.js";
import { finding } from "./finding-schema.js";

/** What `kvm drift --json` prints. Fields may be added; what is here stays while the version does. */
export const report = z
  .object({
    ...head("drift", DRIFT_SCHEMA_VERSION),
    outcome: z
      .enum(["same", "drift", "incomplete"])
      .describe('"incomplete": a host or an object could not be reached or read, whatever else was found.'),
    exitCode,
    since: z
      .string()
      .optional()
      .describe("When the earlier report was made of which the findings are left out."),
    stacks: z.array(
      z.object({ project: z.string(), stack: z.string(), source: z.string(), resources: count }),
    ),
    hosts: z.array(
      askedHost.extend({
        domains: count.optional().describe("How many there are, whoever made them."),
      }),
    ),
    pools: z.array(
      z.object({
        host: z.string(),
        pool: z.string(),
        capacityBytes: count,
        availableBytes: count,
        usedPercent: z.number(),
      }),
    ),
    resources: z.array(
      z.object({
        urn: z.string(),
        kind: z.string(),
        name: z.string(),
        hosts: z.array(z.string()),
        status: z.enum(["same", "drifted", "missing", "unreachable", "unreadable"]),
      }),
    ),
    summary: z
      .object(
        Object.fromEntries(findingKinds.map((kind) => [kind, count])) as Record<FindingKind, typeof count>,
      )
      .describe("How many findings there are of each kind."),
    findings: z.array(finding),
    ignored: count.describe("How many findings --ignore has left out."),
    known: count.describe("How many findings --since has left out."),
    knownIds: z
      .array(z.string())
      .optional()
      .describe(
        "Ids of what was known before, whoever found it first: a --since of this report leaves them out as well.",
      ),
    notes: z.array(z.string()),
  })
  .describe("What kvm drift found.");
export type DriftReport = z.output<typeof report>;
