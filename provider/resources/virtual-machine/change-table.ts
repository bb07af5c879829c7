import type { ModelDifference } from "../../libvirt/xml/index.js";
import type { ChangeRow, RunningEffect } from "./change-row.js";
import { diskRows } from "./disk-rows.js";
import { features } from "./features/index.js";
import { interfaceRows } from "./interface-rows.js";
import type { RunningGuest } from "./running-guest.js";

/** Of the inputs that aren't a feature of their own. */
const rows: readonly ChangeRow[] = [
  {
    input: "name",
    property: "name",
    effect: "none",
    comparedWhileRunning: false,
    running: "refused while it runs",
    note: "disks of its own are named after it: refused unless they keep their names, by `disks[].volume`",
  },
  { property: "uuid", effect: "none", comparedWhileRunning: false },
  { input: "description", property: "description", effect: "none", comparedWhileRunning: false },
  { property: "architecture", effect: "nextBoot", comparedWhileRunning: false },
  { property: "emulator", effect: "nextBoot", comparedWhileRunning: false },
  { input: "emulation", property: "accelerator", effect: "nextBoot" },
  { input: "machine", property: "machine", effect: "nextBoot" },
  {
    input: "`kernel`, `initrd`, `commandLine`",
    property: "directBoot",
    effect: "nextBoot",
    label: "kernel",
  },
  { input: "console", property: "consoleLog", effect: "nextBoot", label: "console.log" },
  { property: "agentChannel", effect: "nextBoot" },
  {
    input: "hotplugSlots",
    property: "hotplugPorts",
    effect: "nextBoot",
    comparedWhileRunning: false,
    label: "hotplugSlots",
  },
];

/** All rows; the features' come first. */
export const changeTable: readonly ChangeRow[] = [
  ...features.flatMap((feature) => feature.rows),
  ...rows,
  ...diskRows,
  ...interfaceRows,
];

/** The row of a difference. */
export function rowOf(difference: ModelDifference): ChangeRow {
  const found = changeTable.find(({ property }) =>
    typeof property === "function"
      ? property(difference)
      : difference.kind === "property" && difference.property === property,
  );
  if (found === undefined) throw new Error(`no row of the table of changes is of ${difference.path}`);
  return found;
}

/** What a difference between the running guest and what should be does to the guest. */
export function effectOf(difference: ModelDifference, guest: RunningGuest): RunningEffect {
  const { effect } = rowOf(difference);
  return typeof effect === "function" ? effect(difference, guest) : effect;
}
