import type { MigrationJournal } from "../../provider/libvirt/xml/index.js";
import type { MigrationPlan } from "../../provider/resources/virtual-machine/migration/index.js";
import type { MigrationWorld, TestMachine } from "./migration-world.js";
import { ProviderProcess } from "./provider-process.js";

/** What a process that migrates is to do. */
export type Task =
  | { action: "live" | "stopped"; plan: Omit<MigrationPlan, "source" | "target"> }
  | { action: "settle"; uuid: string; journal: MigrationJournal };

/** A process that migrates. */
export const MigrationProcess = {
  /** @param stopAt - `<Procedure>:<before|sent|after>[:<n-th>]`, see stop-at-call.mjs */
  start(world: MigrationWorld, task: Task, stopAt?: string): Promise<ProviderProcess> {
    const [source, target] = [world.ref(world.alpha), world.ref(world.beta)];
    return ProviderProcess.run("migration-child.mjs", { ...task, source, target }, stopAt);
  },
};

/** The plan of a machine's move from alpha to beta, for another process. */
export function taskOf(
  world: MigrationWorld,
  machine: TestMachine,
  action: "live" | "stopped" = "live",
  policy: Partial<MigrationPlan["policy"]> = {},
): Task {
  const hosts = world.hosts();
  const { source: _, target: __, ...plan } = world.plan(machine, hosts, policy);
  return { action, plan };
}
