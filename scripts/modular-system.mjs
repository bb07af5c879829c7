// A system for test hosts with a daemon for each of libvirt's drivers, built once for each version of its recipe, test/hosts/modular-system.sh, over
// the newer system. Debian's own libvirt is one daemon.
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ensureBuilt } from "./built-once.mjs";
import { ensureNewerSystem } from "./newer-system.mjs";

const script = join(dirname(dirname(fileURLToPath(import.meta.url))), "test", "hosts", "modular-system.sh");

/** Folders that are its root, one over the other; builds them unless they are there. */
export async function ensureModularSystem() {
  const newer = await ensureNewerSystem();
  const recipe = {
    name: "modular-system",
    title: "libvirt's modular daemons for test hosts",
    script,
    options: [newer],
  };
  return `${join(await ensureBuilt(recipe), "layer")}:${newer}`;
}
