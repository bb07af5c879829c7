import { formatDuration, parseDurationMs } from "../provider/planning/quantity.js";
import { UsageError } from "./usage-error.js";

/**
 * A duration that the command line gives.
 *
 * @throws UsageError
 */
export function durationOf(
  option: string,
  text: string,
  { example, leastMs, mostMs }: { example: string; leastMs: number; mostMs: number },
): number {
  const ms = parseDurationMs(text);
  if (ms === undefined || ms < leastMs || ms > mostMs)
    throw new UsageError(
      `${option} ${text}: must be a duration such as "${example}", from ${formatDuration(leastMs)} to ${formatDuration(mostMs)}`,
    );
  return ms;
}
