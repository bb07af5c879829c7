import { type DomainModel, sameValue } from "../../../provider/libvirt/xml/index.js";
import { durationText } from "../amounts.js";
import { type Bag, filled } from "../bag.js";

const USUAL_RNG = { backend: "random", device: "/dev/urandom" };

/** What a VM says of its devices beside disks and network cards. */
export function deviceInputs(model: DomainModel): Bag {
  return {
    rng: rngOf(model.rng),
    channels: model.channels?.map(({ name, path }) => (path === undefined ? { name } : { name, path })),
    hostDevices: model.hostDevices?.map(hostDeviceOf),
    filesystems: model.filesystems?.map(filesystemOf),
  };
}

function rngOf(rng: DomainModel["rng"]): Bag | undefined {
  if (rng === undefined || sameValue(rng, USUAL_RNG)) return undefined;
  return filled({
    source: rng.device === USUAL_RNG.device ? undefined : rng.device,
    bytes: rng.rate?.bytes,
    period: rng.rate === undefined ? undefined : durationText(rng.rate.periodMs),
  });
}

function hostDeviceOf(device: NonNullable<DomainModel["hostDevices"]>[number]): Bag {
  switch (device.type) {
    case "pci":
      return { type: "pci", address: device.address, ...(device.managed ? {} : { managed: false }) };
    case "usb":
      return { type: "usb", vendor: device.vendor, product: device.product };
    case "usbPort":
      return { type: "usb", bus: device.bus, device: device.device };
    case "mediated":
      return {
        type: "mediated",
        uuid: device.uuid,
        ...(device.model === "vfio-pci" ? {} : { model: device.model }),
      };
    default:
      return device satisfies never;
  }
}

const DRIVERS: Readonly<Record<string, string>> = { virtiofs: "virtiofs", path: "9p" };

function filesystemOf({
  source,
  target,
  driver,
  accessMode,
  readonly,
}: NonNullable<DomainModel["filesystems"]>[number]): Bag {
  return {
    source,
    target,
    ...filled({
      driver: driver === "virtiofs" ? undefined : (DRIVERS[driver] ?? driver),
      accessMode: accessMode === "passthrough" ? undefined : accessMode,
      readonly: readonly || undefined,
    }),
  };
}
