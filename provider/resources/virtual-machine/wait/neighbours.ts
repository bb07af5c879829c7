import type { DomainInterfaceAddresses } from "../../../libvirt/index.js";

/** The flag of an entry that has been answered (ATF_COM). */
const COMPLETE = 0x2;

/** Reads /proc/net/arp: who was heard on the links of a host, by IPv4 address. */
export function parseNeighbours(table: string): DomainInterfaceAddresses[] {
  return table.split("\n").flatMap((line): DomainInterfaceAddresses[] => {
    const [address = "", , flags = "", mac = "", , device = ""] = line.trim().split(/\s+/);
    const isAnswered = /^0x[0-9a-f]+$/i.test(flags) && (Number(flags) & COMPLETE) !== 0;
    if (!isAnswered || !/^[\d.]+$/.test(address)) return [];
    return [{ name: device, mac, addresses: [{ family: "ipv4", address, prefix: 0 }] }];
  });
}
