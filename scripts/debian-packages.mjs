// The Debian packages of the test hosts. The package pulumi-kvm itself needs none of them.
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { CommandError, run } from "./command.mjs";
import { step } from "./progress.mjs";

const packages = [
  "qemu-system-x86",
  "qemu-utils",
  "libvirt-daemon-system",
  "libvirt-clients",
  "libvirt-daemon-driver-qemu",
  "openssh-server",
  "openssh-client",
  "iproute2",
  "iptables",
  "dnsmasq-base",
  "ovmf",
  "swtpm",
  "swtpm-tools",
  "genisoimage",
  "virtinst",
  "python3-yaml",
  "busybox-static",
  "cpio",
  "linux-image-cloud-amd64",
  "lz4",
  // Bridges of Open vSwitch; it needs no module of the kernel.
  "openvswitch-switch",
  // Storage pools: a network file system by FUSE, and volume groups.
  "glusterfs-server",
  "lvm2",
  // To build the Debian guest.
  "mmdebstrap",
  "fdisk",
  "mtools",
  "grub-common",
  "grub-pc-bin",
  // A browser that looks at the pages of `kvm`.
  "chromium-headless-shell",
];

/**
 * Why test hosts can't be made on this machine; empty where they can.
 *
 * @returns {string[]}
 */
export function obstaclesToTestHosts() {
  if (process.platform !== "linux" || process.arch !== "x64") {
    return [`this is ${process.platform} on ${process.arch}`];
  }
  const obstacles = [];
  const release = existsSync("/etc/os-release") ? readFileSync("/etc/os-release", "utf8") : "";
  const value = (/** @type {string} */ key) => new RegExp(`^${key}="?([^"\n]*)`, "m").exec(release)?.[1];
  if (value("ID") !== "debian" || Number(value("VERSION_ID")) < 12) {
    obstacles.push(`this is ${value("PRETTY_NAME") ?? "an unknown Linux"}`);
  }
  if (process.getuid?.() !== 0) obstacles.push("this user is not root");
  return obstacles;
}

async function missingPackages() {
  /** @type {string} */
  let listed;
  try {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own placeholders
    listed = await run(["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n", ...packages]);
  } catch (error) {
    if (!(error instanceof CommandError) || error.exitCode !== 1) throw error;
    listed = error.output; // exit code 1: it doesn't know some of them, and lists the others
  }
  const installed = new Set(listed.split("\n").filter((line) => line.endsWith(" installed")));
  return packages.filter((name) => !installed.has(`${name} installed`));
}

export async function ensureDebianPackages() {
  const missing = await missingPackages();
  if (missing.length === 0) return;
  console.error(`  Debian packages to install: ${missing.join(" ")}`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C.UTF-8" };
  const timeoutMs = 20 * 60_000;
  await step("updating the list of Debian packages", () =>
    run(["apt-get", "update", "-q"], { env, timeoutMs }),
  );
  const start = ["apt-get", "install", "-y", "-q", "--no-install-recommends"];
  await step("installing Debian packages", () =>
    withoutStartingServices(() =>
      run([...start, "-o", "DPkg::Lock::Timeout=300", ...missing], { env, timeoutMs }),
    ),
  );
}

const policyPath = "/usr/sbin/policy-rc.d";
const policy = "#!/bin/sh\n# pulumi-kvm: installing packages of the test hosts, start no service\nexit 101\n";

/**
 * Keeps Debian from starting sshd and libvirtd on the machine itself: the test hosts start their own. A policy of the
 * machine's own stays; one that a killed run of ours left behind goes.
 *
 * @template T
 * @param {() => Promise<T>} install
 */
async function withoutStartingServices(install) {
  const foreign = existsSync(policyPath) && readFileSync(policyPath, "utf8") !== policy;
  if (foreign) return install();
  writeFileSync(policyPath, policy, { mode: 0o755 });
  try {
    return await install();
  } finally {
    rmSync(policyPath, { force: true });
  }
}
