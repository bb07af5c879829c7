import { readdir } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

/** The files of noVNC that a page may load, by their paths on the server: what isn't listed here isn't there. */
export async function noVncFiles(): Promise<Map<string, string>> {
  // The package's only export is core/rfb.js.
  const root = dirname(dirname(fileURLToPath(import.meta.resolve("@novnc/novnc"))));
  const files = new Map<string, string>();
  for (const folder of ["core", "vendor"])
    for (const entry of await readdir(join(root, folder), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || !entry.name.endsWith(".js")) continue;
      const path = join(entry.parentPath, entry.name);
      files.set(`/novnc/${relative(root, path).split(sep).join("/")}`, path);
    }
  return files;
}
