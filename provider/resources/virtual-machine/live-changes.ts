import { oneLine } from "../../hosts/errors.js";
import { isLifecycleEvent } from "../../libvirt/index.js";
import {
  type DiskDifference,
  describeDifferences,
  diskXml,
  interfaceXml,
  isPartName,
  limitValues,
  type ModelDifference,
  missingScsiControllers,
  parseDomain,
  partDevicesBeyond,
  sameValue,
  updatedPartXml,
  withoutAddress,
  withoutBootOrder,
} from "../../libvirt/xml/index.js";
import type { ApplyContext } from "../definition.js";
import { toTexts } from "./changes.js";
import { withoutFullPins } from "./features/cpu-tune.js";
import { onceLetGo } from "./let-go.js";
import { computeChange } from "./live-compute.js";
import { NotTaken } from "./not-taken.js";
import { noteDeclined } from "./run-notes.js";
import type { RunningMachine } from "./running-machine.js";
import { ASK_AGAIN_MS, NotLetGo, type Unplugged, unplug } from "./unplug.js";

/**
 * Gives a running guest what its definition has already. Each device is taken from the definition, with the address that libvirt chose for it
 * there, so that it keeps its place at the next boot. What libvirt calls done is looked at again: a guest may not have let go.
 */
export async function changeRunning(
  machine: RunningMachine,
  differences: readonly ModelDifference[],
  context: ApplyContext,
): Promise<void> {
  // What goes first makes room for what comes.
  const ordered = [...differences].sort((a, b) => Number(a.to !== undefined) - Number(b.to !== undefined));
  const done: ModelDifference[] = [];
  let asked = machine;
  for (const difference of ordered) {
    context.signal.throwIfAborted();
    try {
      await changeOne(asked, difference, context);
      done.push(difference);
    } catch (error) {
      // libvirt's word on what a guest that has gone can't do would be taken for a refusal.
      const { live } = await documentsOf(machine);
      if (error instanceof NotLetGo && machine.end !== "follows")
        throw await withWayOut(machine, live, difference, error);
      if (!(error instanceof NotTaken || error instanceof NotLetGo)) throw error;
      await leaveForNextBoot(machine, difference, error, context);
      // One that hears of no device is asked about the others once: it is shut down anyway.
      if (error instanceof NotLetGo) asked = { ...machine, letsGoWithinMs: ASK_AGAIN_MS };
    }
  }
  await verify(machine, done);
}

/** Who may restart it does so for that the next time; else it is asked again then, for somebody may have seen to it. */
async function withWayOut(
  { host, uuid, end }: RunningMachine,
  live: string,
  difference: ModelDifference,
  error: NotLetGo,
): Promise<NotLetGo> {
  if (end === "allowed") await noteDeclined(host, uuid, live, difference);
  const wayOut =
    end === "allowed"
      ? "its definition has no such device any more, and the next deployment restarts it for that, as restartPolicy allows"
      : "unmount or release it in the guest and deploy again, or restart the guest: its definition has no such device any more";
  return new NotLetGo(`${error.message}; ${wayOut}`, { cause: error.cause });
}

/** The definition has it already. */
async function leaveForNextBoot(
  machine: RunningMachine,
  difference: ModelDifference,
  reason: NotTaken | NotLetGo,
  context: ApplyContext,
): Promise<void> {
  const { live } = await documentsOf(machine);
  await noteDeclined(machine.host, machine.uuid, live, difference);
  for (const { property, from, to } of toTexts([difference]))
    context.log.warning(
      `guest ${machine.name}: ${property} ${from} -> ${to} waits for its next boot: ${reason.message}`,
    );
}

async function changeOne(
  machine: RunningMachine,
  difference: ModelDifference,
  context: ApplyContext,
): Promise<void> {
  const { to } = machine;
  const { live, persistent } = await documentsOf(machine);
  switch (difference.kind) {
    case "disk":
      await changeDisk(machine, difference, { live, persistent }, context);
      return;
    case "interface": {
      const { mac, property } = difference;
      if (property !== undefined) {
        const wanted = to.interfaces.find((nic) => nic.mac === mac);
        if (wanted !== undefined)
          await update(
            machine,
            interfaceXml(live, mac, { property, to: { ...wanted, [property]: difference.to } })?.xml,
          );
      } else if (difference.to === undefined)
        await remove(
          machine,
          interfaceXml(live, mac),
          (xml) => interfaceXml(xml, mac) !== undefined,
          context,
        );
      else await attach(machine, interfaceXml(persistent, mac)?.xml);
      return;
    }
    case "property": {
      const { property } = difference;
      if (isLifecycleEvent(property)) {
        const { domains } = await machine.host.libvirt();
        await domains.setLifecycleAction(machine.uuid, property, to[property] ?? "", { live: true });
        return;
      }
      const change = computeChange(property);
      if (change !== undefined) {
        await change(machine, live, context);
        return;
      }
      if (!isPartName(property)) throw new Error(`there is no way to change ${property} while it runs`);
      const changed = updatedPartXml(live, property, to[property]);
      if (changed !== undefined) {
        await update(machine, changed.xml);
        return;
      }
      for (const device of partDevicesBeyond(live, property, persistent)) {
        const isThere = (xml: string) =>
          partDevicesBeyond(xml, property, persistent).some((other) => other.alias === device.alias);
        await remove(machine, device, isThere, context);
      }
      for (const device of partDevicesBeyond(persistent, property, live)) await attach(machine, device.xml);
      return;
    }
    default:
      difference satisfies never;
  }
}

async function changeDisk(
  machine: RunningMachine,
  { target, property, to }: DiskDifference,
  { live, persistent }: { live: string; persistent: string },
  context: ApplyContext,
): Promise<void> {
  const wanted = machine.to.disks.find((disk) => disk.target === target);
  if (property === "limits") {
    const { domains } = await machine.host.libvirt();
    await domains.setBlockLimits(machine.uuid, target, limitValues(wanted?.limits), { live: true });
  } else if (property !== undefined) {
    const xml = wanted && diskXml(live, target, { property, to: wanted })?.xml;
    if (wanted?.device === "cdrom") await changeMedium(machine, target, xml);
    else await update(machine, xml);
  } else if (to === undefined)
    await remove(machine, diskXml(live, target), (xml) => diskXml(xml, target) !== undefined, context);
  else {
    for (const controller of missingScsiControllers(persistent, target, live))
      await attach(machine, controller);
    const disks = wanted === undefined ? [] : [wanted];
    await onceLetGo(machine, disks, () => attach(machine, diskXml(persistent, target)?.xml), context);
  }
}

/** libvirt opens the tray, and waits for a guest that has locked it; then it gives up, unless told to use force. */
async function changeMedium(
  { host, uuid, name, forcedDrives }: RunningMachine,
  target: string,
  xml: string | undefined,
): Promise<void> {
  if (xml === undefined) throw new Error("the guest has lost the drive whose medium was to be changed");
  const { domains } = await host.libvirt();
  try {
    await domains.updateDevice(uuid, xml, { live: true });
  } catch (error) {
    const reason = oneLine(error);
    if (!/waiting to open tray|locked/i.test(reason)) throw error;
    if (!forcedDrives.has(target))
      throw new Error(
        `guest ${name} has locked drive ${target} (${reason}); unmount the medium in the guest and deploy again, or set force: true on the drive, which takes it out of the guest's hands. The definition has the new medium already`,
        { cause: error },
      );
    await domains.updateDevice(uuid, xml, { live: true, force: true });
  }
}

async function documentsOf({
  host,
  uuid,
  name,
}: RunningMachine): Promise<{ live: string; persistent: string }> {
  const libvirt = await host.libvirt();
  const [live, persistent] = await Promise.all([
    libvirt.domains.xml(uuid, { secure: true }),
    libvirt.domains.xml(uuid, { inactive: true, secure: true }),
  ]);
  if (!/^<domain [^>]*\bid=/.test(live))
    throw new Error(
      `guest ${name} has stopped meanwhile; its definition has the changes, and the next deployment goes on`,
    );
  return { live, persistent };
}

async function attach({ host, uuid }: RunningMachine, xml: string | undefined): Promise<void> {
  if (xml === undefined) throw new Error("the definition lacks the device that was to be plugged in");
  const { domains } = await host.libvirt();
  const plugged = withoutBootOrder(xml);
  try {
    await domains.attachDevice(uuid, plugged, { live: true });
  } catch (error) {
    const anywhere = withoutAddress(plugged);
    if (anywhere === plugged) throw error;
    // Something that isn't in the definition may have its place.
    await domains.attachDevice(uuid, anywhere, { live: true }).catch(() => {
      throw error;
    });
  }
}

async function update({ host, uuid }: RunningMachine, xml: string | undefined): Promise<void> {
  if (xml === undefined) throw new Error("the guest has lost the device that was to be changed");
  await (await host.libvirt()).domains.updateDevice(uuid, xml, { live: true });
}

async function remove(
  { host, ...machine }: RunningMachine,
  device: Omit<Unplugged, "isThere"> | undefined,
  isThere: (liveXml: string) => boolean,
  context: ApplyContext,
): Promise<void> {
  if (device !== undefined) await unplug(host, machine, { ...device, isThere }, context);
}

/** A difference that is left was one that libvirt called done. */
async function verify(machine: RunningMachine, differences: readonly ModelDifference[]): Promise<void> {
  const { live } = await documentsOf(machine);
  const now = withoutFullPins(parseDomain(live), machine.hostCpus);
  const left = describeDifferences(now, machine.to).filter((found) =>
    differences.some(({ path, to }) => path === found.path && !sameValue(found.from, to)),
  );
  if (left.length > 0)
    throw new Error(
      `guest ${machine.name}: the host said that it was done, and still differs: ${left.map(({ path }) => path).join(", ")}; it is saved for the next boot`,
    );
}
