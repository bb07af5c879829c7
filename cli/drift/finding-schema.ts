import { z } from "zod";
import { effects, findingKinds } from "./finding.js";

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
  up: z
    .array(z.string())
    .describe(
      "What `pulumi up` would do, in the words of its preview. Nothing where it refuses the resource.",
    ),
  effect: z.enum(effects).optional().describe("What that does to a guest."),
  reason: z.string().optional(),
});
