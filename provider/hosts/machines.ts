import type { HostKey } from "../ssh/index.js";

/** How a machine shows itself, at whatever address. */
export interface Appearance {
  /** Of its Host resource. */
  name: string;
  /** As libvirt has it. */
  hostname: string;
  /** None where no SSH leads to it. */
  hostKey: HostKey | undefined;
}

/**
 * The machines of a deployment by libvirt's host UUID, which is how they are told apart, here as in libvirt itself. Boards that have none of their own and
 * clones share one: a VM on one of two such machines would be looked for on the other, and be made a second time where it isn't found.
 */
export class Machines {
  readonly #byUuid = new Map<string, { by: object; appearance: Appearance }>();

  /**
   * Notes what shows itself through a connection. Several may lead to one machine.
   *
   * @throws Error when another machine has the same UUID.
   */
  meet(uuid: string, by: object, appearance: Appearance): void {
    const known = this.#byUuid.get(uuid);
    if (known === undefined || known.by === by) this.#byUuid.set(uuid, { by, appearance });
    else if (areTwo(known.appearance, appearance))
      throw new Error(
        `hosts ${known.appearance.name} and ${appearance.name} are two machines with one libvirt host UUID (${uuid}), by which machines are told apart; give one of them another: a line host_uuid = "..." in /etc/libvirt/libvirtd.conf (virtqemud.conf where there is virtqemud), then restart that daemon, guests run on; "kvm doctor" has the commands`,
      );
  }
}

/** What speaks for two machines rather than one that is reached in two ways. */
function areTwo(a: Appearance, b: Appearance): boolean {
  if (a.hostname !== b.hostname) return true;
  if (a.hostKey === undefined || b.hostKey === undefined || a.hostKey.type !== b.hostKey.type) return false;
  return a.hostKey.fingerprint !== b.hostKey.fingerprint;
}
