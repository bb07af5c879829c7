import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

/**
 * What a lease says of its holder: machine and process for people, and what proves to another process of the same machine that this one
 * has ended: boot, process namespace, and when the process started. A host name alone proves nothing, containers share them.
 */
export function holderOfThisProcess(): string {
  return holderOf(process.pid);
}

/** The same of another process of this machine. */
export function holderOf(pid: number): string {
  const proof = proofOf(pid);
  return `${hostname()}/${pid}${proof === undefined ? "" : `/${proof}`}`;
}

/** Whether the holder's process has certainly ended. False whenever that can't be told from here. */
export function isHolderGone(holder: string): boolean {
  const [, pid, ...proof] = holder.split("/");
  const number = Number(pid);
  if (proof.length === 0 || !Number.isSafeInteger(number) || number <= 0) return false;
  const world = worldOfThisProcess();
  const claimed = proof.join("/");
  if (world === undefined || !claimed.startsWith(`${world}@`)) return false;
  return proofOf(number) !== claimed;
}

function proofOf(pid: number): string | undefined {
  const world = worldOfThisProcess();
  const startedAt = startOf(pid);
  return world === undefined || startedAt === undefined ? undefined : `${world}@${startedAt}`;
}

/** The boot of the machine and the process namespace: within these a process id means one process at a time. */
function worldOfThisProcess(): string | undefined {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return `${boot}.${readlinkSync("/proc/self/ns/pid").replace(/\D/g, "")}`;
  } catch {
    return undefined;
  }
}

/** Clock ticks from boot to the process's start: the 22nd field of proc_pid_stat(5); the second may contain spaces. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const [state = "", ...fields] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    // A zombie does nothing any more; its parent just hasn't noticed.
    return "ZXx".includes(state) ? undefined : fields[18];
  } catch {
    return undefined;
  }
}
