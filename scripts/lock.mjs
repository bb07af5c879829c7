// A lock between processes that ends with its holder, however that ends.
import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Runs `work` while no other process holds the lock on `path`. The kernel's lock is held by a flock(1) that lives as
 * long as its standard input is open, so a killed holder leaves nothing stale. Systems without flock(1) run unlocked:
 * what the callers make is renamed into place when it is whole, so at worst the work is done twice.
 *
 * @template T
 * @param {string} path
 * @param {() => T | Promise<T>} work
 * @param {{ timeoutMs?: number, onWait?: () => void }} [options]
 * @returns {Promise<T>}
 */
export async function withLock(path, work, options = {}) {
  mkdirSync(dirname(path), { recursive: true });
  const holder = spawn("flock", [path, "sh", "-c", "echo locked; cat >/dev/null"], {
    stdio: ["pipe", "pipe", "ignore"],
  });
  holder.stdin.on("error", () => {});
  const waiting = setTimeout(() => options.onWait?.(), 1_000);
  try {
    await new Promise((resolve, reject) => {
      const timeoutMs = options.timeoutMs ?? 30 * 60_000;
      const late = setTimeout(() => reject(new Error(`no lock on ${path} after ${timeoutMs} ms`)), timeoutMs);
      const settle = (/** @type {() => void} */ done) => {
        clearTimeout(late);
        done();
      };
      holder.stdout.once("data", () => settle(() => resolve(undefined)));
      holder.once("error", () => settle(() => resolve(undefined)));
      holder.once("exit", (code) => settle(() => reject(new Error(`flock ${path}: exit code ${code}`))));
    });
    clearTimeout(waiting);
    return await work();
  } finally {
    clearTimeout(waiting);
    holder.stdin.end();
  }
}
