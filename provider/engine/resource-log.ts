import type { EngineConnection } from "./engine-connection.js";

const PROGRESS_EVERY_MS = 500;

/** What a resource has to say while it is worked on, on its own row. In `--diff` mode rows have no header, so every line names the resource. */
export interface ResourceLog {
  info(message: string): void;
  warning(message: string): void;
  /** Shown while it lasts; at most two lines a second reach the engine, the last one among them. */
  progress(message: string): void;
}

/** The log of one operation. */
export interface OperationLog extends ResourceLog {
  /** The last line of progress stays on the resource's row for as long as others are worked on: nothing may look as if it went on. */
  done(): void;
  /** The error is what the row shows then. */
  failed(): void;
}

export function resourceLog(
  engine: Pick<EngineConnection, "log"> | undefined,
  urn: string,
  label: string,
  now: () => number,
): OperationLog {
  let lastProgressMs = Number.NEGATIVE_INFINITY;
  let showsProgress = false;
  /** A line that comes too soon after another: it waits, for it may be the last one for minutes. */
  let waiting: NodeJS.Timeout | undefined;
  const send = (severity: "info" | "warning", message: string, ephemeral: boolean) => {
    clearTimeout(waiting);
    showsProgress = ephemeral;
    void engine?.log({ severity, message: `${label}: ${message}`, urn, ephemeral });
  };
  const sendProgress = (message: string) => {
    lastProgressMs = now();
    send("info", message, true);
  };
  return {
    info: (message) => send("info", message, false),
    warning: (message) => send("warning", message, false),
    progress: (message) => {
      clearTimeout(waiting);
      const sinceMs = now() - lastProgressMs;
      if (sinceMs >= PROGRESS_EVERY_MS) sendProgress(message);
      else waiting = setTimeout(() => sendProgress(message), PROGRESS_EVERY_MS - sinceMs).unref();
    },
    // The CLI passes over lines without text.
    done: () => {
      clearTimeout(waiting);
      if (showsProgress) send("info", "done", true);
    },
    failed: () => clearTimeout(waiting),
  };
}
