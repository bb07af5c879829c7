import { z } from "zod";

export const count = z.int().min(0);

/** What the reports of commands that ask hosts begin with. */
export function head<const Name extends string, const Version extends number>(name: Name, version: Version) {
  return {
    schema: z.literal(`pulumi-kvm/${name}`),
    version: z.literal(version),
    at: z.string().describe("When the hosts were asked, as ISO 8601 in UTC."),
  };
}

export const exitCode = z.int().min(0).max(3);

/** Whether a host answered. */
export const askedHost = z.object({
  name: z.string(),
  address: z.string(),
  status: z.enum(["reached", "unreachable"]),
  reason: z.string().optional(),
});
