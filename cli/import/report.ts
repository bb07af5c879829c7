import { z } from "zod";
import type { Paint } from "../paint.js";
import { type Imported, importedKinds, kindNames } from "./resource.js";

export const IMPORT_SCHEMA_VERSION = 1;

/** What `kvm import --json` prints. Fields may be added; what is here stays while the version does. */
export const importReport = z
  .object({
    schema: z.literal("pulumi-kvm/import"),
    version: z.literal(IMPORT_SCHEMA_VERSION),
    host: z.object({
      name: z.string(),
      args: z.record(z.string(), z.unknown()).describe("Inputs of the Host resource."),
    }),
    resources: z
      .array(
        z.object({
          kind: z.enum(importedKinds),
          name: z.string().describe("Of the resource."),
          inputs: z
            .record(z.string(), z.unknown())
            .describe(
              "As the program gives them, beside the host. Pools and networks stand by libvirt's names, Disk resources as { host, pool, name }.",
            ),
          notes: z.array(z.string()).describe("What stays as it was found, and isn't in the inputs."),
        }),
      )
      .describe("In the order in which they depend on each other."),
    left: z
      .array(
        z.object({
          kind: z.enum(importedKinds),
          name: z.string(),
          why: z.string(),
          managed: z.boolean().describe("A stack has it already."),
        }),
      )
      .describe("What isn't taken over."),
  })
  .describe("What kvm import found on a host.");
export type ImportReport = z.output<typeof importReport>;

export function makeImportReport(
  host: { name: string; args: Record<string, unknown> },
  { resources, left }: Imported,
): ImportReport {
  return {
    schema: "pulumi-kvm/import",
    version: IMPORT_SCHEMA_VERSION,
    host,
    resources: resources.map(({ kind, name, libvirtName, inputs, notes }) => ({
      ...{ kind, name },
      inputs: { ...(name === libvirtName ? {} : { name: libvirtName }), adopt: true, ...inputs },
      notes,
    })),
    left: left.map(({ kind, name, why, isManaged }) => ({ kind, name, why, managed: isManaged })),
  };
}

/** What was taken over, and what wasn't and why. */
export function summary({ resources, left }: Imported, paint: Paint): string {
  const counts = importedKinds.flatMap((kind) => {
    const count = resources.filter((resource) => resource.kind === kind).length;
    return count === 0 ? [] : [`${count} ${kindNames[kind][count === 1 ? 0 : 1]}`];
  });
  const lines = [
    paint.strong(
      counts.length === 0 ? "Nothing can be taken over." : `In the program: ${counts.join(", ")}.`,
    ),
  ];
  for (const { kind, libvirtName, notes } of resources)
    if (notes.length > 0)
      lines.push(
        `  ${kindNames[kind][0]} ${libvirtName} ${paint.faint(`keeps as found: ${notes.join("; ")}`)}`,
      );
  if (left.length > 0) lines.push(paint.strong("Left alone:"));
  for (const { kind, name, why, isManaged } of left)
    lines.push(`  ${kindNames[kind][0]} ${name}: ${isManaged ? paint.faint(why) : paint.warn(why)}`);
  return `${lines.join("\n")}\n`;
}
