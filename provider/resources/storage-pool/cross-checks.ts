import type { CrossCheck } from "../definition.js";
import { occursTwice, ofPart, problemIf, type Rule } from "../rules.js";
import { NETWORK_FORMATS, type PoolType, poolKinds } from "./kinds.js";
import type { Inputs, SourceInputs } from "./schema.js";

type Problems = ReturnType<CrossCheck<Inputs>>;

function pathOfType({ type, path }: Inputs): Problems {
  const wants = poolKinds[type].path;
  if (wants === "needed" && path === undefined)
    return [
      {
        path: "path",
        message: `is missing: type ${JSON.stringify(type)} needs ${type === "dir" ? "a folder on the hosts" : "a folder on the hosts where it is mounted"}, such as /var/lib/libvirt/${type === "dir" ? "images" : "shared"}`,
      },
    ];
  if (wants === "none" && path !== undefined)
    return [
      {
        path: "path",
        message: `is not for type ${JSON.stringify(type)}: ${type === "rbd" ? "its volumes have no path on the hosts" : "its volumes are below /dev, by the name of source.name"}`,
      },
    ];
  return [];
}

/** The inputs of a source, by the part of libvirt's that each becomes. */
const parts = {
  host: "hosts",
  hosts: "hosts",
  dir: "dir",
  device: "devices",
  devices: "devices",
  name: "name",
  format: "format",
  protocolVersion: "protocolVersion",
  initiator: "initiator",
  auth: "auth",
} as const satisfies Record<keyof SourceInputs, string>;

const needed: Partial<Record<string, string>> = {
  hosts: "host",
  devices: "device",
};

const examples: Readonly<Record<PoolType, Partial<Record<string, string>>>> = {
  dir: {},
  fs: { devices: "the device that is mounted, such as /dev/sdb1" },
  netfs: { hosts: "the server, such as nfs.example.net", dir: "the server's folder, such as /export/images" },
  logical: { name: "the volume group" },
  iscsi: { hosts: "the server", devices: "the target's name, such as iqn.2026-01.net.example:images" },
  zfs: { name: "the pool of ZFS" },
  rbd: { name: "the pool of Ceph", hosts: "a monitor of Ceph" },
};

/** Whether the source has one of the inputs that become a part of libvirt's. */
function hasPart(source: SourceInputs | undefined, part: string): boolean {
  return (Object.keys(parts) as (keyof SourceInputs)[]).some(
    (key) => parts[key] === part && source?.[key] !== undefined,
  );
}

const sourceOfType: readonly CrossCheck<Inputs>[] = [
  ...[...new Set(Object.values(parts))].map(
    (part): CrossCheck<Inputs> =>
      ({ type, source }) =>
        problemIf(
          (poolKinds[type].needs as readonly string[]).includes(part) && !hasPart(source, part),
          `source.${needed[part] ?? part}`,
          `is missing: type ${JSON.stringify(type)} needs ${examples[type][part]}`,
        ),
  ),
  ...(Object.keys(parts) as (keyof SourceInputs)[]).map(
    (key): CrossCheck<Inputs> =>
      ({ type, source }) => {
        const { needs, takes } = poolKinds[type];
        const fitting = new Set<string>([...needs, ...takes]);
        return problemIf(
          source?.[key] !== undefined && !fitting.has(parts[key]),
          `source.${key}`,
          `is not for type ${JSON.stringify(type)}${fitting.size === 0 ? ", which is a folder" : `: it takes ${[...fitting].map((part) => needed[part] ?? part).join(", ")}`}`,
        );
      },
  ),
];

function formatOfType({ type, source }: Inputs): Problems {
  const format = source?.format;
  if (format === undefined) return [];
  const isNetwork = NETWORK_FORMATS.some((known) => known === format);
  const fits = format === "auto" || (type === "netfs" ? isNetwork : type !== "fs" || !isNetwork);
  return problemIf(
    !fits,
    "source.format",
    `${JSON.stringify(format)} is not for type ${JSON.stringify(type)}${type === "netfs" ? `: it takes auto, ${NETWORK_FORMATS.join(", ")}` : ': it is one of type "netfs"'}`,
  );
}

function versionOfFormat({ source }: Inputs): Problems {
  const { format = "auto", protocolVersion } = source ?? {};
  return problemIf(
    protocolVersion !== undefined && format !== "nfs" && format !== "auto",
    "source.protocolVersion",
    `is for NFS, and format is ${JSON.stringify(format)}`,
  );
}

const devicesOf = ({ device, devices }: SourceInputs): readonly string[] =>
  devices ?? (device === undefined ? [] : [device]);

const sourceRules: readonly Rule<SourceInputs>[] = [
  ({ host, hosts }) =>
    problemIf(
      host !== undefined && hosts !== undefined,
      "hosts",
      "says the same as source.host; give one or the other",
    ),
  ({ device, devices }) =>
    problemIf(
      device !== undefined && devices !== undefined,
      "devices",
      "says the same as source.device; give one or the other",
    ),
  // GlusterFS and CIFS have names instead of folders.
  ({ dir, format }) =>
    problemIf(
      dir !== undefined && !dir.startsWith("/") && format !== "glusterfs" && format !== "cifs",
      "dir",
      `${JSON.stringify(dir)} must be an absolute path on the server, such as /export/images`,
    ),
  ({ auth }) =>
    problemIf(
      auth !== undefined && (auth.secret.uuid === undefined) === (auth.secret.usage === undefined),
      "auth.secret",
      "needs either uuid or usage, by which libvirt on the hosts knows the secret",
    ),
];

const isTarget = (text: string) => /^iqn\.[0-9]{4}-(?:0[1-9]|1[0-2])\.[A-Za-z0-9.-]+(?::.+)?$/.test(text);

const devicesOfType: readonly CrossCheck<Inputs>[] = [
  ({ type, source }) =>
    problemIf(
      (type === "netfs" || type === "iscsi") && (source?.hosts ?? []).length > 1,
      "source.hosts",
      `must be one for type ${JSON.stringify(type)}: libvirt takes no second server`,
    ),
  ({ type, source }) =>
    problemIf(
      (type === "fs" || type === "iscsi") && source !== undefined && devicesOf(source).length > 1,
      "source.devices",
      `must be one for type ${JSON.stringify(type)}`,
    ),
  ({ type, source = {} }) =>
    devicesOf(source).flatMap((text, i) => {
      const path = source.device === undefined ? `source.devices[${i}]` : "source.device";
      if (type === "iscsi")
        return problemIf(
          !isTarget(text),
          path,
          `${JSON.stringify(text)} must be the name of an iSCSI target, such as iqn.2026-01.net.example:images`,
        );
      return problemIf(
        type !== "zfs" && !text.startsWith("/"),
        path,
        `${JSON.stringify(text)} must be an absolute path on the host, such as /dev/sdb1`,
      );
    }),
  ({ source }) => occursTwice("source.devices", source?.devices ?? [], (text) => text),
];

function building({ type, build, source }: Inputs): Problems {
  if (build !== true) return [];
  const { builds } = poolKinds[type];
  if (builds === undefined)
    return [
      {
        path: "build",
        message: `is not for type ${JSON.stringify(type)}: ${type === "dir" || type === "netfs" ? "its folder is made anyway" : "what it stands on is made on the server"}`,
      },
    ];
  if (source?.device === undefined && source?.devices === undefined)
    return [{ path: "build", message: `needs source.devices: the blank devices on which ${builds} is made` }];
  return [];
}

/** Problems between inputs that are fine one by one. */
export const crossChecks: readonly CrossCheck<Inputs>[] = [
  pathOfType,
  ...sourceOfType,
  formatOfType,
  versionOfFormat,
  ...ofPart("source", sourceRules),
  ...devicesOfType,
  building,
  ({ hosts, credentials }) =>
    Object.keys(credentials ?? {}).flatMap((name) =>
      problemIf(!Object.hasOwn(hosts, name), "credentials", `${name} isn't among the hosts`),
    ),
];
