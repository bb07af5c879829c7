import { readdir, readFile, stat } from "node:fs/promises";
import { dirname, isAbsolute, join } from "node:path";
import sshConfigPackage from "ssh-config";
import { reasonOf, SshError } from "./errors.js";
import { matchesPattern } from "./pattern.js";
import type { SshSurroundings } from "./surroundings.js";
import { expandEnvironment, expandHome } from "./tokens.js";

/** One line of a configuration: a keyword in lower case and its words. */
export interface ConfigDirective {
  readonly keyword: string;
  readonly words: readonly string[];
  readonly file: string;
  /** The lines of the block that a Host or Match line begins; undefined for any other line. */
  readonly block: readonly ConfigDirective[] | undefined;
}

/** Which files to read, and which is the folder that relative Includes are in. */
export interface ConfigSource {
  readonly file: string;
  readonly includeFolder: string;
  /** `ssh` ignores a default file that is missing; one that was asked for by name must be there. */
  readonly required: boolean;
  /** `ssh` refuses a user's own file that others may write to. */
  readonly ownedByUser: boolean;
}

/** The files that `ssh` would read: the two defaults, or the one that was named, or none. */
export function configSources(
  sshConfig: string | false | undefined,
  surroundings: SshSurroundings,
): ConfigSource[] {
  if (sshConfig === false) return [];
  const userFolder = join(surroundings.homeDirectory, ".ssh");
  if (sshConfig !== undefined) {
    const file = expandHome(sshConfig, surroundings);
    return [{ file, includeFolder: userFolder, required: true, ownedByUser: false }];
  }
  return [
    { file: join(userFolder, "config"), includeFolder: userFolder, required: false, ownedByUser: true },
    { file: "/etc/ssh/ssh_config", includeFolder: "/etc/ssh", required: false, ownedByUser: false },
  ];
}

/** The lines of a file, or undefined when it is missing and needn't be there. */
export async function readConfigFile(source: ConfigSource): Promise<ConfigDirective[] | undefined> {
  let text: string;
  try {
    if (source.ownedByUser) await refuseWritableByOthers(source.file);
    text = await readFile(source.file, "utf8");
  } catch (error) {
    if (error instanceof SshError) throw error;
    if (!source.required && isMissing(error)) return undefined;
    throw new SshError("configInvalid", `SSH configuration ${source.file}: ${reasonOf(error)}`, {
      cause: error,
    });
  }
  return parseConfig(text, source.file);
}

/** The files that an Include's patterns mean, in `ssh`'s order: pattern by pattern, each sorted. */
export async function includedFiles(
  patterns: readonly string[],
  source: ConfigSource,
  surroundings: SshSurroundings,
): Promise<string[]> {
  const files: string[] = [];
  for (const pattern of patterns) {
    const expanded = expandHome(expandEnvironment(pattern, surroundings), surroundings);
    files.push(...(await expandGlob(isAbsolute(expanded) ? expanded : join(source.includeFolder, expanded))));
  }
  return files;
}

function parseConfig(text: string, file: string): ConfigDirective[] {
  try {
    return directivesOf(sshConfigPackage.parse(text), file);
  } catch (error) {
    throw new SshError("configInvalid", `SSH configuration ${file}: ${reasonOf(error)}`, { cause: error });
  }
}

type ParsedLine = ReturnType<typeof sshConfigPackage.parse>[number];

function directivesOf(lines: Iterable<ParsedLine>, file: string): ConfigDirective[] {
  const directives: ConfigDirective[] = [];
  for (const line of lines) {
    if (line.type !== sshConfigPackage.DIRECTIVE) continue;
    directives.push({
      keyword: line.param.toLowerCase(),
      words: typeof line.value === "string" ? [line.value] : line.value.map((word) => word.val),
      file,
      block: "config" in line ? directivesOf(line.config, file) : undefined,
    });
  }
  return directives;
}

async function refuseWritableByOthers(file: string): Promise<void> {
  const { mode, uid } = await stat(file);
  const self = process.getuid?.();
  if (self === undefined) return;
  if ((uid !== 0 && uid !== self) || (mode & 0o022) !== 0) {
    throw new SshError(
      "configInvalid",
      `SSH configuration ${file}: others may change it; it must belong to you and be writable only by you (chmod 600)`,
    );
  }
}

async function expandGlob(path: string): Promise<string[]> {
  if (!/[*?]/.test(path)) return [path];
  const folder = dirname(path);
  const folders = await expandGlob(folder);
  const pattern = path.slice(folder.length).replace(/^\/+/, "");
  const found: string[] = [];
  for (const each of folders) {
    const names = await readdir(each).catch(() => []);
    const visible = names.filter((name) => !name.startsWith(".") || pattern.startsWith("."));
    found.push(...visible.filter((name) => matchesPattern(name, pattern)).map((name) => join(each, name)));
  }
  return found.sort();
}

function isMissing(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return code === "ENOENT" || code === "ENOTDIR";
}
