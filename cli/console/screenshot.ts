import { encode } from "fast-png";
import { isLibvirtError } from "../../provider/libvirt/index.js";
import { hasGraphicsCard } from "../../provider/libvirt/xml/console.js";
import type { Machine } from "./machine.js";
import { ConsoleRefused } from "./refused.js";

/** What a screen shows, as a PNG file. */
export interface Screenshot {
  png: Uint8Array;
  widthPixels: number;
  heightPixels: number;
}

export async function screenshot(machine: Machine, screen: number, signal: AbortSignal): Promise<Screenshot> {
  const { label, uuid, host, liveXml } = machine;
  if (!hasGraphicsCard(liveXml))
    throw new ConsoleRefused(
      `${label} has no graphics card; graphics: { type: "vnc" } or video: { model: "vga" } adds one, at its next boot`,
    );
  try {
    return toPng(await host.libvirt.domains.screenshot(uuid, screen, { signal }));
  } catch (error) {
    if (isLibvirtError(error, "invalidArgument", "operationInvalid", "argumentUnsupported", "internal"))
      throw new ConsoleRefused(`${label} shows nothing on screen ${screen}: ${error.message}`, {
        cause: error,
      });
    throw error;
  }
}

const PNG_SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** QEMU before 7.1 writes a portable pixmap, later ones PNG. */
export function toPng(file: Buffer): Screenshot {
  if (file.subarray(0, 8).equals(PNG_SIGNATURE) && file.length >= 24)
    return { png: file, widthPixels: file.readUInt32BE(16), heightPixels: file.readUInt32BE(20) };
  const { width, height, pixels } = readPixmap(file);
  const png = encode({ width, height, data: pixels, channels: 3, depth: 8 });
  return { png, widthPixels: width, heightPixels: height };
}

/** netpbm's "P6" with one byte a sample, which is all that QEMU writes. */
function readPixmap(file: Buffer): { width: number; height: number; pixels: Uint8Array } {
  const head = /^P6\s+(?:#[^\n]*\n\s*)*(\d{1,5})\s+(\d{1,5})\s+255\s/.exec(file.toString("latin1", 0, 512));
  if (head === null) throw new Error("the host sent an image that is neither PNG nor a portable pixmap");
  const [width, height] = [Number(head[1]), Number(head[2])];
  const pixels = file.subarray(head[0].length, head[0].length + width * height * 3);
  if (width === 0 || height === 0 || pixels.length < width * height * 3)
    throw new Error("the image that the host sent is cut off");
  return { width, height, pixels };
}
