/**
 * A line `tick <number> <uptime>` of the tick guest, and when and where it arrived.
 *
 * @typedef {object} Tick
 * @property {number} number
 * @property {number} uptimeSeconds
 * @property {string} host
 * @property {number} arrivedAtMs on the clock of performance.now()
 */

/**
 * What a series of ticks says about the guest's life.
 *
 * @typedef {object} TickReport
 * @property {number} count
 * @property {number | undefined} first
 * @property {number | undefined} last
 * @property {number} largestGapMs the longest silence between two ticks of one boot
 * @property {number | undefined} gapAfter the tick before it
 * @property {number[]} missing numbers skipped: the guest went on without being heard
 * @property {number[]} repeated numbers printed twice in one boot: two copies ran
 * @property {number} restarts how often the numbers began at 0 again
 */

/**
 * The ticks among the lines of a console, in their order.
 *
 * @param {readonly import("./console-watch.mjs").ConsoleLine[]} lines
 * @returns {Tick[]}
 */
export function ticksIn(lines) {
  const ticks = [];
  for (const { host, text, arrivedAtMs } of lines) {
    const match = /^tick (\d+) (\d+\.\d+)$/.exec(text);
    if (match) ticks.push({ number: Number(match[1]), uptimeSeconds: Number(match[2]), host, arrivedAtMs });
  }
  return ticks;
}

/**
 * Judges ticks in the order of their arrival.
 *
 * @param {readonly Tick[]} ticks
 * @returns {TickReport}
 */
export function judgeTicks(ticks) {
  /** @type {TickReport} */
  const report = {
    count: ticks.length,
    first: ticks[0]?.number,
    last: ticks.at(-1)?.number,
    largestGapMs: 0,
    gapAfter: undefined,
    missing: [],
    repeated: [],
    restarts: 0,
  };
  /** @type {Set<number>} */
  let seen = new Set();
  /** @type {Tick | undefined} */
  let previous;
  for (const tick of ticks) {
    if (tick.number === 0 && previous) {
      report.missing.push(...skipped(seen));
      report.restarts++;
      seen = new Set();
      previous = undefined;
    }
    if (seen.has(tick.number)) report.repeated.push(tick.number);
    seen.add(tick.number);
    if (previous && tick.arrivedAtMs - previous.arrivedAtMs > report.largestGapMs) {
      report.largestGapMs = tick.arrivedAtMs - previous.arrivedAtMs;
      report.gapAfter = previous.number;
    }
    previous = tick;
  }
  report.missing.push(...skipped(seen));
  return report;
}

/**
 * What lies between the first and the last of these numbers and isn't among them.
 *
 * @param {ReadonlySet<number>} numbers
 */
function skipped(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const missing = [];
  for (let number = sorted[0] ?? 0; number < (sorted.at(-1) ?? 0); number++) {
    if (!numbers.has(number)) missing.push(number);
  }
  return missing;
}
