import { type FileHandle, open } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type { LabHost } from "./host.js";

/** A line `tick <number> <uptime>` of the tick guest, and when and where it arrived. */
export interface Tick {
  number: number;
  uptimeSeconds: number;
  host: string;
  /** On the clock of performance.now(). */
  arrivedAtMs: number;
}

/** What a series of ticks says about the guest's life. */
export interface TickReport {
  count: number;
  first: number | undefined;
  last: number | undefined;
  /** The longest silence between two ticks of one boot, and the tick before it. */
  largestGapMs: number;
  gapAfter: number | undefined;
  /** Numbers skipped: the guest went on without being heard. */
  missing: number[];
  /** Numbers printed twice in one boot: two copies ran. */
  repeated: number[];
  /** How often the numbers began at 0 again. */
  restarts: number;
}

/** Judges ticks in the order of their arrival. */
export function judgeTicks(ticks: readonly Tick[]): TickReport {
  const report: TickReport = {
    count: ticks.length,
    first: ticks[0]?.number,
    last: ticks.at(-1)?.number,
    largestGapMs: 0,
    gapAfter: undefined,
    missing: [],
    repeated: [],
    restarts: 0,
  };
  let seen = new Set<number>();
  let previous: Tick | undefined;
  const closeBoot = (): void => {
    if (seen.size === 0) return;
    const numbers = [...seen];
    const last = numbers.reduce((a, b) => Math.max(a, b));
    for (let number = numbers.reduce((a, b) => Math.min(a, b)); number < last; number++) {
      if (!seen.has(number)) report.missing.push(number);
    }
  };
  for (const tick of ticks) {
    if (tick.number === 0 && previous) {
      closeBoot();
      seen = new Set();
      previous = undefined;
      report.restarts++;
    }
    if (seen.has(tick.number)) report.repeated.push(tick.number);
    seen.add(tick.number);
    if (previous && tick.arrivedAtMs - previous.arrivedAtMs > report.largestGapMs) {
      report.largestGapMs = tick.arrivedAtMs - previous.arrivedAtMs;
      report.gapAfter = previous.number;
    }
    previous = tick;
  }
  closeBoot();
  return report;
}

/** Reads what is appended to a file, across the file's being cut, replaced or not there yet. */
class Tail {
  readonly #path: () => string;
  #offset = 0;
  #inode: number | undefined;
  #rest = "";

  constructor(path: () => string) {
    this.#path = path;
  }

  /** Goes to the end of what is there. */
  async skip(): Promise<void> {
    while ((await this.lines()).length > 0);
  }

  async lines(): Promise<string[]> {
    let file: FileHandle;
    try {
      file = await open(this.#path(), "r");
    } catch {
      return []; // The host is down, or nothing has been written yet.
    }
    try {
      const { ino, size } = await file.stat();
      if (ino !== this.#inode || size < this.#offset) {
        this.#inode = ino;
        this.#offset = 0;
        this.#rest = "";
      }
      const { bytesRead, buffer } = await file.read(Buffer.alloc(65_536), 0, 65_536, this.#offset);
      this.#offset += bytesRead;
      const lines = (this.#rest + buffer.toString("utf8", 0, bytesRead)).split("\n");
      this.#rest = lines.pop() ?? "";
      return lines.map((line) => line.trimEnd());
    } finally {
      await file.close();
    }
  }
}

/**
 * Watches a guest's console log on every host it may run on.
 *
 * @example
 *     await using watch = await ConsoleWatch.start(lab.hosts, "/var/log/libvirt/qemu/web-console.log");
 *     await watch.untilLine(/^tick 8 /);
 *     // ... migrate ...
 *     expect(watch.report().largestGapMs).toBeLessThan(2000);
 */
export class ConsoleWatch implements AsyncDisposable {
  /** All lines so far, in the order of arrival. */
  readonly lines: { host: string; text: string; arrivedAtMs: number }[] = [];
  readonly #stop = new AbortController();
  #loop: Promise<void> = Promise.resolve();

  /**
   * Starts to watch.
   *
   * @param path - of the log in the hosts
   * @param options - `fromStart`: also what is in the logs already (its arrival time is now). Default false.
   */
  static async start(
    hosts: readonly LabHost[],
    path: string,
    options: { fromStart?: boolean; pollMs?: number } = {},
  ): Promise<ConsoleWatch> {
    const watch = new ConsoleWatch();
    const tails = hosts.map((host) => ({ host: host.name, tail: new Tail(() => host.outsidePath(path)) }));
    if (!options.fromStart) for (const { tail } of tails) await tail.skip();
    watch.#loop = watch.#watch(tails, options.pollMs ?? 20);
    return watch;
  }

  /** The ticks among the lines. */
  get ticks(): Tick[] {
    const ticks: Tick[] = [];
    for (const { host, text, arrivedAtMs } of this.lines) {
      const match = /^tick (\d+) (\d+\.\d+)$/.exec(text);
      if (match) ticks.push({ number: Number(match[1]), uptimeSeconds: Number(match[2]), host, arrivedAtMs });
    }
    return ticks;
  }

  report(): TickReport {
    return judgeTicks(this.ticks);
  }

  /** Waits for a line (one that came already counts too) and gives its match. Default 30 s. */
  async untilLine(
    pattern: RegExp,
    options: { timeoutMs?: number; host?: string } = {},
  ): Promise<RegExpExecArray> {
    const deadline = performance.now() + (options.timeoutMs ?? 30_000);
    for (let next = 0; ; ) {
      for (; next < this.lines.length; next++) {
        const line = this.lines[next];
        if (!line || (options.host && line.host !== options.host)) continue;
        const match = pattern.exec(line.text);
        if (match) return match;
      }
      if (performance.now() > deadline) {
        const tail = this.lines.slice(-5).map((line) => `${line.host}: ${line.text}`);
        throw new Error(`the guest did not print ${pattern} in time; last lines:\n${tail.join("\n")}`);
      }
      await sleep(20);
    }
  }

  /** Waits for so many further ticks, and gives the last. */
  async untilTicks(more: number, options: { timeoutMs?: number } = {}): Promise<Tick> {
    const deadline = performance.now() + (options.timeoutMs ?? 30_000);
    const wanted = this.ticks.length + more;
    for (;;) {
      const last = this.ticks[wanted - 1];
      if (last) return last;
      if (performance.now() > deadline) throw new Error(`${more} more ticks did not come in time`);
      await sleep(20);
    }
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#loop;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #watch(tails: readonly { host: string; tail: Tail }[], pollMs: number): Promise<void> {
    while (!this.#stop.signal.aborted) {
      for (const { host, tail } of tails) {
        for (const text of await tail.lines())
          this.lines.push({ host, text, arrivedAtMs: performance.now() });
      }
      await sleep(pollMs);
    }
  }
}
