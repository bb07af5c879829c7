import { z } from "zod";
import { libvirtAttribute, oneOf } from "../../inputs.js";
import type { Inputs } from "../schema.js";
import type { MachineFeature } from "./feature.js";
import { setOrKeep } from "./set-or-keep.js";

export const osShape = {
  os: z
    .strictObject(
      {
        type: oneOf(["linux", "windows"]),
        version: libvirtAttribute({ mostBytes: 64 })
          .regex(/^[A-Za-z0-9._-]+$/, { error: 'must be a version, such as "11", "2025" or "debian13"' })
          .optional(),
      },
      { error: "must be { type, version }" },
    )
    .optional(),
};

export const osFeature: MachineFeature = {
  shape: osShape,
  desire: (model, { inputs, previous }) =>
    setOrKeep(model, "osIdentity", inputs.os && osIdentity(inputs.os), previous?.os),
  rows: [{ input: "os", property: "osIdentity", effect: "none", comparedWhileRunning: false }],
};

/** Names of the libosinfo database, by which other tools know what a guest is. */
function osIdentity({ type, version }: NonNullable<Inputs["os"]>): string {
  if (type === "windows") {
    const server = /^20\d\d$/.test(version ?? "") ? `2k${version?.slice(2).replace(/^0/, "")}` : undefined;
    return `http://microsoft.com/win/${server ?? version ?? "11"}`;
  }
  const [, vendor, release] = /^([a-z]+)-?(\d.*)$/.exec(version ?? "") ?? [];
  switch (vendor) {
    case "debian":
      return `http://debian.org/debian/${release}`;
    case "ubuntu":
      return `http://ubuntu.com/ubuntu/${release}`;
    case "fedora":
      return `http://fedoraproject.org/fedora/${release}`;
    case "rhel":
      return `http://redhat.com/rhel/${release}`;
    case "alpine":
      return `http://alpinelinux.org/alpinelinux/${release}`;
    default:
      return "http://libosinfo.org/linux/2022";
  }
}
