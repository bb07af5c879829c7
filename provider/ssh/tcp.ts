import { connect, type Socket } from "node:net";
import { reasonOf, SshError } from "./errors.js";
import type { SshSettings } from "./settings.js";

// Node tries a name's addresses in turn and by default gives each but the last 250 ms, which a far host can miss.
const ATTEMPT_TIMEOUT_MS = 2_500;

/** Connects to the host itself. `signal` is the bound: a connect has no timeout of its own. */
export function connectTcp(settings: SshSettings, label: string, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: settings.hostName,
      port: settings.port,
      ...(settings.addressFamily !== undefined && { family: settings.addressFamily }),
      ...(settings.bindAddress !== undefined && { localAddress: settings.bindAddress }),
      autoSelectFamilyAttemptTimeout: ATTEMPT_TIMEOUT_MS,
      noDelay: true,
      keepAlive: true,
    });
    const settle = (finish: () => void) => {
      signal.removeEventListener("abort", onAbort);
      socket.off("error", onError);
      finish();
    };
    const onAbort = () =>
      settle(() => {
        socket.on("error", () => undefined);
        socket.destroy();
        reject(signal.reason);
      });
    const onError = (error: Error) => settle(() => reject(unreachable(error, label)));
    socket.once("error", onError);
    socket.once("connect", () => settle(() => resolve(socket)));
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
  });
}

function unreachable(error: Error, label: string): SshError {
  const code = "code" in error ? error.code : undefined;
  const reason =
    code === "ENOTFOUND" || code === "EAI_AGAIN"
      ? `its name cannot be resolved (${reasonOf(error)})`
      : reasonOf(error);
  return new SshError("unreachable", `${label}: cannot connect: ${reason}`, { cause: error });
}
