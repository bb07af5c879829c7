import {
  type DomainModel,
  isWithoutUsb,
  parseDomain,
  patchDomain,
  XmlError,
} from "../../libvirt/xml/index.js";
import type { Refusal } from "../../planning/plan.js";
import type { ObservedHost } from "./observed.js";
import { withPaths } from "./paths.js";

const CONTROLLER = `{ xpath: "/domain/devices/controller[@type='usb']/@model", set: "qemu-xhci" }`;

/** Devices on USB in a definition that says that there is none (a controller of model "none"), which libvirt refuses. */
export function usbRefusals(model: DomainModel, place: ObservedHost): Refusal[] {
  const { persistentXml, liveXml } = place.domain?.record ?? {};
  const xml = persistentXml ?? liveXml;
  if (xml === undefined || !isWithoutUsb(xml)) return [];
  const devices = devicesOnUsb(model);
  if (devices.length === 0 || !staysWithoutUsb(xml, model, place)) return [];
  const verb = devices.length === 1 ? "needs" : "need";
  return [
    {
      kind: "notSupported",
      message: `${devices.join(", ")} ${verb} USB, which ${model.name} hasn't on ${place.ref.name} (its definition has a USB controller of model "none"): have it on another bus, leave it out, or give the guest a controller, by xml: [${CONTROLLER}]`,
    },
  ];
}

/** A patch may give it a controller. */
function staysWithoutUsb(xml: string, model: DomainModel, place: ObservedHost): boolean {
  if (model.patches === undefined) return true;
  const current = parseDomain(xml);
  try {
    return isWithoutUsb(patchDomain(xml, { ...withPaths(model, place), name: current.name }, current));
  } catch (error) {
    if (!(error instanceof XmlError)) throw error;
    return false;
  }
}

function devicesOnUsb({ disks, inputDevices = [], hostDevices = [], sound }: DomainModel): string[] {
  return [
    ...disks
      .filter(({ bus }) => bus === "usb")
      .map(({ device, target }) => `${device === "cdrom" ? "cdroms" : "disks"}[${target}]`),
    ...(inputDevices.some(({ bus }) => bus === "usb") ? ["inputDevices"] : []),
    ...(hostDevices.some(({ type }) => type === "usb" || type === "usbPort") ? ["hostDevices"] : []),
    ...(sound === "usb" ? ["sound"] : []),
  ];
}
