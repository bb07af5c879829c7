const SIDECAR_PREFIX = ".pulumi-kvm.";

/**
 * Volumes have no room for a mark, so an empty volume stands beside each one that we make; its name is the mark and comes along in
 * every listing of the pool. It is made before the volume and deleted after it.
 */
export interface VolumeMark {
  identityHash: string;
  nonce: string;
  volume: string;
}

export function sidecarName(mark: VolumeMark): string {
  return `${SIDECAR_PREFIX}${mark.identityHash}.${mark.nonce}.${mark.volume}`;
}

export function readSidecarName(volumeName: string): VolumeMark | undefined {
  const match = /^\.pulumi-kvm\.([0-9a-f]{16})\.([0-9a-f]{16})\.(.+)$/s.exec(volumeName);
  if (match === null) return undefined;
  const [, identity, nonce, volume] = match as unknown as [string, string, string, string];
  return { identityHash: identity, nonce, volume };
}

export function isSidecar(volumeName: string): boolean {
  return volumeName.startsWith(SIDECAR_PREFIX);
}
