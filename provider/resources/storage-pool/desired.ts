import {
  type PoolModel,
  type PoolSource,
  type ReachingPart,
  reachingParts,
} from "../../libvirt/xml/index.js";
import { kindOf, poolKinds } from "./kinds.js";
import type { Inputs } from "./schema.js";

/** A pool as its inputs describe it, without its UUID. */
export function declaredModel(inputs: Inputs): PoolModel {
  const source = sourceOf(inputs);
  const path = inputs.path ?? defaultPath(inputs);
  return {
    name: inputs.name,
    type: inputs.type,
    ...(path === undefined ? {} : { path }),
    ...(source === undefined ? {} : { source }),
  };
}

function defaultPath({ type, source }: Inputs): string | undefined {
  if (type === "logical") return `/dev/${source?.name}`;
  return poolKinds[type].path === "default" ? "/dev/disk/by-path" : undefined;
}

/** What is declared of the source, in libvirt's terms. */
function sourceOf({ type, source }: Inputs): PoolSource | undefined {
  if (source === undefined) return undefined;
  const hosts = (source.hosts ?? (source.host === undefined ? undefined : [source.host]))?.map((host) =>
    typeof host === "string"
      ? { name: host }
      : { name: host.name, ...(host.port === undefined ? {} : { port: host.port }) },
  );
  const { auth } = source;
  const made = {
    hosts,
    dir: source.dir,
    devices: source.devices ?? (source.device === undefined ? undefined : [source.device]),
    name: source.name,
    format: source.format,
    protocolVersion: source.protocolVersion,
    initiator: source.initiator,
    auth: auth && {
      type: type === "rbd" ? ("ceph" as const) : ("chap" as const),
      username: auth.username,
      secret:
        auth.secret.uuid === undefined ? { usage: auth.secret.usage ?? "" } : { uuid: auth.secret.uuid },
    },
  };
  return Object.fromEntries(Object.entries(made).filter(([, value]) => value !== undefined)) as PoolSource;
}

/** How what a pool stands on should be reached: what is declared; what was declared last time goes back to the default; the rest stays. */
export function desiredSource(
  inputs: Inputs,
  previous: Inputs | undefined,
  existing: PoolSource | undefined,
): PoolSource {
  const [declared, before] = [sourceOf(inputs), previous && sourceOf(previous)];
  const part = (key: ReachingPart) => {
    if (declared?.[key] !== undefined) return declared[key];
    if (before?.[key] === undefined) return existing?.[key];
    return key === "format" ? "auto" : undefined;
  };
  const parts = Object.fromEntries(
    reachingParts.map((key) => [key, part(key)]).filter(([, value]) => value !== undefined),
  );
  const {
    hosts: _,
    format: __,
    protocolVersion: ___,
    initiator: ____,
    auth: _____,
    ...rest
  } = existing ?? {};
  return { ...rest, ...parts };
}

/** What a pool stands on, as far as another one would be another pool; by the inputs' names. */
export function standing({ type, path, source }: PoolModel): Record<string, string> {
  const kind = kindOf(type);
  return {
    type,
    ...(path === undefined || kind?.path === "none" ? {} : { path }),
    ...Object.fromEntries(
      (kind?.identity ?? []).flatMap((part) => {
        const value = source?.[part];
        return value === undefined
          ? []
          : [[`source.${part}`, Array.isArray(value) ? value.join(" ") : String(value)]];
      }),
    ),
  };
}

/** Whether two pools would keep their volumes in the same place. */
export function isSamePlace(a: PoolModel, b: PoolModel): boolean {
  const isFolder = (pool: PoolModel) => kindOf(pool.type)?.holdsFiles ?? pool.path !== undefined;
  if (isFolder(a) && isFolder(b)) return a.path === b.path;
  const [x, y] = [standing(a), standing(b)];
  return (
    Object.keys(x).length === Object.keys(y).length &&
    Object.entries(x).every(([key, value]) => y[key] === value)
  );
}

/** For messages: `netfs pool at /mnt/x of nfs.example:/export`. */
export function showPool({ type, path, source }: PoolModel): string {
  const kind = kindOf(type);
  const at = path === undefined ? (kind === undefined ? "no path" : undefined) : path;
  const server = source?.hosts?.map(({ name }) => name).join(", ");
  const what = source?.dir ?? source?.name ?? source?.devices?.join(", ");
  const of = what === undefined ? server : server === undefined ? what : `${server}:${what}`;
  const isAtPath = at !== undefined && kind?.path !== "none";
  return `${type} pool${isAtPath ? ` at ${at}` : ""}${of === undefined ? "" : ` of ${of}`}`;
}

/** The inputs by which two pools stand on different things. */
export function differingIn(
  declared: ReturnType<typeof declaredModel>,
  other: ReturnType<typeof declaredModel>,
): string[] {
  const [wanted, found] = [standing(declared), standing(other)];
  return Object.keys({ ...wanted, ...found }).filter((key) => wanted[key] !== found[key]);
}
