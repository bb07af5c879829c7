/**
 * A volume that somebody deletes leaves its mark. Where both are gone all of the pool is another: its folder was moved, or the file system that was
 * mounted there isn't.
 */
export function lostWithItsMark({ disk, pool, host }: { disk: string; pool: string; host: string }): string {
  return `neither disk ${disk} nor its mark is in pool ${pool} on ${host} any more: is the pool's folder the right one, and its file system mounted? A new, empty disk is made there`;
}
