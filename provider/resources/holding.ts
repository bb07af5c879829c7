import type { HostRef } from "../hosts/host-ref.js";

/** Something of a host that one resource of a program has to itself. */
export interface Holding {
  host: HostRef;
  /** What it is known by on its host, such as `virtual machine web`. */
  what: string;
  /** Whether it is, in part, what another resource has under another name. */
  meets?(what: string): boolean;
  /** The input that says so. */
  path: string;
  /** What is to be said when `other`, a resource of the same program, has it. */
  says(other: string): string;
  /** Both may have it, and are told what comes of that. */
  onlyWarns?: true;
}

/** The name of an object of which a host has one. */
export function nameHeld(host: HostRef, what: string, name: string, wayOut: string): Holding {
  return {
    host,
    what: `${what} ${name}`,
    path: "name",
    says: (other) => `${JSON.stringify(name)} is the name of ${other} on ${host.name} as well; ${wayOut}`,
  };
}

/** A volume that a resource has made, or is to make. */
export function volumeHeld(
  host: HostRef,
  { pool, volume }: { pool: string; volume: string },
  path: string,
): Holding {
  return {
    ...{ host, what: `volume ${pool}/${volume}`, path },
    says: (other) =>
      `volume ${volume} in pool ${pool} on ${host.name} is that of ${other} as well; give each disk of a pool a name of its own`,
  };
}
