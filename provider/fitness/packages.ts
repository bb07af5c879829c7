/** Distributions whose packages are known by name. */
export type KnownFamily = "debian" | "redhat" | "suse" | "arch";

export type Software = "libvirt" | "firmware" | "tpm" | "python" | "clock";

const PACKAGES: Readonly<Record<KnownFamily, (arm: boolean) => Record<Software, string>>> = {
  debian: (arm) => ({
    libvirt: `libvirt-daemon-system libvirt-clients ${arm ? "qemu-system-arm" : "qemu-system-x86"} qemu-utils dnsmasq-base`,
    firmware: arm ? "qemu-efi-aarch64" : "ovmf",
    tpm: "swtpm swtpm-tools",
    python: "python3",
    clock: "chrony",
  }),
  redhat: (arm) => ({
    libvirt: "libvirt-daemon-kvm libvirt-client qemu-kvm qemu-img",
    firmware: arm ? "edk2-aarch64" : "edk2-ovmf",
    tpm: "swtpm swtpm-tools",
    python: "python3",
    clock: "chrony",
  }),
  suse: (arm) => ({
    libvirt: "libvirt-daemon-qemu qemu-kvm qemu-tools dnsmasq",
    firmware: arm ? "qemu-uefi-aarch64" : "qemu-ovmf-x86_64",
    tpm: "swtpm",
    python: "python3",
    clock: "chrony",
  }),
  arch: (arm) => ({
    libvirt: "libvirt qemu-base dnsmasq",
    firmware: arm ? "edk2-aarch64" : "edk2-ovmf",
    tpm: "swtpm",
    python: "python",
    clock: "chrony",
  }),
};

export function packagesFor(family: KnownFamily, architecture: string, software: Software): string[] {
  return PACKAGES[family](architecture === "aarch64")[software].split(" ");
}

/** The packages of programs whose packages aren't called as they are. */
const PACKAGES_OF: Readonly<Record<string, string | Partial<Record<KnownFamily, string>>>> = {
  "qemu-img": { debian: "qemu-utils", suse: "qemu-tools" },
  xz: { debian: "xz-utils" },
  flock: "util-linux",
  ...{ stat: "coreutils", base64: "coreutils", head: "coreutils", mktemp: "coreutils" },
};

/** What has these programs. */
export function packagesWith(family: KnownFamily, programs: readonly string[]): string[] {
  const packages = programs.map((program) => {
    const other = PACKAGES_OF[program];
    return (typeof other === "object" ? other[family] : other) ?? program;
  });
  return [...new Set(packages)];
}
