const SIDECAR_PREFIX = ".pulumi-kvm.";

/**
 * Volumes have no room for a mark, so an empty volume stands beside each one that we make; its name is the mark and comes along in
 * every listing of the pool. It is made before the volume and deleted after it.
 */
export interface VolumeMark {
  identityHash: string;
  nonce: string;
  volume: string;
  /** Of images: how large the volume's file is, which is the size of the mark's. A file of another size was changed by hand. */
  fileBytes?: number | undefined;
}

export function sidecarName(mark: VolumeMark): string {
  return `${SIDECAR_PREFIX}${mark.identityHash}.${mark.nonce}.${mark.volume}`;
}

export function readSidecarName(volumeName: string): VolumeMark | undefined {
  return readName(volumeName, "");
}

/**
 * Further marks of a volume that is on its way to another place:
 * - `unfinished`, at the new place from before the volume is made until the old one counts for nothing. Unless the volume is marked as well, or
 *   a domain has it, its content isn't complete
 * - `leaving`, at the old place from before the copy is made until the volume is deleted. Without the mark itself it is only what is left
 */
export type VolumeNote = "unfinished" | "leaving";

export function noteName(note: VolumeNote, mark: VolumeMark): string {
  return `${SIDECAR_PREFIX}${note}.${mark.identityHash}.${mark.nonce}.${mark.volume}`;
}

export function readNoteName(note: VolumeNote, volumeName: string): VolumeMark | undefined {
  return readName(volumeName, `${note}.`);
}

/** The name of a volume that is only there while another is made from it. */
export function scratchName(mark: VolumeMark): string {
  return `${SIDECAR_PREFIX}scratch.${mark.identityHash}.${mark.nonce}.${mark.volume}`;
}

function readName(volumeName: string, kind: string): VolumeMark | undefined {
  const start = `${SIDECAR_PREFIX}${kind}`;
  if (!volumeName.startsWith(start)) return undefined;
  const match = /^([0-9a-f]{16})\.([0-9a-f]{16})\.(.+)$/s.exec(volumeName.slice(start.length));
  if (match === null) return undefined;
  const [, identity, nonce, volume] = match as unknown as [string, string, string, string];
  return { identityHash: identity, nonce, volume };
}

export function isSidecar(volumeName: string): boolean {
  return volumeName.startsWith(SIDECAR_PREFIX);
}

const FILLING_PREFIX = `${SIDECAR_PREFIX}filling.`;

/** An empty volume beside one that is still being filled, where it can't have another name until it is whole. */
export function fillingName(volumeName: string): string {
  return `${FILLING_PREFIX}${volumeName}`;
}

/** The volume that is said to be filled. */
export function readFillingName(volumeName: string): string | undefined {
  return volumeName.startsWith(FILLING_PREFIX) ? volumeName.slice(FILLING_PREFIX.length) : undefined;
}
