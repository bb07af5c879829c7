import { execFile } from "node:child_process";
import type { ConfigDirective } from "./config-files.js";
import { SshError } from "./errors.js";
import { matchesPatternList } from "./pattern.js";
import type { SshSurroundings } from "./surroundings.js";
import { expandTokens } from "./tokens.js";

/** What a Match line is held against. */
export interface MatchSubject {
  readonly final: boolean;
  readonly originalHost: string;
  readonly hostName: string;
  readonly port: number;
  readonly user: string;
  readonly tag: string;
}

interface Criterion {
  readonly attribute: string;
  readonly negated: boolean;
  readonly argument: string;
}

const WITHOUT_ARGUMENT = new Set(["all", "canonical", "final"]);
const EXEC_TIMEOUT_MS = 10_000;

/** A Match line: all of its criteria must hold. */
export class MatchLine {
  readonly #criteria: readonly Criterion[];
  readonly #file: string;

  constructor(directive: ConfigDirective) {
    this.#file = directive.file;
    this.#criteria = criteriaOf(directive);
  }

  get wantsFinalPass(): boolean {
    return this.#criteria.some((criterion) => criterion.attribute === "final" && !criterion.negated);
  }

  async applies(subject: MatchSubject, surroundings: SshSurroundings): Promise<boolean> {
    for (const criterion of this.#criteria) {
      const holds = await this.#holds(criterion, subject, surroundings);
      if (holds === undefined || holds === criterion.negated) return false;
    }
    return true;
  }

  /** Undefined where nothing can be said: then the line applies neither plainly nor negated. */
  async #holds(
    { attribute, argument }: Criterion,
    subject: MatchSubject,
    surroundings: SshSurroundings,
  ): Promise<boolean | undefined> {
    switch (attribute) {
      case "all":
        return true;
      case "final":
        return subject.final;
      case "canonical":
        // Host names aren't made canonical here (CanonicalizeHostname).
        return false;
      case "host":
        return matchesList(subject.hostName.toLowerCase(), argument.toLowerCase());
      case "originalhost":
        return matchesList(subject.originalHost.toLowerCase(), argument.toLowerCase());
      case "user":
        return matchesList(subject.user, argument);
      case "localuser":
        return matchesList(surroundings.localUser, argument);
      case "tagged":
        return matchesList(subject.tag, argument);
      case "exec":
        return runsWell(
          expandTokens(argument, { ...subject, remoteUser: subject.user }, surroundings),
          surroundings,
        );
      default:
        surroundings.warn(
          `SSH configuration ${this.#file}: "Match ${attribute}" is not supported and doesn't apply`,
        );
        return undefined;
    }
  }
}

function matchesList(text: string, list: string): boolean {
  return matchesPatternList(text, list.split(","));
}

function criteriaOf(directive: ConfigDirective): Criterion[] {
  const criteria: Criterion[] = [];
  const words = directive.words.values();
  for (const word of words) {
    const negated = word.startsWith("!");
    const attribute = word.slice(negated ? 1 : 0).toLowerCase();
    if (WITHOUT_ARGUMENT.has(attribute)) {
      criteria.push({ attribute, negated, argument: "" });
      continue;
    }
    const argument = words.next();
    if (argument.done) {
      throw new SshError(
        "configInvalid",
        `SSH configuration ${directive.file}: "Match ${attribute}" lacks its value`,
      );
    }
    criteria.push({ attribute, negated, argument: argument.value });
  }
  return criteria;
}

// The user's own configuration asks for it, and `ssh` runs it the same way.
function runsWell(command: string, surroundings: SshSurroundings): Promise<boolean> {
  const shell = surroundings.environment.SHELL || "/bin/sh";
  return new Promise((resolve) => {
    const options = { env: { ...surroundings.environment }, timeout: EXEC_TIMEOUT_MS };
    const child = execFile(shell, ["-c", command], options, (error) => resolve(error === null));
    child.stdin?.end();
  });
}
