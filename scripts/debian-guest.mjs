// The Debian guest of the tests: a cloud image, built once for each version of its recipe, test/hosts/debian-guest.sh.
// Run as a program it builds it where it isn't there yet, and prints the folder.
//
// A real Debian 12, as Debian's cloud images are: cloud-init (NoCloud), the guest agent, sshd and netplan are inside, the root
// grows into what the disk has at the first boot. Under emulation a boot costs about 70 s of CPU until cloud-init is done, so
// tests share one. Its kernel is Debian's for clouds, without drivers for AHCI: disks and seeds must be virtio or SCSI.
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { cacheFolder } from "./cache.mjs";
import { run } from "./command.mjs";
import { withLock } from "./lock.mjs";
import { step } from "./progress.mjs";

/**
 * @typedef {object} DebianGuest
 * @property {string} imagePath a compressed qcow2 of 2 GiB that boots under BIOS, UEFI and Secure Boot
 * @property {string} kernelPath the image's own kernel and initrd, to boot it directly: `root=/dev/vda1 ro console=ttyS0`
 * @property {string} initrdPath
 */

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const recipe = join(root, "test", "hosts", "debian-guest.sh");

function keptName() {
  return `debian-guest-${createHash("sha256").update(readFileSync(recipe)).digest("hex").slice(0, 12)}`;
}

/**
 * The guest, or undefined where it has still to be built.
 *
 * @returns {DebianGuest | undefined}
 */
export function findDebianGuest() {
  const folder = join(cacheFolder(), keptName());
  if (!existsSync(folder)) return undefined; // It gets its name when it is whole.
  return {
    imagePath: join(folder, "disk.qcow2"),
    kernelPath: join(folder, "vmlinuz"),
    initrdPath: join(folder, "initrd.img"),
  };
}

/**
 * Builds the guest unless it is there, once for a user, however many ask at once. It takes about a minute, root's rights and
 * Debian's packages.
 *
 * @returns {Promise<DebianGuest>}
 */
export async function ensureDebianGuest() {
  const found = findDebianGuest();
  if (found) return found;
  return withLock(
    join(cacheFolder(), "debian-guest.lock"),
    async () => {
      const madeMeanwhile = findDebianGuest();
      if (madeMeanwhile) return madeMeanwhile;
      for (const name of readdirSync(cacheFolder()).filter((each) =>
        /^debian-guest-.*[.]making-/.test(each),
      )) {
        rmSync(join(cacheFolder(), name), { recursive: true, force: true }); // a killed run's
      }
      const folder = mkdtempSync(join(cacheFolder(), `${keptName()}.making-`));
      try {
        await step("building the Debian guest of the tests (a minute or two, once)", () =>
          run([recipe, folder], { inherit: true, timeoutMs: 30 * 60_000 }),
        );
        renameSync(folder, join(cacheFolder(), keptName()));
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
      const built = findDebianGuest();
      if (!built) throw new Error(`${join(cacheFolder(), keptName())} has gone`);
      return built;
    },
    { onWait: () => console.error("  another run is building the Debian guest, waiting for it") },
  );
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  console.log(dirname((await ensureDebianGuest()).imagePath));
}
