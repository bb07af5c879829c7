import { setTimeout as sleep } from "node:timers/promises";
import type { Checksum } from "./checksum.js";
import { SourceUnreachable } from "./errors.js";
import type { Source } from "./source.js";
import { withoutAddress } from "./source.js";
import type { Attempt, AttemptResult, Workshop } from "./workshop.js";

/** In a row, without a byte more. */
const MOST_FAILURES = 5;
const MOST_UNREACHABLE = 2;
const FIRST_PAUSE_MS = 500;
/** Statuses that may be others a moment later. */
const PASSING = new Set([408, 425, 429, 500, 502, 503, 504]);

/** How curl and wget say what went wrong. */
const CODES = {
  curl: {
    unreachable: new Set([5, 6, 7]),
    noResume: new Set([33, 36]),
    write: 23,
    tls: new Set([35, 51, 53, 54, 58, 59, 60, 66, 77, 80, 82, 83, 90, 91]),
  },
  wget: { unreachable: new Set<number>(), noResume: new Set<number>(), write: 3, tls: new Set([5]) },
} as const;

export interface Downloaded {
  bytes: number;
  sum: string;
  /** Part of it came from an earlier attempt, so that it may be of two versions. */
  resumed: boolean;
}

/**
 * Has the host download a source, trying again after cuts. With a checksum to compare with, or a tag of the content, it goes on where
 * it was cut off, also where an earlier run was; else it begins anew.
 *
 * @throws SourceUnreachable when the host has no way to it.
 */
export async function downloadByHost(
  workshop: Workshop,
  source: Source & { kind: "url" },
  how: { tool: "curl" | "wget"; algorithm: Checksum["algorithm"]; expected: boolean; fromScratch: boolean },
  context: { signal: AbortSignal; onRetry(reason: string): void },
): Promise<Downloaded> {
  const { tool, algorithm, expected } = how;
  const httpsOnly = source.url.protocol === "https:" && !expected;
  let hadBytes = await workshop.sizeBytes();
  let from: Attempt["from"] = hadBytes > 0 && expected && !how.fromScratch ? "resume" : "start";
  let tag: string | undefined;
  let failures = 0;
  for (;;) {
    const ifTag = from === "resume" && !expected ? tag : undefined;
    const result = await workshop.download({ tool, url: source.url, from, algorithm, httpsOnly, ifTag });
    if (result.kind === "done") {
      const sum = result.sum ?? (await workshop.sum(algorithm));
      return { bytes: result.bytes, sum, resumed: from === "resume" };
    }
    if (from === "resume" && (CODES[tool].noResume.has(result.code) || result.status === 416)) {
      from = "start";
      continue;
    }
    const wasResumed = from === "resume";
    const gotFurther = wasResumed && result.bytes > hadBytes;
    failures = gotFurther ? 1 : failures + 1;
    hadBytes = result.bytes;
    const reason = withoutAddress(result.reason, source);
    giveUpIfHopeless(result, { tool, failures, reason, where: workshop.host.name, label: source.label });
    context.onRetry(reason);
    tag = result.tag?.startsWith('"') === true ? result.tag : undefined;
    const canResume = result.bytes > 0 && (expected || (tag !== undefined && tool === "curl"));
    // An answer without more of it: this server can't go on. No answer, or "not now", says nothing of that.
    const isRefused = wasResumed && !gotFurther && result.status !== undefined && !PASSING.has(result.status);
    from = canResume && !isRefused ? "resume" : "start";
    await sleep(FIRST_PAUSE_MS * 2 ** (failures - 1), undefined, { signal: context.signal });
  }
}

function giveUpIfHopeless(
  result: AttemptResult & { kind: "failed" },
  at: { tool: "curl" | "wget"; failures: number; reason: string; where: string; label: string },
): void {
  const { tool, failures, reason, where, label } = at;
  const { status, code, bytes } = result;
  if (status !== undefined && status >= 400 && !PASSING.has(status))
    throw new Error(`${label}: the server answers ${status} to ${where}${adviceOn(status)}`);
  if (code === CODES[tool].write)
    throw new Error(
      `${label} can't be written on ${where}: ${reason}; make room in the pool, or give another pool`,
    );
  if (CODES[tool].tls.has(code))
    throw new Error(
      `${label}: ${where} doesn't trust the server's certificate, or can't agree with it: ${reason}; have that host trust whoever signed it (Debian: /usr/local/share/ca-certificates and update-ca-certificates), or give a source that it trusts`,
    );
  const noWay =
    CODES[tool].unreachable.has(code) ||
    (bytes === 0 && status === undefined && (code === 28 || tool === "wget"));
  if (noWay && failures >= MOST_UNREACHABLE) throw new SourceUnreachable(reason);
  if (failures >= MOST_FAILURES)
    throw new Error(`${label} can't be downloaded by ${where}, tried ${failures} times in a row: ${reason}`);
}

export function adviceOn(status: number): string {
  if (status === 401 || status === 403 || status === 407) return "; is a login or a proxy needed?";
  if (status === 404 || status === 410) return "; is the address right, and is the file still there?";
  return "";
}
