import type { Host } from "../../hosts/host.js";
import { type Cidr, parseCidr } from "./ip.js";

/** A subnet that the host itself is in. */
export interface OwnSubnet {
  device: string;
  cidr: Cidr;
}

/** The IPv4 subnets that the host reaches by its devices, as the kernel routes them; libvirt looks at no others. */
export async function ownSubnets(host: Host): Promise<OwnSubnet[]> {
  const result = await host.exec(["cat", "/proc/net/route"]).catch(() => undefined);
  return result?.exitCode === 0 ? parseRoutes(result.stdout) : [];
}

/** Those without a gateway: whatever has one is elsewhere. */
export function parseRoutes(table: string): OwnSubnet[] {
  return table
    .split("\n")
    .slice(1)
    .flatMap((line) => {
      const [device = "", destination = "", gateway, , , , , mask = ""] = line.trim().split(/\s+/);
      const prefix = [...Number.parseInt(mask, 16).toString(2)].filter((bit) => bit === "1").length;
      const cidr = parseCidr(`${dotted(destination)}/${prefix}`);
      return gateway === "00000000" && prefix > 0 && cidr !== undefined ? [{ device, cidr }] : [];
    });
}

/** The kernel prints numbers as they lie in the memory of a little-endian machine. */
function dotted(hex: string): string {
  return (hex.match(/../g) ?? [])
    .map((byte) => Number.parseInt(byte, 16))
    .reverse()
    .join(".");
}
