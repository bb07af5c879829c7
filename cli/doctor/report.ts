import { z } from "zod";
import { type Finding, finding, type Level, levels } from "../../provider/fitness/finding.js";
import { judgeHost } from "../../provider/fitness/judge-host.js";
import { judgeTwins } from "../../provider/fitness/judge-twins.js";
import { judgeWay } from "../../provider/fitness/judge-way.js";
import type { SecretTexts } from "../../provider/planning/secret-texts.js";
import { EXIT, type ExitCode } from "../exit-code.js";
import { askedHost, count, exitCode, head } from "../report-parts.js";
import type { Round } from "./round.js";

export const DOCTOR_SCHEMA_VERSION = 1;

/** What `kvm doctor --json` prints. Fields may be added; what is here stays while the version does. */
export const doctorReport = z
  .object({
    ...head("doctor", DOCTOR_SCHEMA_VERSION),
    outcome: z
      .enum(["fit", "unfit", "incomplete"])
      .describe('"incomplete": a host could not be looked at, whatever else was found.'),
    exitCode,
    hosts: z.array(
      askedHost.extend({
        system: z.string().optional().describe('Such as "Debian GNU/Linux 12 (bookworm)".'),
        architecture: z.string().optional(),
        user: z.string().optional(),
        migrationAddress: z.string().optional(),
        libvirtVersion: z.string().optional(),
        qemuVersion: z.string().optional(),
        kvm: z.boolean().optional(),
        cpuModel: z.string().optional(),
        cpus: count.optional(),
        memoryBytes: count.optional(),
        machineTypes: z.array(z.string()).optional(),
        pools: z
          .array(
            z.object({
              name: z.string(),
              active: z.boolean(),
              capacityBytes: count,
              availableBytes: count,
            }),
          )
          .optional(),
        networks: z.array(z.object({ name: z.string(), active: z.boolean() })).optional(),
      }),
    ),
    commonCpu: z
      .object({ model: z.string().optional(), required: z.array(z.string()) })
      .optional()
      .describe(
        "The CPU that VMs may have to run on all these hosts: libvirt's baseline. Absent where libvirt can't tell.",
      ),
    ways: z
      .object({ tried: count, all: count })
      .describe("How many ways there are between the hosts that let us in, and how many of them were tried."),
    summary: z
      .object(Object.fromEntries(levels.map((level) => [level, count])) as Record<Level, typeof count>)
      .describe("How many findings there are of each level."),
    findings: z.array(finding),
    ignored: count.describe("How many findings --ignore has left out."),
  })
  .describe("What kvm doctor found.");
export type DoctorReport = z.output<typeof doctorReport>;

/** From what was found out to what is said of it. Pure. */
export function makeReport(
  { examinations, ways, commonCpu }: Round,
  options: { at: Date; isIgnored: (finding: Finding) => boolean; secrets: SecretTexts },
): DoctorReport {
  const conceal = (text: string) => options.secrets.conceal(text);
  const reached = new Map(
    examinations.flatMap(({ name, seen }) => (seen.kind === "reached" ? [[name, seen] as const] : [])),
  );
  const all = [
    ...examinations.flatMap((examination) => judgeHost(examination, options.at)),
    ...judgeTwins(examinations),
    ...ways.flatMap((way) => {
      const [from, to] = [reached.get(way.from), reached.get(way.to)];
      return from === undefined || to === undefined ? [] : judgeWay(way, from, to);
    }),
  ].map((found) => withoutSecrets(found, conceal));
  const findings = all.filter((found) => found.level === "unreachable" || !options.isIgnored(found));
  const has = (level: Level) => findings.some((found) => found.level === level);
  const exitCode: ExitCode = has("unreachable") ? EXIT.incomplete : has("problem") ? EXIT.found : EXIT.fine;
  return {
    schema: "pulumi-kvm/doctor",
    version: DOCTOR_SCHEMA_VERSION,
    at: options.at.toISOString(),
    outcome: exitCode === EXIT.fine ? "fit" : exitCode === EXIT.found ? "unfit" : "incomplete",
    exitCode,
    hosts: examinations.map((examination) => hostLine(examination, conceal)),
    ...(commonCpu !== undefined && {
      commonCpu: {
        required: commonCpu.required,
        ...(commonCpu.model !== undefined && { model: commonCpu.model }),
      },
    }),
    ways: { tried: ways.length, all: reached.size * Math.max(0, reached.size - 1) },
    summary: Object.fromEntries(
      levels.map((level) => [level, findings.filter((found) => found.level === level).length]),
    ) as DoctorReport["summary"],
    findings,
    ignored: all.length - findings.length,
  };
}

function hostLine(
  { name, address, seen }: Round["examinations"][number],
  conceal: (text: string) => string,
): DoctorReport["hosts"][number] {
  if (seen.kind === "silent")
    return { name, address, status: "unreachable", reason: conceal(seen.silence.reason) };
  const { machine, libvirt, user, migrationAddress } = seen;
  const facts = libvirt.kind === "open" ? libvirt.facts : undefined;
  return {
    ...{ name, address, status: "reached", user, migrationAddress },
    ...{ system: machine.distribution.name, architecture: machine.architecture },
    ...(facts !== undefined && {
      libvirtVersion: facts.host.libvirtVersion,
      qemuVersion: facts.host.qemuVersion,
      kvm: facts.host.kvm,
      cpuModel: facts.host.cpuModel,
      cpus: facts.host.cpus,
      memoryBytes: facts.host.memoryBytes,
      machineTypes: facts.host.machineTypes,
      pools: facts.pools.map(({ name, isActive, capacityBytes, availableBytes }) => ({
        ...{ name, active: isActive, capacityBytes, availableBytes },
      })),
      networks: facts.networks.map(({ name, isActive }) => ({ name, active: isActive })),
    }),
  };
}

function withoutSecrets(found: Finding, conceal: (text: string) => string): Finding {
  return {
    ...found,
    what: conceal(found.what),
    ...(found.fix !== undefined && { fix: { ...found.fix, commands: found.fix.commands.map(conceal) } }),
  };
}
