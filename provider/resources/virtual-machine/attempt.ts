import type { Host } from "../../hosts/host.js";
import { isLibvirtError } from "../../libvirt/index.js";
import {
  type AttemptNote,
  attemptNoteKind,
  type DomainDisk,
  type DomainModel,
  readAttemptNote,
  sameValue,
  withAttemptNote,
} from "../../libvirt/xml/index.js";
import { aliasOf } from "./desired-cdroms.js";
import { sameVolume } from "./desired-disks.js";
import type { Attached } from "./desired-interfaces.js";
import { type Inputs, volumeOf } from "./schema.js";
import { mediumInputOfSource } from "./seed/boot-media.js";

/** Nobody leaves them undeclared. */
const PASSED_OVER: ReadonlySet<string> = new Set(["name", "uuid"]);

/** What a program may leave undeclared of a device that it declares. */
const LEFT_UNDECLARED = {
  disks: [
    ...["cache", "io", "discard", "detectZeroes", "queues", "limits"],
    ...["serial", "wwn", "readonly", "shareable", "bootOrder"],
  ],
  interfaces: [
    ...["source", "model", "vlan", "virtualPort", "bandwidth", "filter"],
    ...["mtu", "queues", "bootOrder", "trustGuestRxFilters"],
  ],
} as const;
type DeviceList = keyof typeof LEFT_UNDECLARED;

/**
 * Notes in a definition that is about to be made what it is made of. The deployment may fail, or be killed, and the program may take the change back:
 * it has declared nothing for good then, and what nobody has declared would be taken for something that people have set.
 *
 * @param xml - The new definition, with whatever note the former had.
 */
export function withAttempt(xml: string, from: DomainModel, to: DomainModel): string {
  const moved = disksMovedBetween(from, to);
  const noted = notedOf(to, readAttemptNote(xml) ?? {}, moved);
  const isStill = (disk: DomainDisk) =>
    to.disks.some(
      ({ target, device }) => target === (moved.get(disk.target) ?? disk.target) && device === disk.device,
    );
  const [before, after] = [namesOf(from, from.disks.filter(isStill), moved), namesOf(to, to.disks)];
  const changes: Record<string, AttemptNote[string]> = { ...noted };
  for (const property of new Set([...Object.keys(before), ...Object.keys(after)])) {
    if (PASSED_OVER.has(property) || sameValue(before[property], after[property])) continue;
    // It would have to come back with its password, which is noted nowhere.
    if (property === "graphics" && from.graphics?.password !== undefined && !(property in noted)) continue;
    changes[property] = {
      before: noted[property]?.before ?? textOf(before[property]),
      after: textOf(after[property]),
    };
  }
  return Object.keys(changes).length === 0 ? xml : withAttemptNote(xml, changes);
}

/** Where a disk is plugged in. Another bus may give it another target, and by that it is told apart. */
const PLACE = "place";

function placeOf({ target, bus }: DomainDisk): Pick<DomainDisk, "target" | "bus"> {
  return { target, bus };
}

/** The new targets of disks, by those that they had. Several may have one source, or one of which no more than its type is known: who stays in place didn't move. */
function disksMovedBetween(from: DomainModel, to: DomainModel): ReadonlyMap<string, string> {
  const isAtItsPlaceIn = ({ disks }: DomainModel, disk: DomainDisk) =>
    disks.some((other) => other.target === disk.target && isSameDisk(disk, other));
  const come = to.disks.filter((disk) => !isAtItsPlaceIn(from, disk));
  return new Map(
    from.disks.flatMap((disk) => {
      const after = isAtItsPlaceIn(to, disk) ? undefined : come.find((other) => isSameDisk(disk, other));
      return after === undefined ? [] : [[disk.target, after.target]];
    }),
  );
}

function isSameDisk(one: DomainDisk, other: DomainDisk): boolean {
  if (one.device !== other.device) return false;
  if (one.device === "cdrom") return one.alias !== undefined && one.alias === other.alias;
  return one.source !== undefined && sameValue(one.source, other.source);
}

/** What was noted of the disks that stay, by the targets that they have now: one that goes may leave its target to another. */
function notedOf(
  { disks }: DomainModel,
  noted: AttemptNote,
  moved: ReadonlyMap<string, string>,
): AttemptNote {
  const ofDisk = /^disks\[(.*?)\](.*)$/;
  return Object.fromEntries(
    Object.entries(noted).flatMap(([name, change]) => {
      const [, former, property = ""] = ofDisk.exec(name) ?? [];
      if (former === undefined) return [[name, change]];
      const target = moved.get(former) ?? former;
      return disks.some((disk) => disk.target === target) ? [[`disks[${target}]${property}`, change]] : [];
    }),
  );
}

/** Devices that are told apart by name stand for themselves; each property that may be left undeclared of one is beside them. */
function namesOf(
  model: DomainModel,
  ofDisks: readonly DomainDisk[],
  moved?: ReadonlyMap<string, string>,
): Record<string, unknown> {
  const disks = ofDisks.flatMap((disk): [string, unknown][] => {
    const name = moved?.get(disk.target) ?? disk.target;
    return [...propertiesOf("disks", name, disk), [keyOf("disks", name, PLACE), placeOf(disk)]];
  });
  return {
    ...openly(model),
    disks: model.disks.map(({ target }) => target),
    interfaces: model.interfaces.map(({ mac }) => mac),
    ...Object.fromEntries(disks),
    ...Object.fromEntries(model.interfaces.flatMap((nic) => propertiesOf("interfaces", nic.mac, nic))),
  };
}

/** Whoever may read a definition without its secrets reads the note too. */
function openly({ graphics, ...rest }: DomainModel): Omit<DomainModel, "graphics"> & { graphics?: object } {
  if (graphics === undefined) return rest;
  const { password: _, passwordValidTo: __, ...open } = graphics;
  return { ...rest, graphics: open };
}

function propertiesOf(list: DeviceList, name: string, device: object): [string, unknown][] {
  const values = device as Record<string, unknown>;
  return LEFT_UNDECLARED[list].map((property) => [keyOf(list, name, property), values[property]]);
}

function keyOf(list: DeviceList, name: string, property: string): string {
  return `${list}[${name}].${property}`;
}

function deviceBefore<Device extends object>(
  list: DeviceList,
  name: string,
  device: Device,
  attempt: AttemptNote,
): Device {
  const before = { ...device } as Record<string, unknown>;
  for (const property of LEFT_UNDECLARED[list]) {
    const change = attempt[keyOf(list, name, property)];
    if (change === undefined || !sameValue(before[property], parsed(change.after))) continue;
    const value = parsed(change.before);
    // What an interface is plugged into is always declared; how, may not be.
    if (property === "source" && !isSamePlug(value, before.source)) continue;
    if (value === undefined) delete before[property];
    else before[property] = value;
  }
  return before as Device;
}

/** A disk in the place that it had, unless another has that by now. */
function inFormerPlace(disk: DomainDisk, all: readonly DomainDisk[], attempt: AttemptNote): DomainDisk {
  const change = attempt[keyOf("disks", disk.target, PLACE)];
  if (change === undefined || !sameValue(placeOf(disk), parsed(change.after))) return disk;
  const place = parsed(change.before) as ReturnType<typeof placeOf> | undefined;
  const isTaken = all.some(({ target }) => target !== disk.target && target === place?.target);
  return place === undefined || isTaken ? disk : { ...disk, ...place };
}

function isSamePlug(one: unknown, other: unknown): boolean {
  const plug = (source: unknown) => {
    const { network, device } = (source ?? {}) as { network?: string; device?: string };
    return network ?? device;
  };
  return plug(one) !== undefined && plug(one) === plug(other);
}

function textOf(value: unknown): string {
  return JSON.stringify(value ?? null);
}

function parsed(text: string): unknown {
  return (JSON.parse(text) as unknown) ?? undefined;
}

/** A definition as it was before an attempt that hasn't come to its end. What was changed since, and what is declared, is as it stands there. */
export function asBeforeAttempt(
  definition: DomainModel,
  attempt: AttemptNote | undefined,
  inputs: Inputs,
  previous: Inputs | undefined,
): DomainModel {
  if (attempt === undefined) return definition;
  const model: Record<string, unknown> = { ...definition };
  const now: Record<string, unknown> = { ...openly(definition) };
  for (const [property, { before, after }] of Object.entries(attempt)) {
    if (property.startsWith("disks") || property.startsWith("interfaces")) continue;
    if (!sameValue(now[property], parsed(after))) continue;
    const value = parsed(before);
    if (value === undefined) delete model[property];
    else model[property] = value;
  }
  const isNew = (property: string, name: string) => {
    const change = attempt[property];
    const names = (text: string) => parsed(text) as string[];
    return change !== undefined && names(change.after).includes(name) && !names(change.before).includes(name);
  };
  const volumes = (inputs.disks ?? []).map((entry, i) => volumeOf(inputs.name, entry, i));
  const isDeclared = ({ device, source }: DomainDisk) =>
    device === "cdrom"
      ? inputs[mediumInputOfSource(source) ?? "cdroms"] !== undefined
      : volumes.some((volume) => sameVolume(source, volume));
  const disks = definition.disks
    .filter((disk) => !isNew("disks", disk.target) || isDeclared(disk))
    .map((disk) => {
      const before = deviceBefore("disks", disk.target, disk, attempt);
      const isSaid = isBusDeclared(disk, inputs) || isBusDeclared(disk, previous);
      return isSaid ? before : inFormerPlace(before, definition.disks, attempt);
    });
  const macs = new Set(inputs.interfaces?.map(({ mac }) => mac));
  const interfaces = definition.interfaces
    .filter(({ mac }) => !isNew("interfaces", mac) || macs.has(mac))
    .map((nic) => deviceBefore("interfaces", nic.mac, nic, attempt));
  return { ...(model as unknown as DomainModel), disks, interfaces };
}

/** Where interfaces were before an attempt that hasn't come to its end, those too that it has taken away. */
export function pluggedBeforeAttempt(
  { interfaces }: DomainModel,
  attempt: AttemptNote | undefined,
): readonly Attached[] {
  if (attempt === undefined) return interfaces;
  const { interfaces: list } = attempt;
  const macs = list === undefined ? interfaces.map(({ mac }) => mac) : (parsed(list.before) as string[]);
  return macs.flatMap((mac): Attached[] => {
    const change = attempt[keyOf("interfaces", mac, "source")];
    const source =
      change === undefined
        ? interfaces.find((nic) => nic.mac === mac)?.source
        : (parsed(change.before) as Attached["source"] | undefined);
    return source === undefined ? [] : [{ mac, source }];
  });
}

function isBusDeclared({ device, source, alias }: DomainDisk, inputs: Inputs | undefined): boolean {
  if (inputs === undefined) return false;
  if (device === "cdrom") {
    const entry = inputs.cdroms?.find((cdrom, i) => alias === aliasOf(cdrom, i));
    return entry?.bus !== undefined;
  }
  const entry = inputs.disks?.find((disk, i) => {
    const { volume } = volumeOf(inputs.name, disk, i);
    return source !== undefined && "volume" in source && source.volume === volume;
  });
  return entry?.bus !== undefined;
}

/** It has come to its end. */
export async function forgetAttempt(host: Host, uuid: string): Promise<void> {
  const { domains } = await host.libvirt();
  const { uri, key } = attemptNoteKind;
  await domains.setMetadata(uuid, { persistent: true, uri, key, xml: undefined }).catch((error: unknown) => {
    if (!isLibvirtError(error, "metadataNotFound", "domainNotFound")) throw error;
  });
}
