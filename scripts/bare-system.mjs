// A bare system for test hosts: Debian 13 without anything for VMs, built once for each version of its recipe, test/hosts/bare-system.sh.
import { join } from "node:path";
import { ensureBuilt } from "./built-once.mjs";

const recipe = { name: "bare-system", title: "a bare system for test hosts" };

/** The folder that is its root; builds it unless it is there. */
export async function ensureBareSystem() {
  return join(await ensureBuilt(recipe), "root");
}
