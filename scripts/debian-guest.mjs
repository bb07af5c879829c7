// The Debian guest of the tests: a cloud image, built once for each version of its recipe, test/hosts/debian-guest.sh.
// Run as a program it builds it where it isn't there yet, and prints the folder.
//
// A real Debian 12, as Debian's cloud images are: cloud-init (NoCloud), the guest agent, sshd and netplan are inside, the root
// grows into what the disk has at the first boot. Under emulation a boot costs about 70 s of CPU until cloud-init is done, so
// tests share one. Its kernel is Debian's for clouds, without drivers for AHCI: disks and seeds must be virtio or SCSI.
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { ensureBuilt, findBuilt } from "./built-once.mjs";

/**
 * @typedef {object} DebianGuest
 * @property {string} imagePath a compressed qcow2 of 2 GiB that boots under BIOS, UEFI and Secure Boot
 * @property {string} kernelPath the image's own kernel and initrd, to boot it directly: `root=/dev/vda1 ro console=ttyS0`
 * @property {string} initrdPath
 */

const recipe = { name: "debian-guest", title: "the Debian guest of the tests" };

/**
 * The guest, or undefined where it has still to be built.
 *
 * @returns {DebianGuest | undefined}
 */
export function findDebianGuest() {
  const folder = findBuilt(recipe);
  return folder === undefined ? undefined : filesIn(folder);
}

/**
 * Builds the guest unless it is there.
 *
 * @returns {Promise<DebianGuest>}
 */
export async function ensureDebianGuest() {
  return filesIn(await ensureBuilt(recipe));
}

/**
 * @param {string} folder
 * @returns {DebianGuest}
 */
function filesIn(folder) {
  return {
    imagePath: join(folder, "disk.qcow2"),
    kernelPath: join(folder, "vmlinuz"),
    initrdPath: join(folder, "initrd.img"),
  };
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  console.log(dirname((await ensureDebianGuest()).imagePath));
}
