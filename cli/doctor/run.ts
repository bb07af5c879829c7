import { checks, type Finding } from "../../provider/fitness/finding.js";
import type { HostRef } from "../../provider/hosts/host-ref.js";
import type { SecretTexts } from "../../provider/planning/secret-texts.js";
import { type ConnectionOptions, connectionOf, refuseWithoutNamedHosts } from "../connection-options.js";
import { EXIT, type ExitCode } from "../exit-code.js";
import { parseHostAddress } from "../host-address.js";
import type { Progress } from "../progress.js";
import { type ReportingOptions, reportTo } from "../reporting.js";
import { refsOf } from "../state/host-refs.js";
import { readStates } from "../state/read-states.js";
import { UsageError } from "../usage-error.js";
import { makeReport } from "./report.js";
import { examineAll } from "./round.js";
import { asTable } from "./table.js";

export const doctorFormats = ["table", "json"] as const;

/** As the command line gives them. */
export interface DoctorOptions extends ConnectionOptions, ReportingOptions {
  stack?: string[];
  cwd?: string;
  state?: string[];
  ignore?: string[];
}

export async function runDoctor(hosts: readonly string[], options: DoctorOptions): Promise<ExitCode> {
  return await reportTo(options, {
    formats: doctorFormats,
    make: async (secrets, progress) => {
      const isIgnored = ignoring(options.ignore ?? []);
      const refs = await hostsToAsk(hosts, options, secrets, progress);
      const at = new Date();
      return makeReport(await examineAll(refs, progress), { at, isIgnored, secrets });
    },
    formatted: (report, format, paint) =>
      format === "json" ? `${JSON.stringify(report, null, 2)}\n` : asTable(report, paint),
  });
}

async function hostsToAsk(
  hosts: readonly string[],
  options: DoctorOptions,
  secrets: SecretTexts,
  progress: Progress,
): Promise<HostRef[]> {
  if (hosts.length === 0) refuseWithoutNamedHosts(options);
  const named = hosts.map((text) => namedHost(text, options));
  const wantsStates = hosts.length === 0 || options.stack !== undefined || options.state !== undefined;
  const states = wantsStates ? await readStates(options, secrets, progress) : [];
  const declared = states.flatMap(({ resources }) =>
    resources.filter(({ kind }) => kind === "Host").flatMap(refsOf),
  );
  const refs = [...named, ...declared];
  const byName = new Map(refs.map((ref) => [ref.name, ref]));
  if (byName.size === 0)
    throw new UsageError("no host to look at: name some, or choose a stack that declares some with --stack");
  if (byName.size < refs.length) throw new UsageError(`${repeatedName(refs)} is named twice`);
  return [...byName.values()];
}

/** A host as a person names it: by its address. */
export function namedHost(text: string, options: ConnectionOptions = {}): HostRef {
  const connection = connectionOf(parseHostAddress(text), options, text);
  return { name: connection.address, connection, credentials: {} };
}

function repeatedName(refs: readonly HostRef[]): string {
  const names = refs.map(({ name }) => name);
  return names.find((name, i) => names.indexOf(name) !== i) ?? "a host";
}

/** `CHECK`, `HOST/CHECK`. A host that can't be looked at is never ignored. */
function ignoring(patterns: readonly string[]): (finding: Finding) => boolean {
  const wanted = patterns.map((pattern) => {
    const cut = pattern.lastIndexOf("/");
    const check = checks.find((one) => one === pattern.slice(cut + 1));
    if (check === undefined)
      throw new UsageError(
        `--ignore ${pattern}: write CHECK or HOST/CHECK; the checks are ${checks.join(", ")}`,
      );
    return { check, host: cut === -1 ? undefined : pattern.slice(0, cut) };
  });
  return ({ check, host }) =>
    wanted.some((each) => each.check === check && (each.host === undefined || each.host === host));
}

export const doctorEndsWith: Readonly<Record<ExitCode, string>> = {
  [EXIT.fine]: "nothing that prevents anything; there may be notices",
  [EXIT.failed]: "wrong usage, or the command failed",
  [EXIT.found]: "problems: something that VMs, or their moves, need doesn't work",
  [EXIT.incomplete]: "a host could not be looked at; what was found on the others is in the report",
};
