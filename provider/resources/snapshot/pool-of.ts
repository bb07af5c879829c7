import { posix } from "node:path";
import type { Host } from "../../hosts/host.js";
import type { PoolRecord } from "../../libvirt/index.js";
import { parsePool } from "../../libvirt/xml/index.js";

/** The host's pool that runs and has a file's folder. */
export async function poolOf(host: Host, path: string): Promise<PoolRecord | undefined> {
  return (await host.observations.pools()).find(
    ({ active, xml }) => active && folderOf(xml) === posix.dirname(path),
  );
}

function folderOf(poolXml: string): string | undefined {
  const { path } = parsePool(poolXml);
  return path === undefined ? undefined : posix.normalize(path).replace(/(.)\/$/, "$1");
}
