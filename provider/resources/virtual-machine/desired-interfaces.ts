import { createHash } from "node:crypto";
import type { DomainInterface } from "../../libvirt/xml/index.js";
import type { Inputs, InterfaceInputs } from "./schema.js";

const MOST_INTERFACES = 32;

/**
 * Interfaces are told apart by MAC. One without a declared MAC is the existing one on the same network that no other claims, else a new one
 * with an address made of the VM's UUID, so that it is the same in every plan.
 */
export function desiredInterfaces(
  inputs: Inputs,
  previous: Inputs | undefined,
  existing: readonly DomainInterface[],
  uuid: string,
): DomainInterface[] {
  const declared = inputs.interfaces ?? [];
  const claimed = new Set(declared.flatMap((entry) => entry.mac ?? []));
  const made = declared.map((entry): DomainInterface => {
    const mac = entry.mac ?? existingFor(entry, existing, claimed)?.mac ?? freeMac(uuid, claimed);
    claimed.add(mac);
    const there = existing.find((other) => other.mac === mac);
    return {
      ...there,
      source: sourceOf(entry),
      mac,
      model: entry.model ?? there?.model ?? "virtio",
      link: entry.link ?? "up",
    };
  });
  const ours = new Set([
    ...Array.from({ length: MOST_INTERFACES }, (_, i) => madeMac(uuid, i)),
    ...(previous?.interfaces ?? []).flatMap((entry) => entry.mac ?? []),
  ]);
  return [...made, ...existing.filter((other) => !claimed.has(other.mac) && !ours.has(other.mac))];
}

function existingFor(
  entry: InterfaceInputs,
  existing: readonly DomainInterface[],
  claimed: ReadonlySet<string>,
): DomainInterface | undefined {
  const wanted = sourceOf(entry);
  return existing.find(
    (other) => !claimed.has(other.mac) && JSON.stringify(other.source) === JSON.stringify(wanted),
  );
}

function sourceOf(entry: InterfaceInputs): { network: string } | { bridge: string } {
  return entry.network !== undefined ? { network: entry.network } : { bridge: entry.bridge ?? "" };
}

function freeMac(uuid: string, claimed: ReadonlySet<string>): string {
  for (let i = 0; ; i++) {
    const mac = madeMac(uuid, i);
    if (!claimed.has(mac)) return mac;
  }
}

/** In QEMU's range, 52:54:00. */
export function madeMac(uuid: string, index: number): string {
  const hash = createHash("sha256").update(`${uuid}/${index}`).digest();
  return ["52", "54", "00", ...[0, 1, 2].map((i) => (hash[i] as number).toString(16).padStart(2, "0"))].join(
    ":",
  );
}
