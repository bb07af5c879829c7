import type { CrossCheck } from "../definition.js";
import { NETWORK_FORMATS, type PoolType, poolKinds } from "./kinds.js";
import type { Inputs, SourceInputs } from "./schema.js";

type Problems = ReturnType<CrossCheck<Inputs>>;

/** Problems between inputs that are fine one by one. */
export const crossChecks: readonly CrossCheck<Inputs>[] = [
  pathOfType,
  sourceOfType,
  formatOfType,
  sourceByItself,
  building,
  ({ hosts, credentials }) =>
    Object.keys(credentials ?? {})
      .filter((name) => !Object.hasOwn(hosts, name))
      .map((name) => ({ path: "credentials", message: `${name} isn't among the hosts` })),
];

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

function sourceOfType({ type, source }: Inputs): Problems {
  const kind = poolKinds[type];
  const given = (Object.keys(parts) as (keyof SourceInputs)[]).filter((key) => source?.[key] !== undefined);
  const has = new Set<string>(given.map((key) => parts[key]));
  const missing = kind.needs
    .filter((part) => !has.has(part))
    .map((part) => ({
      path: `source.${needed[part] ?? part}`,
      message: `is missing: type ${JSON.stringify(type)} needs ${examples[type][part]}`,
    }));
  const fitting = new Set<string>([...kind.needs, ...kind.takes]);
  const extra = given
    .filter((key) => !fitting.has(parts[key]))
    .map((key) => ({
      path: `source.${key}`,
      message: `is not for type ${JSON.stringify(type)}${fitting.size === 0 ? ", which is a folder" : `: it takes ${[...fitting].map((part) => needed[part] ?? part).join(", ")}`}`,
    }));
  return [...missing, ...extra];
}

function formatOfType({ type, source }: Inputs): Problems {
  const format = source?.format;
  if (format === undefined) return [];
  const isNetwork = NETWORK_FORMATS.some((known) => known === format);
  const fits = format === "auto" || (type === "netfs" ? isNetwork : type !== "fs" || !isNetwork);
  const problems = fits
    ? []
    : [
        {
          path: "source.format",
          message: `${JSON.stringify(format)} is not for type ${JSON.stringify(type)}${type === "netfs" ? `: it takes auto, ${NETWORK_FORMATS.join(", ")}` : ': it is one of type "netfs"'}`,
        },
      ];
  const version = source?.protocolVersion;
  if (version !== undefined && format !== undefined && format !== "nfs" && format !== "auto")
    problems.push({
      path: "source.protocolVersion",
      message: `is for NFS, and format is ${JSON.stringify(format)}`,
    });
  return problems;
}

function sourceByItself({ type, source }: Inputs): Problems {
  if (source === undefined) return [];
  const problems: Problems = [];
  const { host, hosts, device, devices, dir, auth } = source;
  if (host !== undefined && hosts !== undefined)
    problems.push({ path: "source.hosts", message: "says the same as source.host; give one or the other" });
  if (device !== undefined && devices !== undefined)
    problems.push({
      path: "source.devices",
      message: "says the same as source.device; give one or the other",
    });
  const isOneServer = type === "netfs" || type === "iscsi";
  if (isOneServer && (hosts ?? []).length > 1)
    problems.push({
      path: "source.hosts",
      message: `must be one for type ${JSON.stringify(type)}: libvirt takes no second server`,
    });
  const all = devices ?? (device === undefined ? [] : [device]);
  const only = type === "fs" || type === "iscsi";
  if (only && all.length > 1)
    problems.push({ path: "source.devices", message: `must be one for type ${JSON.stringify(type)}` });
  const isTarget = (text: string) => /^iqn\.[0-9]{4}-(?:0[1-9]|1[0-2])\.[A-Za-z0-9.-]+(?::.+)?$/.test(text);
  all.forEach((text, i) => {
    const path = device === undefined ? `source.devices[${i}]` : "source.device";
    if (type === "iscsi" && !isTarget(text))
      problems.push({
        path,
        message: `${JSON.stringify(text)} must be the name of an iSCSI target, such as iqn.2026-01.net.example:images`,
      });
    if (type !== "iscsi" && type !== "zfs" && !text.startsWith("/"))
      problems.push({
        path,
        message: `${JSON.stringify(text)} must be an absolute path on the host, such as /dev/sdb1`,
      });
    if (all.indexOf(text) !== i) problems.push({ path, message: `${text} occurs twice` });
  });
  // GlusterFS and CIFS have names instead of folders.
  const isRelative = source.format === "glusterfs" || source.format === "cifs";
  if (dir !== undefined && !dir.startsWith("/") && !isRelative)
    problems.push({
      path: "source.dir",
      message: `${JSON.stringify(dir)} must be an absolute path on the server, such as /export/images`,
    });
  if (auth !== undefined && (auth.secret.uuid === undefined) === (auth.secret.usage === undefined))
    problems.push({
      path: "source.auth.secret",
      message: "needs either uuid or usage, by which libvirt on the hosts knows the secret",
    });
  return problems;
}

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
