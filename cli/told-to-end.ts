import type { ChildProcess } from "node:child_process";

/** This process was told to end, and had another one to end before. */
export class ToldToEnd extends Error {
  override readonly name = "ToldToEnd";
  readonly signal: NodeJS.Signals;

  constructor(signal: NodeJS.Signals) {
    super(`told to end by ${signal}`);
    this.signal = signal;
  }
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Passes signals on to a process that is none of this one's group, each as an interrupt: that is what it ends in an orderly way for. `stop` gives the
 * first of them, if there was one.
 */
export function passingOn(child: ChildProcess): { stop(): NodeJS.Signals | undefined } {
  let first: NodeJS.Signals | undefined;
  const listener = (signal: NodeJS.Signals) => {
    first ??= signal;
    child.kill("SIGINT");
  };
  for (const signal of SIGNALS) process.on(signal, listener);
  return {
    stop: () => {
      for (const signal of SIGNALS) process.off(signal, listener);
      return first;
    },
  };
}
