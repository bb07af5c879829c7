import { z } from "zod";
import { type HostDevice, hostDeviceKey, sortedHostDevices } from "../../../libvirt/xml/index.js";
import { oneOf, wholeNumber, yesOrNo } from "../../inputs.js";
import { occursTwice, ofEach, problemIf, type Rule } from "../../rules.js";
import { typedRow } from "../change-row.js";
import type { Inputs } from "../schema.js";
import { declaredAndStrangers, listEffect, listPorts, type PluggableDevice } from "./device-list.js";
import type { MachineFeature } from "./feature.js";

const usbId = () =>
  z
    .string({ error: "must be a string" })
    .regex(/^(?:0x)?[0-9a-fA-F]{4}$/, { error: "must be four hexadecimal digits, as lsusb prints them" })
    .transform((s) => s.replace(/^0x/, "").toLowerCase());

export const hostDevicesShape = {
  hostDevices: z
    .array(
      z.strictObject(
        {
          type: oneOf(["pci", "usb", "mediated"]),
          address: z
            .string({ error: "must be a string" })
            .regex(/^(?:[0-9a-fA-F]{4}:)?[0-9a-fA-F]{2}:[01][0-9a-fA-F]\.[0-7]$/, {
              error: "must be a PCI address as lspci prints it, such as 0000:01:00.0",
            })
            .transform((s) => (s.length > 7 ? s : `0000:${s}`).toLowerCase())
            .optional(),
          managed: yesOrNo().optional(),
          vendor: usbId().optional(),
          product: usbId().optional(),
          bus: wholeNumber(1, 255).optional(),
          device: wholeNumber(1, 127).optional(),
          uuid: z
            .guid({ error: "must be a UUID, as mdevctl prints it" })
            .transform((s) => s.toLowerCase())
            .optional(),
          model: oneOf(["vfio-pci", "vfio-ccw", "vfio-ap"]).optional(),
        },
        { error: "must be { type, ... }" },
      ),
      { error: "must be a list of host devices" },
    )
    .max(16, { error: "must have at most 16 entries" })
    .optional(),
};
type Entry = NonNullable<Inputs["hostDevices"]>[number];

const passedThrough: PluggableDevice<HostDevice> = {
  keyOf: hostDeviceKey,
  isPluggable: ({ type }, { room }) => type === "pci" || type === "mediated" || room.hasUsb,
  takesPort: ({ type }) => type === "pci" || type === "mediated",
};

/** What each type goes by, in any of several ways. */
const waysToName = {
  pci: [["address"]],
  usb: [
    ["vendor", "product"],
    ["bus", "device"],
  ],
  mediated: [["uuid"]],
} as const satisfies Record<Entry["type"], readonly (readonly (keyof Entry)[])[]>;
const extras = { pci: ["managed"], usb: [], mediated: ["model"] } as const;

const deviceRules: readonly Rule<Entry>[] = [
  (entry) => {
    const given = Object.keys(entry).filter(
      (key) => key !== "type" && entry[key as keyof Entry] !== undefined,
    );
    const ways: readonly (readonly string[])[] = waysToName[entry.type];
    const names = given.filter((key) => !(extras[entry.type] as readonly string[]).includes(key));
    const isNamed = ways.some(
      (way) => way.length === names.length && way.every((key) => names.includes(key)),
    );
    const allowed = ways.map((way) => way.join(" and ")).join(", or ");
    return problemIf(!isNamed, "", `of type "${entry.type}" is named by ${allowed}, and nothing else`);
  },
];

const keysOf = (devices: unknown) => ((devices ?? []) as HostDevice[]).map(hostDeviceKey);

export const hostDevicesFeature: MachineFeature = {
  shape: hostDevicesShape,
  crossChecks: [...ofEach("hostDevices", deviceRules), devicesApart],
  desire(model, { inputs, previous, existing }) {
    const merged = declaredAndStrangers(
      {
        declared: inputs.hostDevices?.map(deviceOf),
        before: previous?.hostDevices?.map(deviceOf),
        existing: existing?.hostDevices,
      },
      hostDeviceKey,
    );
    if (merged === undefined) delete model.hostDevices;
    else model.hostDevices = sortedHostDevices(merged);
  },
  rows: [
    typedRow("hostDevices", {
      input: "hostDevices",
      effect: listEffect(passedThrough),
      ports: listPorts(passedThrough),
      running: "live; at its next boot without a free PCIe port",
      note: "a guest with one can't be migrated",
      warning: ({ from, to }) =>
        keysOf(from).every((key) => keysOf(to).includes(key)) ? undefined : "the guest loses it",
      show: (devices) => devices.map(hostDeviceKey).join(", "),
    }),
  ],
};

function deviceOf(entry: Entry): HostDevice {
  switch (entry.type) {
    case "pci":
      return { type: "pci", address: entry.address ?? "", managed: entry.managed ?? true };
    case "usb":
      return entry.vendor !== undefined
        ? { type: "usb", vendor: entry.vendor, product: entry.product ?? "" }
        : { type: "usbPort", bus: entry.bus ?? 0, device: entry.device ?? 0 };
    case "mediated":
      return { type: "mediated", uuid: entry.uuid ?? "", model: entry.model ?? "vfio-pci" };
    default:
      return entry.type satisfies never;
  }
}

function devicesApart({ hostDevices = [] }: Pick<Inputs, "hostDevices">) {
  return occursTwice("hostDevices", hostDevices, (entry) => hostDeviceKey(deviceOf(entry)));
}
