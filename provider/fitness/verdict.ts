import { asRoot, type Place } from "./distribution.js";
import type { Check, Finding } from "./finding.js";
import type { MachineFacts } from "./machine.js";

/** Makes the findings of one host, or of the way from it to a peer. */
export class Verdict {
  readonly host: string;
  readonly #peer: string | undefined;

  constructor(host: string, peer?: string) {
    this.host = host;
    this.#peer = peer;
  }

  fine(check: Check, what: string, about?: string): Finding {
    return this.#make(check, "fine", what, { about });
  }

  notice(check: Check, what: string, more: More): Finding {
    return this.#make(check, "notice", what, more);
  }

  problem(check: Check, what: string, more: More): Finding {
    return this.#make(check, "problem", what, more);
  }

  unreachable(what: string, more: More): Finding {
    return this.#make("login", "unreachable", what, more);
  }

  #make(
    check: Check,
    level: Finding["level"],
    what: string,
    { why, on, commands = [], about }: Partial<More>,
  ): Finding {
    return {
      id: [check, this.host, this.#peer, about].filter((part) => part !== undefined).join("/"),
      ...{ check, level, host: this.host },
      ...(this.#peer !== undefined && { peer: this.#peer }),
      what,
      ...(why !== undefined && { why }),
      ...(commands.length > 0 && { fix: { on: on ?? this.host, commands } }),
    };
  }
}

interface More {
  why: string;
  /** Default: the host. */
  on?: string;
  commands?: string[];
  /** What tells it from others of the same check and host. */
  about?: string | undefined;
}

export function placeOf({ distribution, architecture, user, isUnlisted }: MachineFacts): Place {
  const root = user.isRoot ? "self" : user.sudo === "absent" ? "other" : "sudo";
  return { family: distribution.family, architecture, root, isUnlisted };
}

/** For commands of which each is run by root. */
export function rootCommands(place: Place, ...commands: string[]): string[] {
  return commands.map((command) => asRoot(place, command));
}

/** One word of a command that somebody may paste, whoever has given the name. */
export function shellWord(text: string): string {
  return /^[A-Za-z0-9_./:@%+=~][A-Za-z0-9_./:@%+=~-]*$/.test(text)
    ? text
    : `'${text.replaceAll("'", "'\\''")}'`;
}
