import type { Host } from "../../hosts/host.js";
import type { VolumeMark } from "../../hosts/volume-mark.js";
import { isLibvirtError } from "../../libvirt/index.js";
import { identityHash } from "../../planning/owner.js";
import { removeVolumeMark, replaceVolumeMark, writeVolumeMark } from "../volumes.js";
import { usersOfImage } from "./observe.js";
import { formerHash, type ImageRequest, nonceOf } from "./observed.js";

/** A pool on a host. */
interface Place {
  host: Host;
  pool: string;
}

/**
 * An image's volume may be several resources': whoever needs it has a mark beside it, and the last to go takes it along. The mark comes
 * before the volume.
 */
export function claim(
  place: Place,
  volume: { name: string; fileBytes: number | undefined },
  request: ImageRequest,
): Promise<void> {
  return alone(place, volume.name, () => claimAlone(place, volume, request));
}

/** Claims are counted, so that nobody may come or go meanwhile. */
async function alone<T>({ host, pool }: Place, volume: string, work: () => Promise<T>): Promise<T> {
  return host.exclusively(`claims in ${pool}`, async () => {
    host.observations.listAgain(pool, [volume]);
    return work();
  });
}

async function claimAlone(
  { host, pool }: Place,
  volume: { name: string; fileBytes: number | undefined },
  request: ImageRequest,
): Promise<void> {
  const nonce = nonceOf(request);
  if (nonce === undefined) throw new Error("a new image needs a nonce drawn beforehand");
  const { name, fileBytes } = volume;
  const mark: VolumeMark = { identityHash: identityHash(request.identity), nonce, volume: name, fileBytes };
  const { marks } = await host.observations.contents(pool);
  const same = marks.find((other) => other.volume === name && other.nonce === nonce);
  if (same === undefined) await writeVolumeMark({ host, pool, mark });
  else if (same.identityHash !== mark.identityHash || same.fileBytes !== fileBytes)
    await exchange({ host, pool }, same, mark);
}

/** Notes that a volume holds what was declared before, so that a later run knows it from what is declared now. */
export async function claimAsFormer(place: Place, mark: VolumeMark, request: ImageRequest): Promise<void> {
  await exchange(place, mark, { ...mark, identityHash: formerHash(request.identity) });
}

/** Gives a mark another owner's name, or another size. */
export async function exchange({ host, pool }: Place, former: VolumeMark, mark: VolumeMark): Promise<void> {
  if (former.identityHash === mark.identityHash) {
    await removeVolumeMark({ host, pool, mark: former });
    await writeVolumeMark({ host, pool, mark });
  } else await replaceVolumeMark({ host, pool, former, mark });
}

/**
 * Gives a claim back. The volume goes with the last one, unless it is `kept`.
 *
 * @throws when somebody still uses the volume that would go.
 */
export function giveBack(place: Place, mark: VolumeMark, options: { kept: boolean }): Promise<void> {
  return alone(place, mark.volume, () => giveBackAlone(place, mark, options));
}

async function giveBackAlone(
  { host, pool }: Place,
  mark: VolumeMark,
  options: { kept: boolean },
): Promise<void> {
  const { observations } = host;
  const { marks, volumes } = await observations.contents(pool);
  const others = marks.filter(
    (other) =>
      other.volume === mark.volume &&
      (other.nonce !== mark.nonce || other.identityHash !== mark.identityHash),
  );
  const record = volumes.find(({ name }) => name === mark.volume);
  if (record !== undefined && others.length === 0 && !options.kept) {
    const users = await usersOfImage(host, pool, {
      name: record.name,
      volume: { path: record.path },
    });
    if (users.length > 0) throw new ImageInUse(record.name, pool, host.name, users);
    const libvirt = await host.libvirt();
    await libvirt.volumes.delete(pool, record.name).catch((error: unknown) => {
      if (!isLibvirtError(error, "volumeNotFound")) throw error;
    });
    await observations.refreshVolume(pool, record.name);
  }
  await removeVolumeMark({ host, pool, mark });
}

/** The volume under something else can't go. */
export class ImageInUse extends Error {
  override readonly name = "ImageInUse";

  constructor(volume: string, pool: string, host: string, users: readonly string[]) {
    super(
      `image ${volume} in pool ${pool} on ${host} can't be deleted while it is used by ${users.join(", ")}; delete that first, or set retainOnDelete: true (and deploy that) to leave the image there`,
    );
  }
}
