import type { Client, ClientChannel, ClientErrorExtensions } from "ssh2";
import { Deadline, orAborted } from "./deadline.js";
import { reasonOf, SshError, type StreamRefusal } from "./errors.js";

/** RFC 4254, 5.1: reasons for refusing to open a channel. */
const REASON = { prohibited: 1, connectFailed: 2, unknownType: 3, shortage: 4 } as const;

// A server answers at once; one that doesn't is found out by keepalive, unless that is switched off.
const OPEN_TIMEOUT_MS = 30_000;

/** What kind of channel, and to where. */
export type ChannelRequest =
  | { readonly kind: "unix"; readonly path: string }
  | { readonly kind: "tcp"; readonly host: string; readonly port: number }
  | { readonly kind: "command"; readonly commandLine: string };

/** Opens a channel of a session, within the time and until `signal` is aborted. One that opens too late is closed. */
export async function openChannel(
  client: Client,
  request: ChannelRequest,
  label: string,
  signal: AbortSignal,
): Promise<ClientChannel> {
  using deadline = new Deadline(OPEN_TIMEOUT_MS, `opening ${label}`, signal);
  let isWanted = true;
  const opened = new Promise<ClientChannel>((resolve, reject) => {
    start(client, request, (error, channel) => {
      if (error !== undefined) {
        reject(refused(error, request, label));
      } else if (isWanted) {
        resolve(channel);
      } else {
        channel.on("error", () => undefined);
        channel.close();
      }
    });
  });
  try {
    return await orAborted(opened, deadline.signal);
  } catch (error) {
    isWanted = false;
    throw aborted(error, signal);
  }
}

/** The connection's end is told by the reason of the signal that it aborts; {@link Deadline} wraps it. */
function aborted(error: unknown, signal: AbortSignal): unknown {
  return signal.aborted && signal.reason instanceof SshError ? signal.reason : error;
}

/** How a command ended. */
export interface CommandExit {
  readonly code: number | null;
  readonly signal: string | undefined;
}

const exits = new WeakMap<ClientChannel, CommandExit>();

/**
 * A short command's exit status comes in the same packet as the channel's opening, before anyone who awaits the channel could
 * listen: data waits for a reader, that event doesn't.
 */
function keepExit(channel: ClientChannel): void {
  channel.on("exit", (code: number | null, signal?: string) => exits.set(channel, { code, signal }));
}

/** How the command on a channel ended; undefined before its end, and for one that ended without saying. */
export function exitOf(channel: ClientChannel): CommandExit | undefined {
  return exits.get(channel);
}

function start(
  client: Client,
  request: ChannelRequest,
  done: (error: (Error & ClientErrorExtensions) | undefined, channel: ClientChannel) => void,
): void {
  switch (request.kind) {
    case "unix":
      client.openssh_forwardOutStreamLocal(request.path, done);
      break;
    case "tcp":
      client.forwardOut("127.0.0.1", 0, request.host, request.port, done);
      break;
    case "command":
      client.exec(request.commandLine, (error, channel) => {
        if (error === undefined) keepExit(channel);
        done(error, channel);
      });
      break;
  }
}

function refused(error: Error & { reason?: unknown }, request: ChannelRequest, label: string): SshError {
  const [refusal, why] = explain(error, request);
  return new SshError("streamRefused", `${label}: refused: ${why}`, { refusal, cause: error });
}

// OpenSSH's own text is "open failed" for all of them.
function explain(error: Error & { reason?: unknown }, request: ChannelRequest): [StreamRefusal, string] {
  const isCommand = request.kind === "command";
  switch (error.reason) {
    case REASON.prohibited:
      return [
        "notForwarded",
        "the server forbids it (AllowTcpForwarding, AllowStreamLocalForwarding, PermitOpen)",
      ];
    case REASON.shortage:
      return [isCommand ? "sessionLimit" : "unknown", "the server has no room for another channel"];
    case REASON.connectFailed:
      // A session over MaxSessions is refused so, and OpenSSH has no other reason to refuse one so.
      return isCommand
        ? ["sessionLimit", "the server allows no more sessions in one connection (MaxSessions)"]
        : [
            "unknown",
            `the server cannot connect to it (${reasonOf(error).replace(/^.*Channel open failure: /, "")})`,
          ];
    case REASON.unknownType:
      return ["unknown", "the server doesn't know such streams"];
    default:
      return ["unknown", reasonOf(error)];
  }
}
