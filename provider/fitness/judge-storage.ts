import type { LibvirtFacts, PoolRoom } from "./examine.js";
import type { Finding } from "./finding.js";
import type { MachineFacts } from "./machine.js";
import { placeOf, rootCommands, shellWord, type Verdict } from "./verdict.js";

const NEARLY_FULL_PERCENT = 90;
const VIRSH = "virsh -c qemu:///system";

/** Whether there is room for disks. */
export function judgePools(verdict: Verdict, machine: MachineFacts, { pools }: LibvirtFacts): Finding[] {
  const place = placeOf(machine);
  if (pools.length === 0)
    return [
      verdict.problem("pools", "there is no storage pool", {
        why: "VMs have nowhere to keep disks until a pool is declared or defined.",
        commands: rootCommands(
          place,
          `${VIRSH} pool-define-as default dir --target /var/lib/libvirt/images`,
          `${VIRSH} pool-build default`,
          `${VIRSH} pool-start default`,
          `${VIRSH} pool-autostart default`,
        ),
      }),
    ];
  return pools.map((pool) => {
    const { name, isActive, isAutostarted } = pool;
    if (!isActive)
      return verdict.problem("pools", `pool ${name} isn't running`, {
        ...{
          why: "Its disks can't be looked at or made, and VMs with disks in it may not start.",
          about: name,
        },
        commands: rootCommands(place, `${VIRSH} pool-start ${shellWord(name)}`),
      });
    const isFull = usedPercent(pool) >= NEARLY_FULL_PERCENT;
    if (!isFull && isAutostarted) return verdict.fine("pools", `${name}: ${room(pool)}`, name);
    const what = [
      ...(isFull ? [`is ${pool.availableBytes === 0 ? "full" : "nearly full"}`] : []),
      ...(isAutostarted ? [] : ["isn't started with the host"]),
    ];
    const why = [
      ...(isFull ? ["A guest that writes more than there is room for is paused by the I/O error."] : []),
      ...(isAutostarted ? [] : ["After a reboot VMs with disks in it may not start."]),
    ];
    return verdict.notice("pools", `pool ${name} ${what.join(" and ")}: ${room(pool)}`, {
      ...{ why: why.join(" "), about: name },
      commands: isAutostarted ? [] : rootCommands(place, `${VIRSH} pool-autostart ${shellWord(name)}`),
    });
  });
}

/** Networks that don't run. Without any, guests can still be on a bridge of the host. */
export function judgeNetworks(
  verdict: Verdict,
  machine: MachineFacts,
  { networks }: LibvirtFacts,
): Finding[] {
  const place = placeOf(machine);
  const halted = networks.filter(({ isActive }) => !isActive);
  const running = networks.filter(({ isActive }) => isActive);
  const summary = running.length === 0 ? "none of libvirt's" : running.map(({ name }) => name).join(", ");
  return [
    verdict.fine("networks", summary),
    ...halted.map(({ name }) =>
      verdict.notice("networks", `network ${name} isn't running`, {
        ...{ why: "VMs with an interface in it don't start.", about: name },
        commands: rootCommands(
          place,
          `${VIRSH} net-start ${shellWord(name)}`,
          `${VIRSH} net-autostart ${shellWord(name)}`,
        ),
      }),
    ),
  ];
}

function room(pool: PoolRoom): string {
  return `${size(pool.availableBytes)} free of ${size(pool.capacityBytes)}`;
}

function size(bytes: number): string {
  const gib = 2 ** 30;
  return bytes > 0 && bytes < gib ? `${Math.round(bytes / 2 ** 20)} MiB` : `${(bytes / gib).toFixed(1)} GiB`;
}

function usedPercent({ capacityBytes, availableBytes }: PoolRoom): number {
  return capacityBytes === 0 ? 0 : (1 - availableBytes / capacityBytes) * 100;
}
