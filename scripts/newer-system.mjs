// A newer system for test hosts: Debian 13 with its libvirt and QEMU, built once for each version of its recipe,
// test/hosts/newer-system.sh. This machine's own is Debian 12.
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ensureBuilt } from "./built-once.mjs";

const recipe = {
  name: "newer-system",
  title: "a newer system for test hosts",
  script: join(dirname(dirname(fileURLToPath(import.meta.url))), "test", "hosts", "newer-system.sh"),
};

/** The folder that is its root; builds it unless it is there. */
export async function ensureNewerSystem() {
  return join(await ensureBuilt(recipe), "root");
}
