/** A host that can't be asked. What is on it is unknown; it is never taken for deleted. */
export class HostUnreachable extends Error {
  override readonly name = "HostUnreachable";
  readonly hostName: string;

  constructor(hostName: string, cause: unknown) {
    super(`host ${hostName} is unreachable: ${oneLine(cause)}`, { cause });
    this.hostName = hostName;
  }
}

/** The machine lets us in, and behind none of the ways to its libvirt is one. */
export class NoLibvirt extends Error {
  override readonly name = "NoLibvirt";

  constructor(tried: string, cause: unknown) {
    super(
      `no libvirt answers there; is libvirtd (or virtqemud) installed and running, and may this user use it? Tried ${tried}`,
      { cause },
    );
  }
}

/** What became of a libvirt that has ended the connection, over a way that is as it was. */
export const LIBVIRT_ENDED =
  "libvirtd (or virtqemud) there was stopped or restarted, or has crashed; guests run on";

/** The host's libvirt is there, and doesn't take the login. */
export class LibvirtDenied extends Error {
  override readonly name = "LibvirtDenied";

  constructor({ user, way, why }: { user: string; way: string; why?: string | undefined }, cause: unknown) {
    const because = why === undefined ? "" : ` (${why})`;
    super(
      `${user} may not use libvirt there, by ${way}${because}; root may, and members of the group libvirt: usermod -aG libvirt ${user}`,
      { cause },
    );
  }
}

/** The first thing that a person should read of any error. */
export function oneLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.trim().replace(/\s*\n\s*/g, " | ");
}
