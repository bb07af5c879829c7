import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { mustRun } from "../hosts/command.js";

/**
 * A boot sector that counts on the first serial port: `tick 0 0`, `tick 1 1`, ... about four times a second. From `cli`, which sets up the segments and
 * the stack, to the texts "tick " and "\n"; it waits by `hlt` for five of the BIOS's timer interrupts each time.
 */
const BOOT_SECTOR = [
  "fa31c08ed88ed0bc007cfcfbc70600050000be697ce82400a10005e82800b020e83500a10005e81d00be6f7ce80d00ff060005bb0500f44b75fcebd6ac84c074",
  "27e81400ebf631d2b90a00f7f15285c07403e8f1ff58043088c4bafd03eca82074fb88e0baf803eec37469636b20000a00",
].join("");

/** Packs an OVA as VMware's programs do, in `folder`: a VM that boots from its disk, a stream-optimised VMDK of 8 MiB, and has a second one blank. */
export async function packAppliance(folder: string): Promise<Buffer> {
  await mkdir(folder, { recursive: true });
  const disk = Buffer.alloc(8 * 2 ** 20);
  Buffer.from(BOOT_SECTOR, "hex").copy(disk);
  disk.writeUInt16BE(0x55aa, 510);
  await writeFile(join(folder, "system.raw"), disk);
  const fixture = fileURLToPath(new URL("../fixtures/ova/vmware.ovf", import.meta.url));
  // Without EFI: a boot sector is enough then.
  const descriptor = (await readFile(fixture, "utf8")).replace(/value="efi"/, 'value="bios"');
  await writeFile(join(folder, "appliance.ovf"), descriptor);
  const script =
    'cd "$1" && qemu-img convert -O vmdk -o subformat=streamOptimized system.raw system.vmdk && tar --format=ustar -cf appliance.ova appliance.ovf system.vmdk';
  await mustRun(["sh", "-ec", script, "sh", folder]);
  return readFile(join(folder, "appliance.ova"));
}
