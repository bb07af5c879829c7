import type { PoolModel, PoolSource } from "../../provider/libvirt/xml/index.js";
import { type Bag, filled } from "./bag.js";

const WITHOUT_PATH = new Set(["logical", "zfs", "rbd"]);
const USUAL_ISCSI_PATH = "/dev/disk/by-path";

/** What a pool's inputs say. */
export function poolInputs({ type, path, source }: PoolModel, autostart: boolean): Bag {
  const isUsual = WITHOUT_PATH.has(type) || (type === "iscsi" && path === USUAL_ISCSI_PATH);
  return {
    ...filled({
      type: type === "dir" ? undefined : type,
      path: isUsual ? undefined : path,
      source: source && sourceOf(type, source),
      autostart: autostart ? undefined : false,
    }),
  };
}

function sourceOf(
  type: string,
  { hosts = [], dir, devices = [], name, format, protocolVersion, initiator, auth }: PoolSource,
): Bag | undefined {
  const servers = hosts.map((host) => (host.port === undefined ? host.name : { ...host }));
  const isOne = devices.length === 1 && (type === "fs" || type === "iscsi");
  return filled({
    ...(servers.length === 1 ? { host: servers[0] } : { hosts: servers }),
    dir,
    ...(isOne ? { device: devices[0] } : { devices }),
    name,
    // Of volume groups it is always the same.
    format: format === "auto" || type === "logical" ? undefined : format,
    protocolVersion,
    initiator,
    auth: auth && { username: auth.username, secret: auth.secret },
  });
}
