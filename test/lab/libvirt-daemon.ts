import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { dialLocal } from "../../provider/libvirt/index.js";

/** A libvirtd of the test's own: real, as root, with namespaces, folders and a socket that nobody else uses. */
export interface LibvirtDaemon {
  readonly folder: string;
  readonly socketPath: string;
  /** Process id of the namespaces' first process. */
  readonly namespacePid: number;
  /** Process id of libvirtd itself, as this machine sees it. */
  pid(): Promise<number>;
  stop(): Promise<void>;
}

// A /dev without kvm: an unusable /dev/kvm makes libvirt probe QEMU at every call. The loop reaps: without it,
// destroying a guest stalls for 40 s.
const START = `
set -e
D=$1
mount --make-rprivate /
for pair in etc-libvirt:/etc/libvirt lib:/var/lib/libvirt log:/var/log/libvirt cache:/var/cache/libvirt; do
  mkdir -p "$D/\${pair%%:*}" "\${pair#*:}"
done
[ -e "$D/etc-libvirt/qemu.conf" ] || cp -a /etc/libvirt/. "$D/etc-libvirt/"
mount --bind "$D/etc-libvirt" /etc/libvirt
mount --bind "$D/lib" /var/lib/libvirt
mount --bind "$D/log" /var/log/libvirt
mount --bind "$D/cache" /var/cache/libvirt
mount -t tmpfs tmpfs /run
mkdir -p /run/libvirt /run/lock "$D/dev"
mount -t tmpfs -o mode=755 tmpfs "$D/dev"
mkdir -p "$D/dev/pts" "$D/dev/shm" "$D/dev/net" "$D/dev/hugepages" "$D/dev/mapper"
for n in null zero full random urandom tty net/tun; do [ ! -e /dev/$n ] || cp -a /dev/$n "$D/dev/$n"; done
ln -s pts/ptmx "$D/dev/ptmx"
ln -s /proc/self/fd "$D/dev/fd"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$D/dev/pts"
mount -t tmpfs tmpfs "$D/dev/shm"
mount --rbind "$D/dev" /dev
[ -z "$2" ] || hostname "$2"
ip link set lo up
mount -t sysfs sysfs /sys
cp "$D/qemu.conf" /etc/libvirt/qemu.conf
rm -f /etc/libvirt/qemu/networks/autostart/default.xml
libvirtd -f "$D/libvirtd.conf" -p /run/libvirtd.pid &
while true; do wait || true; sleep 0.1; done
`;

const QEMU_CONF = `user="root"
group="root"
security_driver="none"
cgroup_controllers=[]
namespaces=[]
remember_owner=0
stdio_handler="file"
`;

/** What a daemon is like. */
export interface LibvirtDaemonOptions {
  /** Host name of the namespace; this machine's unless given. */
  readonly hostName?: string;
  /** A daemon whose network it shares, so that guests can migrate between the two. */
  readonly networkOf?: LibvirtDaemon;
}

/** Starts a daemon; up when its socket answers. Needs root, libvirtd and qemu-system-x86_64. */
export async function startLibvirtDaemon(options: LibvirtDaemonOptions = {}): Promise<LibvirtDaemon> {
  const folder = await mkdtemp(join(tmpdir(), "kvm-libvirtd-"));
  await mkdir(join(folder, "sock"));
  await writeFile(join(folder, "qemu.conf"), QEMU_CONF);
  const settings = [
    `unix_sock_dir="${folder}/sock"`,
    `host_uuid="${randomUUID()}"`,
    `auth_unix_rw="none"`,
    `log_outputs="3:file:${folder}/libvirtd.log"`,
  ];
  await writeFile(join(folder, "libvirtd.conf"), `${settings.join("\n")}\n`);
  const unshared = ["unshare", "-m", "-u", "-i", "-p", "--mount-proc", "--fork", "--kill-child"];
  const network =
    options.networkOf === undefined
      ? ["unshare", "-n"]
      : ["nsenter", "-t", String(options.networkOf.namespacePid), "-n"];
  // It ends with us, however we end; --kill-child then ends everything in the namespace.
  const args = ["--pdeathsig", "KILL", ...network, ...unshared, "bash", "-c", START, "bash", folder];
  const process = spawn("setpriv", [...args, options.hostName ?? ""], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let stderr = "";
  process.stderr?.on("data", (chunk: Buffer) => {
    stderr = (stderr + chunk.toString()).slice(-4_000);
  });
  const socketPath = join(folder, "sock", "libvirt-sock");
  try {
    await untilAnswers(process, socketPath, () => stderr);
  } catch (error) {
    await stop(process, folder);
    throw error;
  }
  return {
    folder,
    socketPath,
    namespacePid: process.pid ?? 0,
    pid: () => childNamed(process.pid ?? 0, "libvirtd"),
    stop: () => stop(process, folder),
  };
}

async function untilAnswers(process: ChildProcess, socketPath: string, stderr: () => string): Promise<void> {
  for (let attempt = 0; attempt < 150; attempt++) {
    if (process.exitCode !== null) throw new Error(`the namespace ended: ${stderr()}`);
    try {
      (await dialLocal(socketPath)).destroy();
      return;
    } catch {
      await delay(100);
    }
  }
  throw new Error(`libvirtd did not listen on ${socketPath} within 15 s: ${stderr()}`);
}

async function stop(process: ChildProcess, folder: string): Promise<void> {
  if (process.exitCode === null && process.signalCode === null) {
    const exited = once(process, "exit");
    process.kill("SIGKILL");
    await exited;
  }
  await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
}

async function childNamed(ancestor: number, name: string): Promise<number> {
  const children = await readFile(`/proc/${ancestor}/task/${ancestor}/children`, "utf8");
  for (const child of children.split(" ").filter(Boolean).map(Number)) {
    const comm = (await readFile(`/proc/${child}/comm`, "utf8")).trim();
    if (comm === name) return child;
    const found = await childNamed(child, name).catch(() => undefined);
    if (found !== undefined) return found;
  }
  throw new Error(`process ${ancestor} has no descendant ${name}`);
}
