/** Finds and ends the processes that one test started, however far their parents are gone. */
import { readdir, readFile } from "node:fs/promises";

/** The environment variable that marks a project's processes; children inherit it. */
export const markVariable = "PULUMI_KVM_TEST_PROJECT";

export interface MarkedProcess {
  readonly pid: number;
  readonly command: string;
}

/** The running processes (no zombies) whose environment carries the mark. */
export async function markedProcesses(mark: string): Promise<MarkedProcess[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(
    pids.map(async (pid) => {
      try {
        const environment = await readFile(`/proc/${pid}/environ`, "utf8");
        if (!environment.split("\0").includes(`${markVariable}=${mark}`)) return undefined;
        const command = (await readFile(`/proc/${pid}/cmdline`, "utf8")).replaceAll("\0", " ").trim();
        return { pid, command };
      } catch {
        return undefined; // gone in between, or not ours to read
      }
    }),
  );
  return found.filter((process) => process !== undefined);
}

/** Sends the signal to a process; false when it is gone already. */
export function signalProcess(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
    throw error;
  }
}
