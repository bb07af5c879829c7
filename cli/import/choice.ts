import { UsageError } from "../usage-error.js";
import type { FoundHost } from "./found-host.js";
import { matching } from "./glob.js";
import { listed } from "./program/program.js";

const MOST_NAMES = 10;

/** Which VMs of which hosts are asked for: `NAME`, of any host, and `HOST/NAME`. libvirt's names have no slash. */
export class Choice {
  readonly #wanted: { pattern: string; host: string | undefined; isMeant: (name: string) => boolean }[];

  constructor(patterns: readonly string[], hosts: readonly string[]) {
    this.#wanted = patterns.map((pattern) => {
      const slash = pattern.lastIndexOf("/");
      const host = slash === -1 ? undefined : pattern.slice(0, slash);
      if (host !== undefined && !hosts.includes(host))
        throw new UsageError(
          `${pattern}: there is no host ${host} among ${listed(hosts)}; write NAME or HOST/NAME`,
        );
      return { pattern, host, isMeant: matching([pattern.slice(slash + 1)]) };
    });
  }

  has(host: string, name: string): boolean {
    return (
      this.#wanted.length === 0 ||
      this.#wanted.some((each) => (each.host === undefined || each.host === host) && each.isMeant(name))
    );
  }

  /** A pattern that nothing is meant by is a slip. */
  refuseAbsent(found: readonly FoundHost[]): void {
    for (const { pattern, host, isMeant } of this.#wanted) {
      const asked = found.filter(({ ref }) => host === undefined || ref.name === host);
      const names = asked.flatMap(({ ref, domains }) =>
        domains.map(({ record: { name } }) => ({
          name,
          shown: asked.length > 1 ? `${ref.name}/${name}` : name,
        })),
      );
      if (names.some(({ name }) => isMeant(name))) continue;
      const there = names.length === 0 ? "are none" : `are ${firstFew(names.map(({ shown }) => shown))}`;
      throw new UsageError(
        `there is no virtual machine ${pattern} on ${listed(asked.map(({ ref }) => ref.name))}; there ${there}`,
      );
    }
  }
}

function firstFew(names: readonly string[]): string {
  const rest = names.length - MOST_NAMES;
  return rest > 0 ? `${names.slice(0, MOST_NAMES).join(", ")} and ${rest} more` : names.join(", ");
}
