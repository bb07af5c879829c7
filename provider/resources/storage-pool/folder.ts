import type { Host } from "../../hosts/host.js";

/** Whether a folder is there; true where that can't be seen. */
export async function isFolder(host: Host, path: string | undefined): Promise<boolean> {
  const result = await host.exec(["test", "-d", path ?? ""]).catch(() => undefined);
  return result?.exitCode !== 1;
}
