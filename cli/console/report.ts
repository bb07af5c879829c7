import { z } from "zod";

export const CONSOLE_SCHEMA_VERSION = 1;

const count = z.int().min(0);
const common = {
  schema: z.literal("pulumi-kvm/console"),
  version: z.literal(CONSOLE_SCHEMA_VERSION),
  vm: z.string(),
  host: z.string(),
  uuid: z.string().describe("libvirt's, the same on every host."),
};
const at = { address: z.string(), port: count.describe("On this machine's loopback.") };

/** What `kvm console --json` prints, a line a link. Fields may be added; what is here stays while the version does. */
export const consoleReport = z
  .discriminatedUnion("kind", [
    z.object({
      ...common,
      kind: z.literal("screenshot"),
      file: z.string(),
      screen: count,
      widthPixels: count,
      heightPixels: count,
      sizeBytes: count,
    }),
    z.object({
      ...common,
      kind: z.literal("page"),
      url: z.string().describe("Good for one visit; the token is in it."),
      token: z.string(),
      ...at,
    }),
    z.object({ ...common, kind: z.literal("port"), url: z.string(), ...at }),
  ])
  .describe("What kvm console made.");

type Made = z.output<typeof consoleReport>;
type Unversioned<Each> = Each extends Made ? Omit<Each, "schema" | "version"> : never;

export function asJson(made: Unversioned<Made>): string {
  return `${JSON.stringify({ schema: "pulumi-kvm/console", version: CONSOLE_SCHEMA_VERSION, ...made })}\n`;
}
