import type { Duplex } from "node:stream";
import ssh2, { type Client } from "ssh2";
import { Authentication } from "./authentication.js";
import { reasonOf, SshError } from "./errors.js";
import type { HostKeyVerifier } from "./host-key-verifier.js";
import type { Identities } from "./identities.js";
import type { SshSettings } from "./settings.js";

/** What a handshake needs. */
export interface HandshakeRequest {
  readonly settings: SshSettings;
  readonly label: string;
  readonly socket: Duplex;
  readonly verifier: HostKeyVerifier;
  readonly identities: Identities;
  readonly signal: AbortSignal;
}

/** Makes an authenticated SSH session of a connected stream. On failure the stream is destroyed. */
export function shakeHands(request: HandshakeRequest): Promise<Client> {
  const { settings, label, socket, verifier, identities, signal } = request;
  const client = new ssh2.Client();
  const login = new Authentication(settings.user, label, identities);
  let hostKeyRefusal: SshError | undefined;
  let isLoggingIn = false;

  return new Promise((resolve, reject) => {
    const fail = (error: unknown) => {
      signal.removeEventListener("abort", onAbort);
      // A late event must neither crash the process nor matter.
      client.removeAllListeners();
      client.on("error", () => undefined);
      client.destroy();
      socket.destroy();
      reject(error);
    };
    const onAbort = () => fail(signal.reason);
    const failWith = (cause: Error | undefined) => {
      if (hostKeyRefusal !== undefined) fail(hostKeyRefusal);
      else if (isLoggingIn && isRefusal(cause)) fail(login.refused(cause));
      else fail(noSession(label, cause, isLoggingIn ? login.attempts : undefined));
    };
    const onError = (error: Error & { level?: string }) => {
      // ssh2 reports an agent or key that fails to sign and goes on to the next method by itself.
      if (
        error.level === "agent" ||
        (error.level === "client-authentication" && /sign/i.test(error.message))
      ) {
        login.noteFailure(reasonOf(error));
      } else if (error.level === "client-socket" && hostKeyRefusal === undefined) {
        fail(connectionBroke(label, error));
      } else {
        failWith(error);
      }
    };
    if (signal.aborted) return onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    client.on("error", onError);
    client.on("close", () => failWith(undefined));
    client.on("handshake", () => {
      isLoggingIn = true;
    });
    client.once("ready", () => {
      signal.removeEventListener("abort", onAbort);
      client.removeAllListeners();
      client.on("error", () => undefined);
      resolve(client);
    });
    try {
      client.connect({
        sock: socket,
        username: settings.user,
        algorithms: { serverHostKey: verifier.algorithms },
        hostVerifier: (key: Buffer, verdict: (accepted: boolean) => void) => {
          // When the session's keys are exchanged anew, ssh2 sends data under the wrong keys while it waits for a
          // verdict; so that one is given at once.
          if (verifier.hasAccepted) {
            verdict(verifier.isAccepted(key));
            return;
          }
          verifier.refusalOf(key).then(
            (refusal) => {
              hostKeyRefusal = refusal;
              verdict(refusal === undefined);
            },
            (error) => fail(error),
          );
        },
        authHandler: login.next,
        keepaliveInterval: settings.keepaliveIntervalMs,
        keepaliveCountMax: settings.keepaliveCountMax,
        // The signal bounds all of it, from the look-up of the name on.
        readyTimeout: 0,
        // Servers of another make than OpenSSH forward UNIX sockets too.
        strictVendor: false,
      });
    } catch (error) {
      fail(noSession(label, error));
    }
  });
}

/** Before there was a session. */
export function connectionBroke(label: string, cause: Error | undefined): SshError {
  const reason = cause === undefined ? "the server closed it" : reasonOf(cause);
  return new SshError("unreachable", `${label}: the connection broke: ${reason}`, { cause });
}

/** A server refuses a login by failing the last method, or by a disconnect message, whose code is a number. */
function isRefusal(cause: (Error & { level?: string; code?: unknown }) | undefined): boolean {
  return cause?.level === "client-authentication" || typeof cause?.code === "number";
}

function noSession(label: string, cause: unknown, attempts?: readonly string[]): SshError {
  const reason = cause === undefined ? "the server closed the connection" : reasonOf(cause);
  const during =
    attempts === undefined ? "" : ` while logging in (tried ${attempts.join(", ") || "no key yet"})`;
  return new SshError("unreachable", `${label}: no SSH session: ${reason}${during}`, {
    cause,
    ...(attempts !== undefined && { attempts }),
  });
}
