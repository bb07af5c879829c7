import type { ModelDifference } from "../../../libvirt/xml/index.js";
import { sameValue } from "../../../libvirt/xml/value.js";
import type { RunningEffect } from "../change-row.js";
import type { RunningGuest } from "../running-guest.js";

/** What a running guest can be given and deprived of, of one kind of device. */
export interface PluggableDevice<T> {
  /** Which one it is: two of the same key are one whose settings differ. */
  keyOf(device: T): string;
  /** Whether this guest can be given it, or deprived of it, while it runs. */
  isPluggable(device: T, guest: RunningGuest): boolean;
  /** Whether it takes a PCIe port. */
  takesPort(device: T): boolean;
}

/** What a list of devices becomes: what is declared, and what never was. Undefined: none. */
export function declaredAndStrangers<T>(
  lists: {
    declared: readonly T[] | undefined;
    before: readonly T[] | undefined;
    existing: readonly T[] | undefined;
  },
  keyOf: (device: T) => string,
): T[] | undefined {
  const { declared = [], before = [], existing = [] } = lists;
  const known = new Set([...declared, ...before].map(keyOf));
  const all = [...declared, ...existing.filter((device) => !known.has(keyOf(device)))];
  return all.length === 0 ? undefined : all;
}

/** The effect of a change of a list of devices. Settings of one that stays wait for the next boot. */
export function listEffect<T>(kind: PluggableDevice<T>) {
  return (difference: ModelDifference, guest: RunningGuest): RunningEffect => {
    const { came, went, changed } = movementsOf(difference, kind);
    if (changed || (went.length > 0 && guest.paused)) return "nextBoot";
    const ports = portsOf(came, kind) - portsOf(went, kind);
    const fits = guest.freePorts === undefined || ports <= guest.freePorts;
    const isPluggable = (device: T) => kind.isPluggable(device, guest);
    return fits && came.every(isPluggable) && went.every(isPluggable) ? "live" : "nextBoot";
  };
}

/** How many PCIe ports a change of a list takes; less than none when it gives some back. */
export function listPorts<T>(kind: PluggableDevice<T>) {
  return (difference: ModelDifference): number => {
    const { came, went } = movementsOf(difference, kind);
    return portsOf(came, kind) - portsOf(went, kind);
  };
}

function portsOf<T>(devices: readonly T[], kind: PluggableDevice<T>): number {
  return devices.filter((device) => kind.takesPort(device)).length;
}

function movementsOf<T>({ from, to }: ModelDifference, { keyOf }: PluggableDevice<T>) {
  const before = (from as readonly T[] | undefined) ?? [];
  const after = (to as readonly T[] | undefined) ?? [];
  const find = (list: readonly T[], device: T) => list.find((other) => keyOf(other) === keyOf(device));
  return {
    came: after.filter((device) => find(before, device) === undefined),
    went: before.filter((device) => find(after, device) === undefined),
    changed: after.some((device) => {
      const there = find(before, device);
      return there !== undefined && !sameValue(there, device);
    }),
  };
}
