// A system for test hosts with a daemon for each of libvirt's drivers, built once for each version of its recipe, test/hosts/modular-system.sh, over
// the newer system. Debian's own libvirt is one daemon.
import { join } from "node:path";
import { ensureBuilt } from "./built-once.mjs";
import { ensureNewerSystem } from "./newer-system.mjs";

/** Folders that are its root, one over the other; builds them unless they are there. */
export async function ensureModularSystem() {
  const newer = await ensureNewerSystem();
  const recipe = {
    name: "modular-system",
    title: "libvirt's modular daemons for test hosts",
    options: [newer],
  };
  return `${join(await ensureBuilt(recipe), "layer")}:${newer}`;
}
