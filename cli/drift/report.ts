import type { SecretTexts } from "../../provider/planning/secret-texts.js";
import { EXIT, type ExitCode } from "../exit-code.js";
import { DRIFT_SCHEMA_VERSION, type Finding, findingKinds, incompleteKinds } from "./finding.js";
import { hostNamesOf, type Judged, judge } from "./judge.js";
import { leftovers } from "./leftovers.js";
import { nearlyFull, roomIn } from "./pools.js";
import type { DriftReport } from "./report-schema.js";
import { LOGIN_KEYS, type SurveyedHost, type SurveyedStack } from "./survey.js";

export interface ReportOptions {
  at: Date;
  unmanaged: boolean;
  poolThresholdPercent: number;
  isIgnored: (finding: Finding) => boolean;
  since?: DriftReport | undefined;
  failOn: ReadonlySet<string>;
  secrets: SecretTexts;
}

/** From what was seen to what is said of it. Pure. */
export function makeReport(surveys: readonly SurveyedStack[], options: ReportOptions): DriftReport {
  const hosts = byMachine(surveys.flatMap((survey) => survey.hosts));
  const answering = hosts.flatMap(({ name, pools, answer }) =>
    answer.kind === "contents" ? [{ name, pools, contents: answer.contents }] : [],
  );
  const judged = surveys.flatMap(({ resources }) =>
    resources.map(({ resource, inspection, elsewhere }) => {
      const { status, findings } = judge(resource, inspection);
      const more = elsewhere === undefined ? [] : judge(elsewhere.resource, elsewhere.inspection).findings;
      return { resource, status, findings: [...findings, ...more] };
    }),
  );
  const rooms = roomIn(answering);
  const moving = new Set(
    judged
      .filter(({ findings }) => findings.some(({ kind }) => kind === "interrupted"))
      .map(({ resource }) => resource.urn),
  );
  const all = [
    ...judged.flatMap(({ findings }) => findings),
    ...leftovers(
      answering,
      // What is to go by itself is no orphan. Of one name what stays counts.
      surveys.flatMap(({ state }) => [...state.deleting, ...state.resources]),
      { unmanaged: options.unmanaged, moving },
    ),
    ...nearlyFull(rooms, options.poolThresholdPercent),
  ].map((found) => withoutSecrets(found, options.secrets));
  all.sort(inOrder);
  const heeded = all.filter((found) => !options.isIgnored(found));
  const { since } = options;
  const known = new Set([...(since?.knownIds ?? []), ...(since?.findings ?? []).map(({ id }) => id)]);
  const findings = heeded.filter(({ id }) => !known.has(id));
  // What can't be told stays untold, however often it was so before.
  const isIncomplete = heeded.some(({ kind }) => (incompleteKinds as readonly string[]).includes(kind));
  // What a silent host had before it may still have.
  const knownIds = [...known].filter((id) => isIncomplete || heeded.some((found) => found.id === id));
  const silent = hosts.some(({ answer }) => answer.kind === "silent");
  const isUntold = isIncomplete || (silent && judged.length === 0);
  const failing = findings.filter(({ kind }) => options.failOn.has(kind));
  // Whoever names silence itself is told of it as of all else that was named.
  const isNamed = failing.some(({ kind }) => (incompleteKinds as readonly string[]).includes(kind));
  const exitCode: ExitCode =
    isUntold && !isNamed ? EXIT.incomplete : failing.length > 0 ? EXIT.found : EXIT.fine;
  return {
    schema: "pulumi-kvm/drift",
    version: DRIFT_SCHEMA_VERSION,
    at: options.at.toISOString(),
    outcome: isUntold ? "incomplete" : exitCode === EXIT.fine ? "same" : "drift",
    exitCode,
    ...(since === undefined ? {} : { since: since.at }),
    stacks: surveys.map(({ state: { project, stack, source, resources } }) => ({
      ...{ project, stack, source },
      resources: resources.length,
    })),
    hosts: hosts.map((host) => hostLine(host, options.secrets)),
    pools: rooms,
    resources: judged.map(resourceLine),
    summary: Object.fromEntries(
      findingKinds.map((kind) => [kind, findings.filter((found) => found.kind === kind).length]),
    ) as DriftReport["summary"],
    findings,
    ignored: all.length - heeded.length,
    known: heeded.length - findings.length,
    ...(since === undefined ? {} : { knownIds }),
    notes: [...new Set(surveys.flatMap(notesOf))].map((note) => options.secrets.conceal(note)),
  };
}

function inOrder(a: Finding, b: Finding): number {
  const byKind = findingKinds.indexOf(a.kind) - findingKinds.indexOf(b.kind);
  const text = ({ host, resource, object, property }: Finding) =>
    [host, resource?.kind, resource?.name, object, property].map((part) => part ?? "").join("\0");
  return byKind !== 0 ? byKind : text(a) < text(b) ? -1 : 1;
}

function resourceLine({
  resource,
  status,
}: { resource: SurveyedStack["resources"][number]["resource"] } & Judged) {
  const { urn, kind, name } = resource;
  return { urn, kind, name, hosts: hostNamesOf(resource), status };
}

function hostLine(
  { name, address, answer }: SurveyedHost,
  secrets: SecretTexts,
): DriftReport["hosts"][number] {
  if (answer.kind === "silent")
    return { name, address, status: "unreachable", reason: secrets.conceal(answer.reason) };
  return { name, address, status: "reached", domains: answer.contents.domains.length };
}

/** Two stacks, or two names, of one machine. A state has its hosts in the order in which they happened to be ready. */
function byMachine(hosts: readonly SurveyedHost[]): SurveyedHost[] {
  const seen = new Set<string>();
  return hosts
    .filter(({ address, name, answer }) => {
      const key = answer.kind === "contents" ? answer.contents.facts.uuid : `${name} ${address}`;
      return !seen.has(key) && seen.add(key);
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function withoutSecrets(found: Finding, secrets: SecretTexts): Finding {
  const conceal = (text: string) => secrets.conceal(text);
  const result = { ...found, up: found.up.map(conceal) };
  for (const key of ["wanted", "found", "reason", "object", "property"] as const)
    if (result[key] !== undefined) result[key] = conceal(result[key]);
  return result;
}

function notesOf({ state, warnings }: SurveyedStack): string[] {
  const notes = [...warnings];
  if (state.resources.length === 0) notes.push(`${state.source} has no resources of pulumi-kvm`);
  if (state.pendingOperations > 0)
    notes.push(
      `${state.source}: ${state.pendingOperations} ${state.pendingOperations === 1 ? "operation" : "operations"} that a run which was cut off has left open; the next "pulumi up" takes care of that`,
    );
  if (state.deleting.length > 0)
    notes.push(
      `${state.source}: ${state.deleting.map(({ kind, name }) => `${kind} ${name}`).join(", ")}: a replacement that was cut off has left it to be deleted; the next "pulumi up" does that`,
    );
  if (state.resources.some(({ encryptedKeys }) => encryptedKeys.some((key) => LOGIN_KEYS.has(key))))
    notes.push(
      `${state.source}: the credentials in it are encrypted, so hosts were reached with this machine's own keys; with "pulumi stack export --show-secrets", or --stack, those of the state are used`,
    );
  return notes;
}
