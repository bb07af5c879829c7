/** Distributions that are set up by the same commands. */
export type DistributionFamily = "debian" | "redhat" | "suse" | "arch" | "unknown";

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

export type Software = "libvirt" | "firmware" | "tpm" | "python";

/** What a command that fixes something depends on. */
export interface Place {
  family: DistributionFamily;
  architecture: string;
  /** How the login becomes root: it is, by sudo, or somebody else has to run what needs that. */
  root: "self" | "sudo" | "other";
}

const PACKAGES: Readonly<
  Record<Exclude<DistributionFamily, "unknown">, (arm: boolean) => Record<Software, string>>
> = {
  debian: (arm) => ({
    libvirt: `libvirt-daemon-system ${arm ? "qemu-system-arm" : "qemu-system-x86"} qemu-utils dnsmasq-base`,
    firmware: arm ? "qemu-efi-aarch64" : "ovmf",
    tpm: "swtpm swtpm-tools",
    python: "python3",
  }),
  redhat: (arm) => ({
    libvirt: "libvirt qemu-kvm qemu-img",
    firmware: arm ? "edk2-aarch64" : "edk2-ovmf",
    tpm: "swtpm swtpm-tools",
    python: "python3",
  }),
  suse: (arm) => ({
    libvirt: "libvirt-daemon-qemu qemu-kvm qemu-tools dnsmasq",
    firmware: arm ? "qemu-uefi-aarch64" : "qemu-ovmf-x86_64",
    tpm: "swtpm",
    python: "python3",
  }),
  arch: (arm) => ({
    libvirt: "libvirt qemu-base dnsmasq",
    firmware: arm ? "edk2-aarch64" : "edk2-ovmf",
    tpm: "swtpm",
    python: "python",
  }),
};

/** The command that installs it; none for a distribution that isn't known. */
export function install(place: Place, software: Software): string[] {
  if (place.family === "unknown") return [];
  return installPackages(
    place,
    place.family,
    PACKAGES[place.family](place.architecture === "aarch64")[software],
  );
}

/** The packages of programs whose packages aren't called as they are. */
const PACKAGES_OF: Readonly<Record<string, string | Partial<Record<DistributionFamily, string>>>> = {
  "qemu-img": { debian: "qemu-utils", suse: "qemu-tools" },
  xz: { debian: "xz-utils" },
  flock: "util-linux",
  ...{ stat: "coreutils", base64: "coreutils", head: "coreutils", mktemp: "coreutils" },
};

/** The command that installs programs; none for a distribution that isn't known. */
export function installPrograms(place: Place, programs: readonly string[]): string[] {
  const { family } = place;
  if (family === "unknown") return [];
  const packages = programs.map((program) => {
    const other = PACKAGES_OF[program];
    return (typeof other === "object" ? other[family] : other) ?? program;
  });
  return installPackages(place, family, [...new Set(packages)].join(" "));
}

function installPackages(
  place: Place,
  family: Exclude<DistributionFamily, "unknown">,
  names: string,
): string[] {
  switch (family) {
    case "debian":
      return [asRoot(place, `apt-get install -y ${names}`)];
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
