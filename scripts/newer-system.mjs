// A newer system for test hosts: Debian 13 with its libvirt and QEMU, built once for each version of its recipe,
// test/hosts/newer-system.sh. This machine's own is Debian 12.
import { join } from "node:path";
import { ensureBuilt } from "./built-once.mjs";

const recipe = { name: "newer-system", title: "a newer system for test hosts" };

/** The folder that is its root; builds it unless it is there. */
export async function ensureNewerSystem() {
  return join(await ensureBuilt(recipe), "root");
}
