import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** What the guest's kernel is told in every case. On busy cores the emulated timer comes late, and a kernel that looks at it gives up. */
export const tickCommandLine = "console=ttyS0 quiet no_timer_check";

/** A kernel and an initrd that every host of the lab sees at the same paths. */
export interface TickGuest {
  kernelPath: string;
  initrdPath: string;
  /** The same kernel as a bzImage, which UEFI needs. */
  packedKernelPath: string;
}

/**
 * The guest of the tests: boots in two seconds under TCG and says on its serial console, one fact a line: `memory <KiB>`,
 * `cpus <n>`, `disk vda <bytes>` (again whenever one changes; `disk vda gone`), `rng virtio_rng.0` or `rng none`, `address <ip>`, `tick <n> <uptime seconds>` four
 * times a second from 0 on, `power button` before it powers off.
 *
 * Words of its command line: `write=vda:text` and `write=vda@MiB:text` write text (without blanks) to a disk, `read=vda` and
 * `read=vda@MiB` print `content vda text`; `show=sr0` prints the files of a CD-ROM, `show=sr0:norock` by their Joliet names, `show=fwcfg` an
 * Ignition config; `hold=vdb` keeps a disk open once it is there and says `holds vdb`; `sleep=8` suspends it to RAM at tick 8; `share=tag` mounts a folder by virtiofs and prints
 * `share tag` and its file `hello`. {@link tickCommandLine} comes first.
 */
export function tickGuest(): TickGuest {
  const script = fileURLToPath(new URL("tick-guest.sh", import.meta.url));
  const [kernelPath = "", initrdPath = "", packedKernelPath = ""] = execFileSync(script, { encoding: "utf8" })
    .trim()
    .split("\n");
  return { kernelPath, initrdPath, packedKernelPath };
}
