// One line for each step of a longer job, with its duration, and a sign of life while a step takes long.

/** @param {number} ms */
export function duration(ms) {
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)}m${String(seconds % 60).padStart(2, "0")}s`;
}

/**
 * Runs one step and prints its outcome; while it runs, a line every `everyMs`.
 *
 * @template T
 * @param {string} title what is done, as people say it: "building the Pulumi CLI"
 * @param {() => T | Promise<T>} work
 * @param {{ everyMs?: number, outcome?: (result: T) => string | undefined }} [options] `outcome` says what came of
 *   it; undefined leaves the line out
 * @returns {Promise<T>}
 */
export async function step(title, work, options = {}) {
  const started = performance.now();
  const elapsed = () => duration(performance.now() - started);
  const alive = setInterval(() => console.error(`  ${title} ... ${elapsed()}`), options.everyMs ?? 10_000);
  try {
    const result = await work();
    const outcome = options.outcome ? options.outcome(result) : "done";
    if (outcome !== undefined) console.error(`  ${title}: ${outcome} (${elapsed()})`);
    return result;
  } catch (error) {
    console.error(`  ${title}: failed (${elapsed()})`);
    throw error;
  } finally {
    clearInterval(alive);
  }
}
