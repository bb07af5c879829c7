import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { PulumiProject, RunningPulumi } from "../support/pulumi.js";

const preload = fileURLToPath(new URL("../support/stop-at-call.mjs", import.meta.url));

/** Starts an `up` whose provider hangs at a libvirt call, and waits until it does: `<Procedure>:<before|sent|after>[:<n-th>]`. */
export async function upUntil(project: PulumiProject, moment: string): Promise<RunningPulumi> {
  const reached = join(project.folder, "stopped");
  await rm(reached, { force: true });
  const up = project.start(["up", "--yes", "--skip-preview"], {
    env: {
      NODE_OPTIONS: `--import=${preload}`,
      PULUMI_KVM_TEST_STOP_AT: moment,
      PULUMI_KVM_TEST_STOP_FILE: reached,
      PULUMI_KVM_TEST_STOP_MODULE: join(
        project.folder,
        "node_modules/pulumi-kvm/dist/provider/libvirt/rpc/index.js",
      ),
    },
  });
  const ended = up.done.then(
    () => true,
    () => true,
  );
  const deadline = performance.now() + 120_000;
  while (!existsSync(reached)) {
    if (await Promise.race([ended, sleep(20, false)]))
      throw new Error(`up ended before it came to ${moment}:\n${up.output()}`);
    if (performance.now() > deadline) throw new Error(`up did not come to ${moment}:\n${up.output()}`);
  }
  return up;
}

/** Takes the lock away that a killed CLI left. */
export async function unlock(project: PulumiProject): Promise<void> {
  await project.expect(["cancel", "--yes"]);
}

/** Waits until something holds; the last failure tells what doesn't. */
export async function until(
  what: string,
  holds: () => Promise<boolean>,
  timeoutMs = 30_000,
): Promise<number> {
  const started = performance.now();
  while (!(await holds())) {
    if (performance.now() - started > timeoutMs) throw new Error(`waited ${timeoutMs} ms until ${what}`);
    await sleep(100);
  }
  return performance.now() - started;
}
