import { z } from "zod";
import { askedHost, count, exitCode, head } from "../report-parts.js";
import { impacts } from "./impact.js";

export const SCHEMA_VERSION = 1;

const bytes = z.number().min(0);
const beforeAfter = z.object({ before: z.number(), after: z.number() });

const step = z.object({
  kind: z.string().describe('The provider\'s name of the step: "migrate", "deleteVolume", ...'),
  lines: z.array(z.string()).describe("As the preview's `effects` have it."),
  impacts: z.array(z.enum(impacts)),
  guests: z.array(z.string()).describe("Other resources' guests that feel it."),
});
export type ReviewedStep = z.output<typeof step>;

const move = z
  .object({
    from: z.string(),
    to: z.string(),
    live: z.boolean(),
    memoryBytes: bytes.describe("What the guest may need at the target."),
    copiedBytes: bytes.describe("What its disks that are copied have allocated."),
    copies: z.array(z.string()),
    expectedSeconds: z.number().describe("At the bandwidth given; guests that write a lot take longer."),
    bandwidthMibPerSecond: z.number(),
    lastTookSeconds: z.number().optional().describe("What the VM's last move took."),
    freeMemoryBytes: z
      .object({ before: z.number(), after: z.number() })
      .optional()
      .describe("Memory of the target that no running guest may claim; absent when it doesn't answer."),
  })
  .describe("A VM's way to another host.");
export type ReviewedMove = z.output<typeof move>;

const change = z.object({
  urn: z.string(),
  kind: z.string(),
  name: z.string(),
  operation: z
    .enum(["create", "update", "replace", "delete", "forget"])
    .describe('"forget": Pulumi deletes it from the state alone, and what is on the host stays.'),
  hosts: z.array(z.string()),
  impacts: z.array(z.enum(impacts)).describe("The worst first."),
  runs: z
    .boolean()
    .optional()
    .describe("Of a VM: whether a guest runs now. Absent where that isn't known, or there is no VM."),
  steps: z.array(step),
  replaceBecause: z.array(z.string()).describe("Inputs that can only be met by a new object."),
  lost: z.array(z.object({ what: z.string(), host: z.string(), bytes: bytes.optional() })),
  move: move.optional(),
  reason: z.string().optional().describe("Why it can't be told, or why it is refused."),
  notes: z.array(z.string()),
  xmlDiff: z.string().optional().describe("What changes in the domain's definition, as a unified diff."),
});
export type ReviewedChange = z.output<typeof change>;

const host = askedHost.extend({
  memory: beforeAfter
    .extend({ totalBytes: bytes })
    .optional()
    .describe("Bytes that running guests may claim; what waits for a boot isn't counted."),
  cpus: beforeAfter.extend({ total: z.number() }).optional().describe("Virtual CPUs of running guests."),
  guests: beforeAfter.optional().describe("Running guests, whoever made them."),
  pools: z.array(
    beforeAfter
      .extend({ name: z.string(), capacityBytes: bytes })
      .describe("Bytes available; `after`: when the disks that the change makes or grows are full."),
  ),
});
export type HostRoom = z.output<typeof host>;

const machine = z.object({
  name: z.string(),
  before: z.string().optional().describe("Its host; absent for a new one."),
  after: z.string().optional().describe("Absent for one that is removed."),
  runs: z.boolean().optional(),
  impact: z.enum(impacts),
  disks: z.array(z.string()).describe("Afterwards; of one that is removed, those that it had."),
  networks: z.array(z.string()),
  former: z
    .object({ disks: z.array(z.string()), networks: z.array(z.string()) })
    .optional()
    .describe("What it has until then, where that is something else."),
});
export type TopologyMachine = z.output<typeof machine>;

const placed = z.object({
  name: z.string(),
  before: z.array(z.string()).describe("The names of its hosts."),
  after: z.array(z.string()),
  impact: z.enum(impacts),
});
export type TopologyPlaced = z.output<typeof placed>;

const topology = z.object({
  hosts: z.array(z.string()),
  machines: z.array(machine),
  networks: z.array(placed),
  pools: z.array(placed),
  disks: z.array(placed).describe("Disk resources."),
});
export type Topology = z.output<typeof topology>;

/** What `kvm review --json` prints. Fields may be added; what is here stays while the version does. */
export const report = z
  .object({
    ...head("review", SCHEMA_VERSION),
    project: z.string(),
    stack: z.string(),
    outcome: z
      .enum(["unnoticed", "noticed", "uncertain"])
      .describe(
        '"noticed": a guest is interrupted, or data is lost; "uncertain": that can\'t be told of everything.',
      ),
    verdict: z.array(z.string()).describe("The answer in plain sentences, the most important first."),
    exitCode,
    failOn: z.array(z.enum(impacts)),
    failed: z.array(z.enum(impacts)).describe("Those of `failOn` that the change has."),
    summary: z
      .object(
        Object.fromEntries(impacts.map((impact) => [impact, count])) as Record<
          (typeof impacts)[number],
          typeof count
        >,
      )
      .describe("How many resources have each."),
    unchanged: count.describe("How many resources of this package stay as they are."),
    others: count.describe("How many resources of other packages change: of these it says nothing."),
    changes: z.array(change),
    hosts: z.array(host),
    topology,
    errors: z.array(z.string()).describe("The preview's own: without them it would have gone on."),
    notes: z.array(z.string()),
  })
  .describe("What kvm review says of a change.");
export type ReviewReport = z.output<typeof report>;
