import {
  type ConfigDirective,
  type ConfigSource,
  configSources,
  includedFiles,
  readConfigFile,
} from "./config-files.js";
import { MatchLine } from "./config-match.js";
import { SshError } from "./errors.js";
import { matchesPatternList } from "./pattern.js";
import type { SshSurroundings } from "./surroundings.js";

/** What the configuration says for one host: the first value obtained for each keyword, as in `ssh`. */
export class HostConfig {
  readonly #values = new Map<string, readonly string[]>();
  readonly #identityFiles: string[] = [];

  /** The words of a keyword (given in lower case), or undefined when no line that applies has it. */
  words(keyword: string): readonly string[] | undefined {
    return this.#values.get(keyword);
  }

  /** The single value of a keyword. */
  value(keyword: string): string | undefined {
    return this.#values.get(keyword)?.join(" ");
  }

  /** IdentityFile is the one keyword here of which every line counts. */
  get identityFiles(): readonly string[] {
    return this.#identityFiles;
  }

  /** Sets a keyword whatever the lines say. */
  settle(keyword: string, words: readonly string[]): void {
    this.#values.set(keyword, words);
  }

  /** Takes a line that applies. */
  add(directive: ConfigDirective): void {
    const value = directive.words.join(" ");
    if (directive.keyword === "identityfile") {
      if (!this.#identityFiles.includes(value)) this.#identityFiles.push(value);
    } else if (!this.#values.has(directive.keyword) && !this.#values.has(rivalOf(directive.keyword))) {
      this.#values.set(directive.keyword, directive.words);
    }
  }
}

/** Of ProxyJump and ProxyCommand the one that comes first excludes the other. */
function rivalOf(keyword: string): string {
  if (keyword === "proxyjump") return "proxycommand";
  return keyword === "proxycommand" ? "proxyjump" : keyword;
}

/** Reads the configuration for a host as the user names it. `user` is one that was given explicitly: Match user sees it. */
export async function readHostConfig(
  host: string,
  user: string | undefined,
  sshConfig: string | false | undefined,
  surroundings: SshSurroundings,
): Promise<HostConfig> {
  const config = new HostConfig();
  const sources = configSources(sshConfig, surroundings);
  const reading = new ConfigReading(config, host, user, surroundings);
  await reading.pass(sources, false);
  // "Match final" asks for a second pass, in which Host and Match host see the resolved host name; what the first
  // pass obtained stays, and the host name stays even if it obtained none.
  if (reading.wantsFinalPass) {
    config.settle("hostname", [reading.hostName()]);
    await reading.pass(sources, true);
  }
  return config;
}

/** `ssh` stops at the same depth. */
const MAX_INCLUDE_DEPTH = 16;

class ConfigReading {
  readonly #config: HostConfig;
  readonly #originalHost: string;
  readonly #user: string | undefined;
  readonly #surroundings: SshSurroundings;
  wantsFinalPass = false;

  constructor(config: HostConfig, host: string, user: string | undefined, surroundings: SshSurroundings) {
    this.#config = config;
    this.#originalHost = host;
    this.#user = user;
    this.#surroundings = surroundings;
  }

  async pass(sources: readonly ConfigSource[], final: boolean): Promise<void> {
    const host = final ? this.hostName() : this.#originalHost;
    for (const source of sources) {
      const lines = await readConfigFile(source);
      if (lines !== undefined) await this.#take(lines, { source, host, final, depth: 0 });
    }
  }

  /** The host name as far as it is known by now. */
  hostName(): string {
    const given = this.#config.value("hostname");
    return given === undefined ? this.#originalHost : given.replaceAll("%h", this.#originalHost);
  }

  async #take(
    lines: readonly ConfigDirective[],
    at: { source: ConfigSource; host: string; final: boolean; depth: number },
  ): Promise<void> {
    for (const line of lines) {
      if (line.keyword === "host") {
        // Unlike Match, Host minds the case, as in `ssh`.
        if (matchesPatternList(at.host, line.words)) {
          await this.#take(line.block ?? [], at);
        }
      } else if (line.keyword === "match") {
        if (await this.#matches(line, at.final)) await this.#take(line.block ?? [], at);
      } else if (line.keyword === "include") {
        if (at.depth >= MAX_INCLUDE_DEPTH) {
          throw new SshError("configInvalid", `SSH configuration ${line.file}: Include goes too deep`);
        }
        for (const file of await includedFiles(line.words, at.source, this.#surroundings)) {
          const source = { ...at.source, file, required: false };
          const included = await readConfigFile(source);
          if (included !== undefined) await this.#take(included, { ...at, source, depth: at.depth + 1 });
        }
      } else {
        this.#config.add(line);
      }
    }
  }

  async #matches(line: ConfigDirective, final: boolean): Promise<boolean> {
    const match = new MatchLine(line);
    if (match.wantsFinalPass) this.wantsFinalPass = true;
    return match.applies(
      {
        final,
        originalHost: this.#originalHost,
        hostName: this.hostName(),
        port: Number(this.#config.value("port") ?? 22),
        user: this.#user ?? this.#config.value("user") ?? this.#surroundings.localUser,
        tag: this.#config.value("tag") ?? "",
      },
      this.#surroundings,
    );
  }
}
