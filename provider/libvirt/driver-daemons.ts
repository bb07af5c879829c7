import { RemoteError } from "./rpc/index.js";

// Where libvirt has a daemon for each driver, virtqemud passes on what is asked of networks and pools, over a connection to each of the others that
// it opens for a client once and never again: after a restart of theirs all that comes over it are errors of libvirt's own RPC client.

/** virErrorDomain: the RPC between libvirt's daemons. */
const FROM_RPC = 7;
/** virErrorNumber */
const CODE = { internal: 1, system: 38 } as const;
const BROKEN_CONNECTION: ReadonlySet<number> = new Set([5, 32, 104]); // EIO, EPIPE, ECONNRESET

/**
 * Whether a daemon behind the one that was asked was restarted, or has gone: before it had got the request, or after that, or "perhaps" none of it.
 * Only another connection reaches it again.
 */
export function lostDaemon(error: unknown): "before" | "after" | "perhaps" | undefined {
  if (!(error instanceof RemoteError) || error.domain !== FROM_RPC) return undefined;
  if (error.code === CODE.system) return BROKEN_CONNECTION.has(error.systemErrorNumber) ? "after" : undefined;
  if (error.code !== CODE.internal) return undefined;
  // A daemon with another language than English has other words for it, and for other errors.
  return error.message.includes("client socket is closed") ? "before" : "perhaps";
}

const DRIVERS: Readonly<Record<string, string>> = {
  virtnetworkd: "networks",
  virtstoraged: "storage pools",
  virtsecretd: "secrets",
  virtnodedevd: "devices",
  virtnwfilterd: "network filters",
  virtqemud: "virtual machines",
  virtlogd: "what VMs print",
  virtlockd: "locks of disks",
};

/** What is to be done about a daemon that couldn't be connected to; undefined when the error is another. */
export function startMissingDaemon(error: RemoteError): string | undefined {
  if (error.domain !== FROM_RPC || error.code !== CODE.system) return undefined;
  const daemon = /\/(virt[a-z]+d)-sock'/.exec(error.message)?.[1];
  const driver = daemon === undefined ? undefined : DRIVERS[daemon];
  return driver === undefined
    ? undefined
    : `libvirt's daemon for ${driver} isn't running there; start it: systemctl enable --now ${daemon}.socket`;
}
