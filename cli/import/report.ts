import { z } from "zod";
import type { Paint } from "../paint.js";
import { listed } from "./program/program.js";
import { type Imported, importedKinds, kindNames } from "./resource.js";

export const IMPORT_SCHEMA_VERSION = 1;

/** What `kvm import --json` prints. Fields may be added; what is here stays while the version does. */
export const importReport = z
  .object({
    schema: z.literal("pulumi-kvm/import"),
    version: z.literal(IMPORT_SCHEMA_VERSION),
    hosts: z.array(
      z.object({
        name: z.string(),
        args: z.record(z.string(), z.unknown()).describe("Inputs of the Host resource."),
      }),
    ),
    resources: z
      .array(
        z.object({
          kind: z.enum(importedKinds),
          name: z.string().describe("Of the resource."),
          hosts: z
            .array(z.string())
            .describe("Where it is; several for a pool or a network that they have alike."),
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
          host: z.string(),
          name: z.string(),
          why: z.string(),
          managed: z.boolean().describe("A stack has it already."),
        }),
      )
      .describe("What isn't taken over."),
  })
  .describe("What kvm import found on hosts.");
export type ImportReport = z.output<typeof importReport>;

export function makeImportReport(hosts: ImportReport["hosts"], { resources, left }: Imported): ImportReport {
  return {
    schema: "pulumi-kvm/import",
    version: IMPORT_SCHEMA_VERSION,
    hosts,
    resources: resources.map(({ kind, name, hosts, libvirtName, inputs, notes }) => ({
      ...{ kind, name, hosts },
      inputs: { ...(name === libvirtName ? {} : { name: libvirtName }), adopt: true, ...inputs },
      notes,
    })),
    left: left.map(({ kind, host, name, why, isManaged }) => ({ kind, host, name, why, managed: isManaged })),
  };
}

/** What was taken over, and what wasn't and why. */
export function summary({ resources, left }: Imported, paint: Paint): string {
  const hosts = new Set([
    ...resources.flatMap((resource) => resource.hosts),
    ...left.map(({ host }) => host),
  ]);
  const on = (names: readonly string[]) => (hosts.size > 1 ? ` on ${listed(names)}` : "");
  const counts = importedKinds.flatMap((kind) => {
    const count = resources.filter((resource) => resource.kind === kind).length;
    return count === 0 ? [] : [`${count} ${kindNames[kind][count === 1 ? 0 : 1]}`];
  });
  const lines = [
    paint.strong(
      counts.length === 0 ? "Nothing can be taken over." : `In the program: ${counts.join(", ")}.`,
    ),
  ];
  for (const { kind, libvirtName, notes, hosts } of resources)
    if (notes.length > 0)
      lines.push(
        `  ${kindNames[kind][0]} ${libvirtName}${on(hosts)} ${paint.faint(`keeps as found: ${notes.join("; ")}`)}`,
      );
  if (left.length > 0) lines.push(paint.strong("Left alone:"));
  for (const { kind, host, name, why, isManaged } of left)
    lines.push(
      `  ${kindNames[kind][0]} ${name}${on([host])}: ${isManaged ? paint.faint(why) : paint.warn(why)}`,
    );
  return `${lines.join("\n")}\n`;
}
