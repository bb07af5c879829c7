// The demo's hosts: a lab of the test hosts that stays until it is taken down.
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "../command.mjs";

const script = (/** @type {string} */ name) =>
  fileURLToPath(new URL(`../../test/hosts/${name}`, import.meta.url));

/**
 * @typedef {object} DemoHosts
 * @property {string} folder that holds all they write, and the demo's stack
 * @property {{ name: string, address: string, outsidePath(path: string): string }[]} hosts
 */

/**
 * @param {string} folder
 * @returns {DemoHosts}
 */
function readHosts(folder) {
  /** @type {{ hosts: { name: string, address: string }[] }} */
  const { hosts } = JSON.parse(readFileSync(join(folder, "lab.json"), "utf8"));
  return {
    folder,
    hosts: hosts.map(({ name, address }) => ({
      name,
      address,
      outsidePath: (path) =>
        `/proc/${Number.parseInt(readFileSync(join(folder, "hosts", name, "pid"), "utf8"), 10)}/root${path}`,
    })),
  };
}

/** The hosts of a demo that is up. */
export async function demoHosts() {
  const folders = (await run([script("hosts.sh"), "list"])).split("\n");
  const folder = folders.find((each) => basename(each).startsWith("demo-"));
  return folder === undefined ? undefined : readHosts(folder);
}

export async function startHosts() {
  return readHosts((await run([script("hosts.sh"), "up", "--hosts", "2", "--prefix", "demo"])).trim());
}

/** Removes the hosts with all that runs on them. False when there are none. */
export async function endHosts() {
  const hosts = await demoHosts();
  if (hosts) await run([script("hosts.sh"), "down", hosts.folder]);
  return hosts !== undefined;
}

/** The kernel and the initrd of the guest that counts. */
export async function tickGuest() {
  const [kernelPath = "", initrdPath = ""] = (await run([script("tick-guest.sh")])).trim().split("\n");
  return { kernelPath, initrdPath };
}
