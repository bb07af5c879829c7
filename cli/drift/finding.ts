import { z } from "zod";

/** In the order in which people should look at them. */
export const findingKinds = [
  "missing",
  "pausedByIoError",
  "interrupted",
  "drifted",
  "orphan",
  "unreachable",
  "unreadable",
  "pendingRestart",
  "poolNearlyFull",
  "unmanaged",
] as const;
export type FindingKind = (typeof findingKinds)[number];

/** Those that say that a host isn't as the stack says. */
export const driftKinds = [
  "missing",
  "pausedByIoError",
  "interrupted",
  "drifted",
  "orphan",
] as const satisfies FindingKind[];

/** Those that say that it can't be told. */
export const incompleteKinds = ["unreachable", "unreadable"] as const satisfies FindingKind[];

export const effects = [
  "none",
  "live",
  "nextBoot",
  "restart",
  "stop",
  "migrate",
  "replace",
  "refused",
] as const;

/** One thing that was found. All texts are for people and hold no secrets. */
export const finding = z.object({
  id: z.string().describe("The same for the same finding in another run: what --since compares."),
  kind: z.enum(findingKinds),
  resource: z
    .object({
      urn: z.string(),
      kind: z.string().describe('"VirtualMachine", "Disk", ...'),
      name: z.string().describe("The name in the program."),
    })
    .optional()
    .describe("Absent for what no given state has."),
  host: z.string().optional().describe("The name of a Host resource, or its address where it has none."),
  object: z.string().optional().describe('What it is about on the host, such as "domain web".'),
  property: z.string().optional(),
  wanted: z.string().optional(),
  found: z.string().optional(),
  up: z.array(z.string()).describe("What `pulumi up` would do, in the words of its preview."),
  effect: z.enum(effects).optional().describe("What that does to a guest."),
  reason: z.string().optional(),
});
export type Finding = z.output<typeof finding>;
export type Effect = (typeof effects)[number];

/** What is said of a finding's kind in headings and tables. */
export function kindLabel(kind: FindingKind): string {
  switch (kind) {
    case "missing":
      return "missing";
    case "pausedByIoError":
      return "paused by an I/O error";
    case "interrupted":
      return "interrupted move";
    case "drifted":
      return "drifted";
    case "orphan":
      return "orphan";
    case "unreachable":
      return "unreachable";
    case "unreadable":
      return "unreadable";
    case "pendingRestart":
      return "waits for a restart";
    case "poolNearlyFull":
      return "pool nearly full";
    case "unmanaged":
      return "unmanaged";
    default:
      return kind satisfies never;
  }
}

export function effectLabel(effect: Effect): string {
  switch (effect) {
    case "none":
      return "no guest notices";
    case "live":
      return "live";
    case "nextBoot":
      return "at the next boot";
    case "restart":
      return "restarts the guest";
    case "stop":
      return "stops the guest";
    case "migrate":
      return "moves the running guest";
    case "replace":
      return "replaces it: what it holds is lost";
    case "refused":
      return "up refuses";
    default:
      return effect satisfies never;
  }
}
