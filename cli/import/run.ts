import { randomBytes, randomUUID } from "node:crypto";
import type { Deployment } from "../../provider/engine/deployment.js";
import { oneLine } from "../../provider/hosts/errors.js";
import type { HostRef } from "../../provider/hosts/host-ref.js";
import { Hosts } from "../../provider/hosts/hosts.js";
import type { ConnectionOptions } from "../connection-options.js";
import { readHost } from "../drift/host-contents.js";
import { EXIT, type ExitCode } from "../exit-code.js";
import { type GivenHost, parseHost } from "../host-argument.js";
import { print } from "../output.js";
import { packageVersion } from "../package-version.js";
import { paintFor } from "../paint.js";
import { Progress } from "../progress.js";
import { UsageError } from "../usage-error.js";
import { Choice } from "./choice.js";
import { combine } from "./combine.js";
import { type FoundHost, findOn } from "./found-host.js";
import { importHost } from "./import-host.js";
import { listed, programText } from "./program/program.js";
import { projectFiles, projectName, refuseFull, writeProject } from "./project.js";
import { makeImportReport, summary } from "./report.js";
import type { Imported } from "./resource.js";
import { SharedFolders } from "./shared-folders.js";
import { isUnreachable } from "./takeover.js";

/** As the command line gives them. */
export interface ImportCommandOptions extends ConnectionOptions {
  out?: string;
  stdout?: boolean;
  json?: boolean;
  all?: boolean;
  force?: boolean;
  protect: boolean;
  project?: string;
  quiet?: boolean;
}

export async function runImport(
  hostTexts: string,
  patterns: readonly string[],
  options: ImportCommandOptions,
): Promise<ExitCode> {
  const given = givenHosts(hostTexts, options);
  const names = given.map(({ ref }) => ref.name);
  if ([options.stdout, options.json, options.out !== undefined].filter(Boolean).length > 1)
    throw new UsageError("--out, --stdout and --json: give one of them");
  const folder = options.stdout || options.json ? undefined : (options.out ?? names.join("-"));
  const force = options.force === true;
  if (folder !== undefined) await refuseFull(folder, { force });
  const project = projectName(options.project ?? names.join("-"));
  const choice = new Choice(patterns, names);

  const progress = new Progress(process.stderr, { quiet: options.quiet === true });
  const paint = paintFor(process.stderr, process.env);
  let imported: Imported;
  try {
    imported = await look(given, choice, { all: options.all === true, project, progress });
  } catch (error) {
    progress.clear();
    if (error instanceof UsageError) throw error;
    process.stderr.write(`kvm: ${oneLine(error)}\n`);
    return EXIT.incomplete;
  }
  progress.clear();
  const program = programText(given, imported.resources, { protect: options.protect });
  if (options.json) {
    const hosts = given.map(({ ref, args }) => ({ name: ref.name, args: { ...args } }));
    await print(`${JSON.stringify(makeImportReport(hosts, imported), null, 2)}\n`);
  } else if (folder === undefined) await print(program);
  else await writeProject(folder, projectFiles(project, names, program, packageVersion()), { force });
  if (options.quiet !== true) {
    process.stderr.write(summary(imported, paint));
    if (folder !== undefined)
      process.stderr.write(
        `Written to ${folder}. Next: cd ${folder} && npm install && pulumi preview --diff\n`,
      );
  }
  return imported.left.some(({ isManaged }) => !isManaged) ? EXIT.found : EXIT.fine;
}

/** The hosts of `HOST[,HOST...]`, which have one login. */
function givenHosts(texts: string, options: ConnectionOptions): GivenHost[] {
  const given = texts.split(",").map((text) => parseHost(text, options));
  const names = given.map(({ ref }) => ref.name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined)
    throw new UsageError(`two hosts would be called ${twice}; NAME=HOST gives one of them another name`);
  return given;
}

/** Everything is read over one connection a host; they are asked for nothing but to look at their pools again. */
async function look(
  given: readonly GivenHost[],
  choice: Choice,
  { all, project, progress }: { all: boolean; project: string; progress: Progress },
): Promise<Imported> {
  const hosts = new Hosts({
    warn: (message) => void process.stderr.write(`${message}\n`),
    now: () => Date.now(),
    survey: true,
  });
  const refs = given.map(({ ref }) => ref);
  try {
    const deployment: Deployment = {
      ...{ hosts, engine: undefined, now: () => Date.now() },
      ...{ randomUuid: randomUUID, randomNonce: () => randomBytes(8).toString("hex") },
      run: { id: "", holder: "" },
    };
    for (const ref of refs) hosts.declare(ref, { byProgram: true });
    progress.step(`${names(refs)}: connecting`);
    const looks = await Promise.allSettled(
      refs.map(async (ref) => {
        await readHost(hosts.get(ref), "all");
        return await findOn(hosts.get(ref), ref);
      }),
    );
    const failures = looks.flatMap((each) => (each.status === "rejected" ? [oneLine(each.reason)] : []));
    if (failures.length > 0) throw new Error(failures.join("; "));
    const found = looks.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
    refuseOneTwice(found);
    choice.refuseAbsent(found);
    const warn = (message: string) => void process.stderr.write(`kvm: ${message}\n`);
    const shared = await SharedFolders.among(found, hosts, warn);
    const parts: Awaited<ReturnType<typeof importHost>>[] = [];
    for (const [i, each] of found.entries())
      parts.push(
        await importHost(each, { before: found.slice(0, i), after: found.slice(i + 1), shared }, deployment, {
          ...{ all, project, isChosen: (name) => choice.has(each.ref.name, name) },
          progress: (text) => progress.step(`${each.ref.name}: ${text}`),
        }),
      );
    return await combine(parts, refs, deployment, project);
  } catch (error) {
    if (isUnreachable(error)) throw new Error(`${names(refs)} stopped answering: ${oneLine(error)}`);
    throw error;
  } finally {
    await hosts.close();
  }
}

function names(refs: readonly HostRef[]): string {
  return listed(refs.map(({ name }) => name));
}

/** By two addresses one would be in the program twice. */
function refuseOneTwice(found: readonly FoundHost[]): void {
  for (const [i, { ref, facts }] of found.entries()) {
    const first = found.slice(0, i).find((other) => other.facts.uuid === facts.uuid);
    if (first !== undefined)
      throw new UsageError(
        `${first.ref.name} and ${ref.name} are one machine (libvirt's host UUID of both is ${facts.uuid}); name it once`,
      );
  }
}

export const whatItEndsWith: Readonly<Record<ExitCode, string>> = {
  [EXIT.fine]: "all that was asked for is in the program, or managed by a stack already",
  [EXIT.failed]: "wrong usage, or the command failed",
  [EXIT.found]:
    "something was left alone, because taking it over would change it; the rest is in the program",
  [EXIT.incomplete]: "a host could not be reached or read; nothing is written",
};
