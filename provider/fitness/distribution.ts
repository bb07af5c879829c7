import { type KnownFamily, packagesFor, packagesWith, type Software } from "./packages.js";

/** Distributions that are set up by the same commands. */
export type DistributionFamily = KnownFamily | "unknown";

const FAMILIES: Readonly<Record<string, DistributionFamily>> = {
  debian: "debian",
  ubuntu: "debian",
  fedora: "redhat",
  rhel: "redhat",
  centos: "redhat",
  suse: "suse",
  opensuse: "suse",
  arch: "arch",
};

/** By `ID` and `ID_LIKE` of /etc/os-release, the first that is known. */
export function familyOf(ids: readonly string[]): DistributionFamily {
  for (const id of ids) {
    const family = FAMILIES[id.toLowerCase()];
    if (family !== undefined) return family;
  }
  return "unknown";
}

/** What a command that fixes something depends on. */
export interface Place {
  family: DistributionFamily;
  architecture: string;
  /** How the login becomes root: it is, by sudo, or somebody else has to run what needs that. */
  root: "self" | "sudo" | "other";
  /** Packages can be installed only once their lists have been fetched: on an image that has just been started, for instance. */
  isUnlisted: boolean;
}

/** The commands that install it; none for a distribution that isn't known. */
export function install(place: Place, software: Software): string[] {
  if (place.family === "unknown") return [];
  return installPackages(place, place.family, packagesFor(place.family, place.architecture, software));
}

/** The commands that install programs; none for a distribution that isn't known. */
export function installPrograms(place: Place, programs: readonly string[]): string[] {
  const { family } = place;
  if (family === "unknown") return [];
  return installPackages(place, family, packagesWith(family, programs));
}

function installPackages(place: Place, family: KnownFamily, packages: readonly string[]): string[] {
  const names = packages.join(" ");
  switch (family) {
    case "debian":
      return [
        ...(place.isUnlisted ? [asRoot(place, "apt-get update")] : []),
        asRoot(place, `apt-get install -y ${names}`),
      ];
    case "redhat":
      return [asRoot(place, `dnf install -y ${names}`)];
    case "suse":
      return [asRoot(place, `zypper install -y ${names}`)];
    case "arch":
      return [asRoot(place, `pacman -S --needed ${names}`)];
    default:
      return family satisfies never;
  }
}

export function asRoot({ root }: Pick<Place, "root">, command: string): string {
  switch (root) {
    case "self":
      return command;
    case "sudo":
      return `sudo ${command}`;
    case "other":
      return `${command}   # as root`;
    default:
      return root satisfies never;
  }
}
