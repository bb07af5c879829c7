import { connect, type NetConnectOpts } from "node:net";
import { userInfo } from "node:os";
import type { Duplex } from "node:stream";
import { isLibvirtError, type KeepaliveSettings, Libvirt } from "../libvirt/index.js";
import { type HostKey, SshConnection, SshError, type SshTarget } from "../ssh/index.js";
import { LibvirtDenied, NoLibvirt } from "./errors.js";
import type { HostRef } from "./host-ref.js";
import { openCommand, run } from "./local-command.js";

/** What a command on a host printed, and how it ended. */
export interface CommandResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** A machine that lets us in, whether or not there is a libvirt. */
export interface ReachedMachine {
  /** The address at which it was reached, for hosts that are to connect to it. */
  address: string;
  /** Who we are there. */
  user: string;
  /** The key that it has shown, where SSH leads to it. */
  hostKey: HostKey | undefined;
  exec(command: readonly string[], options?: { stdin?: string }): Promise<CommandResult>;
  /** Standard input and output of a command that runs for longer. It sees that nobody listens any more by its output being closed. */
  open(command: readonly string[], options: { signal: AbortSignal }): Promise<Duplex>;
  /** A stream to a TCP address as the host sees it. */
  openTcp(address: string, port: number, options: { signal: AbortSignal }): Promise<Duplex>;
  /** A stream to a UNIX socket of the host. */
  openUnix(path: string, options: { signal: AbortSignal }): Promise<Duplex>;
  /** Opens its libvirt over the same connection. */
  openLibvirt(): Promise<Libvirt>;
  closed: Promise<Error | undefined>;
  close(): Promise<void>;
}

/** A host that answers: its libvirt, and a way to run the rare command that libvirt has no call for. */
export interface ReachedHost extends Omit<ReachedMachine, "openLibvirt" | "user"> {
  libvirt: Libvirt;
}

/**
 * virtqemud's, where each driver has a daemon of its own (it asks those of networks and storage itself), and libvirtd's. In front of virtqemud there
 * may be a virtproxyd with libvirtd's socket: a connection to it doesn't end with virtqemud.
 */
const LIBVIRT_SOCKETS = [
  "/run/libvirt/virtqemud-sock",
  "/run/libvirt/libvirt-sock",
  "/var/run/libvirt/libvirt-sock",
];

interface ReachOptions {
  connectTimeoutMs: number;
  /** How a libvirt that has stopped answering is noticed; default: as libvirt itself does, in 25 to 30 seconds. */
  keepalive?: KeepaliveSettings | undefined;
  warn: (message: string) => void;
}

/** A machine and its libvirt. */
export async function reach(ref: HostRef, options: ReachOptions): Promise<ReachedHost> {
  const machine = await reachMachine(ref, options);
  try {
    const libvirt = await machine.openLibvirt();
    return {
      libvirt,
      address: machine.address,
      hostKey: machine.hostKey,
      exec: machine.exec,
      open: machine.open,
      openTcp: machine.openTcp,
      openUnix: machine.openUnix,
      closed: Promise.race([libvirt.closed, machine.closed]),
      close: async () => {
        await libvirt.close();
        await machine.close();
      },
    };
  } catch (error) {
    await machine.close();
    throw error;
  }
}

/** Connects and logs in. */
export async function reachMachine(ref: HostRef, options: ReachOptions): Promise<ReachedMachine> {
  const { connectTimeoutMs, keepalive } = options;
  const sockets =
    ref.connection.libvirtSocket === undefined ? LIBVIRT_SOCKETS : [ref.connection.libvirtSocket];
  if (ref.connection.address === "local") return thisMachine(ref, sockets, options);
  const ssh = await SshConnection.open(sshTarget(ref, connectTimeoutMs), { warn: options.warn });
  const command = (...words: string[]): Route["dial"] => {
    return (options) => ssh.openCommandStream(words, options);
  };
  const routes: Route[] = [
    ...sockets.map((socket): Route => {
      return { what: `socket ${socket}`, dial: (options) => ssh.openUnixStream(socket, options) };
    }),
    // A server that forbids forwarding answers as if the socket were missing; a command still gets through.
    { what: "virt-ssh-helper", dial: command("virt-ssh-helper", "qemu:///system") },
    ...sockets.map((socket): Route => ({ what: `nc -U ${socket}`, dial: command("nc", "-U", socket) })),
  ];
  return {
    address: ssh.hostName,
    user: ssh.user,
    hostKey: ssh.hostKey,
    exec: (command, options) => ssh.exec(command, { ...options, timeoutMs: 30_000 }),
    open: (command, options) => ssh.openCommandStream(command, options),
    openTcp: (address, port, options) => openTcpThrough(ssh, address, port, options),
    openUnix: (path, options) => openUnixThrough(ssh, path, options),
    openLibvirt: () =>
      firstThatOpens({ hostName: ref.name, user: ssh.user }, routes, { connectTimeoutMs, keepalive }),
    closed: ssh.closed,
    close: () => ssh.close(),
  };
}

function thisMachine(
  ref: HostRef,
  sockets: readonly string[],
  { connectTimeoutMs, keepalive }: ReachOptions,
): ReachedMachine {
  const routes = sockets.map((socket): Route => {
    return { what: `socket ${socket}`, dial: () => dialSocket({ path: socket }) };
  });
  const user = userInfo().username;
  return {
    address: "127.0.0.1",
    user,
    hostKey: undefined,
    exec: run,
    open: openCommand,
    openTcp: (host, port, { signal }) => dialSocket({ host, port }, signal),
    openUnix: (path, { signal }) => dialSocket({ path }, signal),
    openLibvirt: () => firstThatOpens({ hostName: ref.name, user }, routes, { connectTimeoutMs, keepalive }),
    closed: new Promise(() => undefined),
    close: async () => undefined,
  };
}

interface Route {
  what: string;
  dial: (options: { signal?: AbortSignal | undefined }) => Promise<Duplex>;
}

/** A daemon that the socket's first visitor starts looks at QEMU before it answers. */
const LIBVIRT_STARTS_WITHIN_MS = 10_000;

async function firstThatOpens(
  { hostName, user }: { hostName: string; user: string },
  routes: readonly Route[],
  { connectTimeoutMs, keepalive }: Pick<ReachOptions, "connectTimeoutMs" | "keepalive">,
): Promise<Libvirt> {
  const timeoutMs = Math.max(connectTimeoutMs, LIBVIRT_STARTS_WITHIN_MS);
  const patience = AbortSignal.timeout(timeoutMs);
  /** What was tried, by what came of it. */
  const failures = new Map<string, string[]>();
  let denied: LibvirtDenied | undefined;
  let last: unknown;
  for (const { what, dial } of routes) {
    try {
      return await Libvirt.open({ dial, hostName, signal: patience, ...(keepalive && { keepalive }) });
    } catch (error) {
      // Other ways lead to the same daemon.
      if (patience.aborted)
        throw new Error(
          `libvirt doesn't answer within ${timeoutMs / 1000} s behind ${what}; its daemon may hang, or the host be overloaded`,
          { cause: error },
        );
      last = error;
      const reason = reasonOf(error, what);
      failures.set(reason, [...(failures.get(reason) ?? []), what]);
      denied ??= denial(error, user, what);
    }
  }
  if (denied !== undefined) throw denied;
  const tried = [...failures].map(([reason, whats]) => `${whats.join(", ")}: ${reason}`).join("; ");
  throw new NoLibvirt(tried, last);
}

/** By the permissions of the socket, or by polkit behind it. */
function denial(error: unknown, user: string, way: string): LibvirtDenied | undefined {
  if (isLibvirtError(error, "authFailed")) return new LibvirtDenied({ user, way, why: error.reason }, error);
  const isShut =
    error instanceof SshError
      ? error.refusal === "socketDenied"
      : error instanceof Error && "code" in error && error.code === "EACCES";
  return isShut ? new LibvirtDenied({ user, way }, error) : undefined;
}

/** Without the way that was tried, so that what several have in common is said once, and of the host, which is named already. */
function reasonOf(error: unknown, what: string): string {
  const path = what.split(" ").at(-1) ?? what;
  const message = error instanceof Error ? error.message : String(error);
  return message
    .replace(/^\S+: cannot connect to \S+: (?:\w+: )?/, "")
    .replace(/^\S+@\S+: /, "")
    .replace(`stream to ${path}: `, "")
    .replace(`${what.split(" ")[0]}: `, "");
}

function dialSocket(to: NetConnectOpts, signal?: AbortSignal): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket = connect({ ...to, ...(signal !== undefined && { signal }) });
    socket.once("error", reject);
    socket.once("connect", () => {
      socket.off("error", reject);
      resolve(socket);
    });
  });
}

const FORWARD_BY_BASH = 'exec 3<>"/dev/tcp/$0/$1" && { cat <&0 >&3 & exec cat <&3; }';

/** Where the server forbids forwarding a command on the host does it. */
async function openTcpThrough(
  ssh: SshConnection,
  address: string,
  port: number,
  options: { signal: AbortSignal },
): Promise<Duplex> {
  try {
    return await ssh.openTcpStream(address, port, options);
  } catch (error) {
    if (!(error instanceof SshError) || error.refusal !== "notForwarded") throw error;
    return ssh.openCommandStream(["bash", "-c", FORWARD_BY_BASH, address, String(port)], options);
  }
}

async function openUnixThrough(
  ssh: SshConnection,
  path: string,
  options: { signal: AbortSignal },
): Promise<Duplex> {
  try {
    return await ssh.openUnixStream(path, options);
  } catch (error) {
    if (!(error instanceof SshError) || error.refusal !== "notForwarded") throw error;
    return ssh.openCommandStream(["nc", "-U", path], options);
  }
}

function sshTarget(ref: HostRef, connectTimeoutMs: number): SshTarget {
  const { libvirtSocket: _, connectTimeout: __, migrationAddress: ___, ...connection } = ref.connection;
  const target = { ...connection, ...ref.credentials, connectTimeoutMs };
  return Object.fromEntries(
    Object.entries(target).filter(([, value]) => value !== undefined),
  ) as unknown as SshTarget;
}
