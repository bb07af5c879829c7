import { randomBytes, randomUUID } from "node:crypto";
import { resolve } from "node:path";
import type { Deployment } from "../../provider/engine/lifecycle.js";
import { oneLine } from "../../provider/hosts/errors.js";
import { Hosts } from "../../provider/hosts/hosts.js";
import { readHost } from "../drift/host-contents.js";
import { EXIT, type ExitCode } from "../exit-code.js";
import { type GivenHost, type HostOptions, parseHost } from "../host-argument.js";
import { print } from "../output.js";
import { packageVersion } from "../package-version.js";
import { paintFor } from "../paint.js";
import { Progress } from "../progress.js";
import { UsageError } from "../usage-error.js";
import { findOn } from "./found-host.js";
import { matching } from "./glob.js";
import { importHost, isUnreachable } from "./import-host.js";
import { programText } from "./program/program.js";
import { projectFiles, projectName, refuseFull, writeProject } from "./project.js";
import { makeImportReport, summary } from "./report.js";
import type { Imported } from "./resource.js";

/** As the command line gives them. */
export interface ImportCommandOptions extends HostOptions {
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
  hostText: string,
  patterns: readonly string[],
  options: ImportCommandOptions,
): Promise<ExitCode> {
  const { identityFile, sshConfig, knownHosts, proxyJump } = options;
  // The program runs in another folder.
  const at = (file: string | undefined) => (file === undefined ? undefined : resolve(file));
  const login = Object.entries({
    identityFile: at(identityFile),
    sshConfig: at(sshConfig),
    knownHosts: at(knownHosts),
    proxyJump,
  });
  const given = parseHost(hostText, Object.fromEntries(login.filter(([, value]) => value !== undefined)));
  if ([options.stdout, options.json, options.out !== undefined].filter(Boolean).length > 1)
    throw new UsageError("--out, --stdout and --json: give one of them");
  const folder = options.stdout || options.json ? undefined : (options.out ?? given.ref.name);
  const force = options.force === true;
  if (folder !== undefined) await refuseFull(folder, { force });
  const project = projectName(options.project ?? given.ref.name);

  const progress = new Progress(process.stderr, { quiet: options.quiet === true });
  const paint = paintFor(process.stderr, process.env);
  let imported: Imported;
  try {
    imported = await look(given, patterns, { all: options.all === true, project, progress });
  } catch (error) {
    progress.clear();
    if (error instanceof UsageError) throw error;
    process.stderr.write(`kvm: ${oneLine(error)}\n`);
    return EXIT.incomplete;
  }
  progress.clear();
  const program = programText(given, imported.resources, { protect: options.protect });
  if (options.json) {
    const report = makeImportReport({ name: given.ref.name, args: { ...given.args } }, imported);
    await print(`${JSON.stringify(report, null, 2)}\n`);
  } else if (folder === undefined) await print(program);
  else
    await writeProject(folder, projectFiles(project, given.ref.name, program, packageVersion()), { force });
  if (options.quiet !== true) {
    process.stderr.write(summary(imported, paint));
    if (folder !== undefined)
      process.stderr.write(
        `Written to ${folder}. Next: cd ${folder} && npm install && pulumi preview --diff\n`,
      );
  }
  return imported.left.some(({ isManaged }) => !isManaged) ? EXIT.found : EXIT.fine;
}

/** Everything is read over one connection; the host is asked for nothing but to look at its pools again. */
async function look(
  { ref }: GivenHost,
  patterns: readonly string[],
  { all, project, progress }: { all: boolean; project: string; progress: Progress },
): Promise<Imported> {
  const hosts = new Hosts({
    warn: (message) => void process.stderr.write(`${message}\n`),
    now: () => Date.now(),
  });
  try {
    const deployment: Deployment = {
      ...{ hosts, engine: undefined, now: () => Date.now() },
      ...{ randomUuid: randomUUID, randomNonce: () => randomBytes(8).toString("hex") },
      run: { id: "", holder: "" },
    };
    hosts.declare(ref, { byProgram: true });
    progress.step(`${ref.name}: connecting`);
    const host = hosts.get(ref);
    await readHost(host, "all");
    const found = await findOn(host, ref);
    const isChosen = matching(patterns);
    const names = found.domains.map(({ record }) => record.name);
    for (const pattern of patterns)
      if (!names.some(matching([pattern])))
        throw new UsageError(
          `there is no virtual machine ${pattern} on ${ref.name}; there ${names.length === 0 ? "are none" : `are ${firstFew(names)}`}`,
        );
    return await importHost(found, deployment, {
      ...{ isChosen, all, project },
      progress: (text) => progress.step(`${ref.name}: ${text}`),
    });
  } catch (error) {
    if (isUnreachable(error)) throw new Error(`${ref.name} stopped answering: ${oneLine(error)}`);
    throw error;
  } finally {
    await hosts.close();
  }
}

const MOST_NAMES = 10;

function firstFew(names: readonly string[]): string {
  const rest = names.length - MOST_NAMES;
  return rest > 0 ? `${names.slice(0, MOST_NAMES).join(", ")} and ${rest} more` : names.join(", ");
}

export const whatItEndsWith: Readonly<Record<ExitCode, string>> = {
  [EXIT.fine]: "all that was asked for is in the program, or managed by a stack already",
  [EXIT.failed]: "wrong usage, or the command failed",
  [EXIT.found]:
    "something was left alone, because taking it over would change it; the rest is in the program",
  [EXIT.incomplete]: "the host could not be reached or read; nothing is written",
};
