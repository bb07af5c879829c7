import type { Host } from "../../hosts/host.js";
import { formatBytes } from "../../planning/quantity.js";
import type { ApplyContext } from "../definition.js";
import { LONGEST_WAIT_MS, rescanPool } from "../rescan.js";
import { type Checksum, checksumText, volumeName } from "./checksum.js";
import { claim, claimAsFormer } from "./claims.js";
import { parsedVolume } from "./observe.js";
import { type ImagePlace, type ImageRequest, isChanged, knownOf, learn } from "./observed.js";

/** One host's part of a fetch. */
export interface Fetching {
  request: ImageRequest;
  place: ImagePlace;
  host: Host;
  pool: string;
  folder: string;
  context: ApplyContext;
}

/** The operation's own time limit comes first. */
export const UPLOAD_TIMEOUT_MS = 7 * 24 * 3_600_000;

/** The content is known now, if it wasn't before. */
export function settle({ request, host }: Fetching, checksum: Checksum): void {
  const known = knownOf(request).checksum;
  if (known !== undefined && known !== checksumText(checksum))
    throw new Error(
      `${host.name} got another content than the other hosts: ${checksumText(checksum)} instead of ${known}`,
    );
  learn(request, {
    checksum: checksumText(checksum),
    volume: volumeName(request.inputs.name, checksum, request.inputs),
  });
}

/** This resource's mark beside the volume to come; and those of what was declared before say so from now on. */
export async function claimAs(
  { request, place, host, pool }: Fetching,
  volume: { name: string; fileBytes: number | undefined },
): Promise<void> {
  await claim({ host, pool }, volume, request);
  for (const { mark, name, former } of place.claims)
    if (!former && name !== volume.name) await claimAsFormer({ host, pool }, mark, request);
}

/** Another process, or another resource, may have made it since the plan. */
export async function isThereNow(fetching: Fetching): Promise<boolean> {
  const { request, host, pool } = fetching;
  await lookAgain(fetching);
  const name = knownOf(request).volume;
  const { volumes, marks } = await host.observations.contents(pool);
  const record = volumes.find((volume) => volume.name === name);
  const claims = marks.filter((mark) => mark.volume === name && mark.fileBytes !== undefined);
  if (record === undefined || claims.length === 0) return false;
  const volume = parsedVolume(record);
  if (claims.some(({ fileBytes }) => isChanged(volume, fileBytes))) return false;
  await claimAs(fetching, { name: record.name, fileBytes: volume.fileBytes });
  return true;
}

/** libvirt notices by itself neither what came into a folder nor what was taken out of it. */
export async function lookAgain({
  host,
  pool,
  context,
}: Pick<Fetching, "host" | "pool" | "context">): Promise<void> {
  if (!(await rescanPool(host, pool, { signal: context.signal, waitMs: LONGEST_WAIT_MS })))
    throw new Error(`pool ${pool} isn't there, or isn't running, on ${host.name} any more`);
}

export function progressLine(host: string, doing: string, done: number, total: number | undefined): string {
  const rounded = (bytes: number) => formatBytes(Math.round(bytes / 2 ** 20) * 2 ** 20);
  const percent =
    total === undefined || total === 0 ? "" : ` of ${rounded(total)} (${Math.floor((100 * done) / total)}%)`;
  return `${host}: ${doing}, ${rounded(done)}${percent}`;
}
