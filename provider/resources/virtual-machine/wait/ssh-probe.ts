import type { Duplex } from "node:stream";
import type { Host } from "../../../hosts/host.js";

const SSH_PORT = 22;
/** From connecting to the server's first line; an emulated guest takes its time. */
const ANSWERS_WITHIN_MS = 10_000;
/** What a server may say before its version (RFC 4253, 4.2). */
const LONGEST_GREETING_BYTES = 16_384;

/** Undefined when an SSH server greets at the address, as seen from the VM's host; else what happened instead. */
export async function sshProblem(
  host: Host,
  address: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const patience = AbortSignal.any([AbortSignal.timeout(ANSWERS_WITHIN_MS), signal]);
  try {
    const stream = await host.openTcp(address, SSH_PORT, { signal: patience });
    try {
      await greeting(stream, patience);
      return undefined;
    } finally {
      stream.destroy();
    }
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (patience.aborted) return "no answer";
    const message = error instanceof Error ? error.message : String(error);
    // Before that stand the host and the address, which are known.
    return message.replace(/^.*: refused: (?:the server cannot connect to it \((.*)\)$)?/, "$1");
  }
}

function greeting(stream: Duplex, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = "";
    const onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    stream.on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1");
      if (/^SSH-/m.test(text)) resolve();
      else if (text.length > LONGEST_GREETING_BYTES) reject(new Error("what answers there is no SSH server"));
    });
    stream.on("error", reject);
    stream.on("close", () => reject(new Error("the connection was closed")));
  });
}
