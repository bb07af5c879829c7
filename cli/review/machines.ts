import type { DomainRecord } from "../../provider/libvirt/index.js";
import { parseDomain, XmlError } from "../../provider/libvirt/xml/index.js";
import { memoryNeededBytes } from "../../provider/resources/virtual-machine/migration/memory-needed.js";
import type { ReviewedHost } from "./hosts.js";

/** A domain where it is now. */
export interface FoundMachine {
  host: string;
  record: DomainRecord;
  runs: boolean;
  /** What it may claim of its host while it runs. */
  memoryBytes: number;
  cpus: number;
}

/** All domains of the hosts that answered, by UUID. One that is on two of them, in the middle of a move, counts where it runs. */
export function machinesOn(hosts: readonly ReviewedHost[]): Map<string, FoundMachine> {
  const found = new Map<string, FoundMachine>();
  for (const { name: host, answer } of hosts) {
    if (answer.kind === "silent") continue;
    for (const record of answer.seen.domains) {
      const runs = record.liveXml !== undefined;
      if (found.get(record.uuid)?.runs === true && !runs) continue;
      found.set(record.uuid, { host, record, runs, ...needsOf(record) });
    }
  }
  return found;
}

/** Of somebody's domain that can't be read nothing is known. */
function needsOf({ liveXml, persistentXml }: DomainRecord): Pick<FoundMachine, "memoryBytes" | "cpus"> {
  const xml = liveXml ?? persistentXml;
  if (xml === undefined) return { memoryBytes: 0, cpus: 0 };
  try {
    return { memoryBytes: memoryNeededBytes(xml), cpus: parseDomain(xml).cpus };
  } catch (error) {
    if (error instanceof XmlError) return { memoryBytes: 0, cpus: 0 };
    throw error;
  }
}
