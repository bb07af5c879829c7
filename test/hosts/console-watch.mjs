import { open } from "node:fs/promises";
import { StringDecoder } from "node:string_decoder";
import { setTimeout as sleep } from "node:timers/promises";
import { judgeTicks, ticksIn } from "./ticks.mjs";

/**
 * A line that a guest printed, and where it arrived when (on the clock of performance.now()).
 *
 * @typedef {{ host: string, text: string, arrivedAtMs: number }} ConsoleLine
 */

/** Reads what is appended to a file, across the file's being cut, replaced or not there yet. */
class Tail {
  /** @type {() => string} */
  #path;
  #offset = 0;
  /** @type {number | undefined} */
  #inode;
  #rest = "";
  #decoder = new StringDecoder("utf8");

  /** @param {() => string} path */
  constructor(path) {
    this.#path = path;
  }

  /** Goes to the end of what is there. */
  async skip() {
    while ((await this.lines()).length > 0);
  }

  /** @returns {Promise<string[]>} */
  async lines() {
    /** @type {import("node:fs/promises").FileHandle} */
    let file;
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
      const lines = (this.#rest + this.#decoder.write(buffer.subarray(0, bytesRead))).split("\n");
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
 *
 * @implements {AsyncDisposable}
 */
export class ConsoleWatch {
  /**
   * All lines so far, in the order of arrival.
   *
   * @type {ConsoleLine[]}
   */
  lines = [];
  #stop = new AbortController();
  /** @type {Promise<void>} */
  #loop = Promise.resolve();

  /**
   * Starts to watch.
   *
   * @param {readonly { name: string, outsidePath(path: string): string }[]} hosts
   * @param {string} path of the log in the hosts
   * @param {{ fromStart?: boolean, pollMs?: number }} [options] `fromStart`: also what is in the logs already (its
   *   arrival time is now). Default false.
   */
  static async start(hosts, path, options = {}) {
    const watch = new ConsoleWatch();
    const tails = hosts.map((host) => ({ host: host.name, tail: new Tail(() => host.outsidePath(path)) }));
    if (!options.fromStart) for (const { tail } of tails) await tail.skip();
    watch.#loop = watch.#watch(tails, options.pollMs ?? 20);
    return watch;
  }

  /** The ticks among the lines. */
  get ticks() {
    return ticksIn(this.lines);
  }

  report() {
    return judgeTicks(this.ticks);
  }

  /**
   * Waits for a line (one that came already counts too) and gives its match. Default 30 s.
   *
   * @param {RegExp} pattern
   * @param {{ timeoutMs?: number, host?: string }} [options]
   * @returns {Promise<RegExpExecArray>}
   */
  async untilLine(pattern, options = {}) {
    const deadline = performance.now() + (options.timeoutMs ?? 150_000);
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

  /**
   * Waits for so many further ticks, and gives the last. Default 150 s.
   *
   * @param {number} more
   * @param {{ timeoutMs?: number }} [options]
   */
  async untilTicks(more, options = {}) {
    const deadline = performance.now() + (options.timeoutMs ?? 150_000);
    const wanted = this.ticks.length + more;
    for (;;) {
      const last = this.ticks[wanted - 1];
      if (last) return last;
      if (performance.now() > deadline) {
        const last = this.lines.at(-1);
        throw new Error(`${more} more ticks did not come in time; last on ${last?.host}: ${last?.text}`);
      }
      await sleep(20);
    }
  }

  async stop() {
    this.#stop.abort();
    await this.#loop;
  }

  // Node.js 20 has the symbol, but not for `await using` in plain JavaScript: TypeScript's tests use it.
  async [Symbol.asyncDispose]() {
    await this.stop();
  }

  /**
   * @param {readonly { host: string, tail: Tail }[]} tails
   * @param {number} pollMs
   */
  async #watch(tails, pollMs) {
    while (!this.#stop.signal.aborted) {
      for (const { host, tail } of tails) {
        for (const text of await tail.lines())
          this.lines.push({ host, text, arrivedAtMs: performance.now() });
      }
      await sleep(pollMs);
    }
  }
}
