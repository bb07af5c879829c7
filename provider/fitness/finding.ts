import { z } from "zod";

/** What is looked at, in the order of a report. */
export const checks = [
  "login",
  "libvirt",
  "versions",
  "kvm",
  "nested",
  "iommu",
  "cpu",
  "machines",
  "firmware",
  "tpm",
  "tools",
  "pools",
  "networks",
  "bandwidth",
  "time",
  "tls",
  "names",
  "migrationPorts",
] as const;
export type Check = (typeof checks)[number];

/** From bad to good. */
export const levels = ["unreachable", "problem", "notice", "fine"] as const;
export type Level = (typeof levels)[number];

/** What a check has found on a host, or on the way from it to a peer. All texts are for people and hold no secrets. */
export const finding = z.object({
  id: z.string().describe("CHECK/HOST or CHECK/HOST/PEER, and what tells it from others of these."),
  check: z.enum(checks),
  level: z
    .enum(levels)
    .describe(
      '"unreachable": the host can\'t be looked at. "problem": something that VMs need doesn\'t work. "notice": good to know.',
    ),
  host: z.string(),
  peer: z.string().optional().describe("The host to which the way leads that was looked at."),
  what: z.string(),
  why: z.string().optional().describe("Why it matters; absent where all is fine."),
  fix: z
    .object({
      on: z.string().describe('Where it is to be done: a host\'s name, "here", or "program".'),
      commands: z.array(z.string()),
    })
    .optional()
    .describe("What puts it right."),
});
export type Finding = z.output<typeof finding>;
