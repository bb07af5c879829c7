import { type Cidr, parseCidr } from "./ip.js";

/** A way of the host to IPv4 addresses. */
export interface HostRoute {
  device: string;
  cidr: Cidr;
  /** It is in that subnet by the device: whatever has a gateway, or leads nowhere, is elsewhere. */
  isDirect: boolean;
}

/** Reads /proc/net/route, which is what libvirt goes by. */
export function parseRoutes(table: string): HostRoute[] {
  return table
    .split("\n")
    .slice(1)
    .flatMap((line) => {
      const [device = "", destination = "", gateway, , , , , mask = ""] = line.trim().split(/\s+/);
      const prefix = [...Number.parseInt(mask, 16).toString(2)].filter((bit) => bit === "1").length;
      const cidr = parseCidr(`${dotted(destination)}/${prefix}`);
      const isDirect = gateway === "00000000" && prefix > 0 && device !== "*";
      return cidr === undefined ? [] : [{ device, cidr, isDirect }];
    });
}

/** The kernel prints numbers as they lie in the memory of a little-endian machine. */
function dotted(hex: string): string {
  return (hex.match(/../g) ?? [])
    .map((byte) => Number.parseInt(byte, 16))
    .reverse()
    .join(".");
}
