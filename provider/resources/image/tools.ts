import { imagePrograms, presentPrograms, WORKSHOP_PROGRAMS } from "../../fitness/tools.js";
import type { Host } from "../../hosts/host.js";
import type { Compression } from "./disk-format.js";

/** The programs that unpack images on hosts. */
export const UNPACKERS = { gz: "gzip", xz: "xz", zst: "zstd", bz2: "bzip2" } as const satisfies Record<
  Compression,
  string
>;

/** What a host can do for an image in a pool's folder. */
export interface Tools {
  /** The folder can be written to by the user that we are there. */
  writable: boolean;
  /** Programs that are there. */
  programs: ReadonlySet<string>;
}

const script = `${presentPrograms}
[ -d "$0" ] && [ -w "$0" ] && [ -x "$0" ] && echo writable
exit 0`;

const known = new WeakMap<Host, Map<string, Promise<Tools>>>();

/** Asked once a host and folder. */
export function toolsOf(host: Host, folder: string): Promise<Tools> {
  const byFolder = known.get(host) ?? new Map<string, Promise<Tools>>();
  known.set(host, byFolder);
  const asked = byFolder.get(folder);
  if (asked !== undefined) return asked;
  const asking = ask(host, folder);
  byFolder.set(folder, asking);
  asking.catch(() => byFolder.delete(folder));
  return asking;
}

async function ask(host: Host, folder: string): Promise<Tools> {
  const { stdout } = await host.exec(["sh", "-c", script, folder, ...imagePrograms]);
  const lines = new Set(stdout.split("\n"));
  return { writable: lines.has("writable"), programs: lines };
}

/**
 * How an image comes to a host:
 * - `download`: the host downloads it
 * - `send`: this machine sends it, into a file that the host then looks at, unpacks, converts
 * - `stream`: this machine sends what the volume is to hold; nothing can be done there but by libvirt
 */
export type Route = "download" | "send" | "stream";

export function routeFor({ writable, programs }: Tools, kind: "url" | "file"): Route {
  if (!writable || !WORKSHOP_PROGRAMS.every((program) => programs.has(program))) return "stream";
  return kind === "url" && (programs.has("curl") || programs.has("wget")) ? "download" : "send";
}

/** Why a host doesn't download by itself; undefined when it does. */
export function whyNotByHost({ writable, programs }: Tools, folder: string): string | undefined {
  if (!writable) return `the user there may not write into ${folder}`;
  const missing = WORKSHOP_PROGRAMS.filter((program) => !programs.has(program));
  if (missing.length > 0) return `there is no ${missing.join(" and no ")}`;
  return programs.has("curl") || programs.has("wget") ? undefined : "there is neither curl nor wget";
}
