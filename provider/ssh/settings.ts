import { type HostConfig, readHostConfig } from "./config.js";
import { optionsOf } from "./config-values.js";
import { SshError } from "./errors.js";
import { type HostKeyPin, parsePin } from "./host-key.js";
import type { SshSurroundings } from "./surroundings.js";
import { checkAddress, checkPort, parseJumps, type SshTarget } from "./target.js";
import { expandHome, expandPath, expandTokens, type TokenValues } from "./tokens.js";

/** A private key, and how it was come by. */
export interface IdentitySource {
  /** Where the key is: a file, or the text itself. */
  readonly from: { readonly path: string } | { readonly privateKey: string };
  readonly passphrase: string | undefined;
  /** Named by the target itself: then a key that cannot be used is an error, not a note. */
  readonly explicit: boolean;
}

/** Where host keys are looked up, and by which names. */
export interface HostKeySettings {
  /** The name of the host in known_hosts: "host", "[host]:port" or the HostKeyAlias. */
  readonly lookupName: string;
  /** With a port in {@link lookupName}: the bare name, under which a matching key is good too. */
  readonly bareName: string | undefined;
  readonly userFiles: readonly string[];
  readonly globalFiles: readonly string[];
  readonly revokedFile: string | undefined;
  readonly policy: "strict" | "acceptNew";
  readonly pin: HostKeyPin | undefined;
  /** New entries don't show the host's name. */
  readonly hashNames: boolean;
}

/** All that it takes to connect to one host: the target, the configuration and the defaults made one. */
export interface SshSettings {
  readonly hostName: string;
  readonly port: number;
  readonly user: string;
  readonly addressFamily: 4 | 6 | undefined;
  readonly bindAddress: string | undefined;
  readonly identities: readonly IdentitySource[];
  readonly agentSocket: string | undefined;
  /** "listed": only those agent keys that {@link identities} name. */
  readonly agentKeys: "all" | "listed";
  readonly hostKeys: HostKeySettings;
  readonly keepaliveIntervalMs: number;
  readonly keepaliveCountMax: number;
  readonly connectTimeoutMs: number;
  /** The host to go through. */
  readonly via: SshSettings | undefined;
}

/** More hops than anyone has; a chain of distinct names that never ends stops here. */
const MAX_HOPS = 8;
const DEFAULT_CONNECT_TIMEOUT_MS = 10_000;
const DEFAULT_KEEPALIVE_MS = 10_000;
const DEFAULT_IDENTITIES = ["id_rsa", "id_ecdsa", "id_ed25519"];

/** Reads the configuration and settles everything about a target and the hosts on the way to it. */
export function resolveSettings(target: SshTarget, surroundings: SshSurroundings): Promise<SshSettings> {
  return resolveHop(target, target, [], surroundings);
}

/** What a hop has of its own: address, user, port, pin and jumps. The rest of `whole` is the caller's for all hops. */
type Hop = Pick<SshTarget, "address" | "port" | "user" | "proxyJump" | "hostKey">;

async function resolveHop(
  hop: Hop,
  whole: SshTarget,
  onTheWay: readonly string[],
  surroundings: SshSurroundings,
): Promise<SshSettings> {
  const address = checkAddress(hop.address.replace(/^\[(.*)\]$/, "$1"));
  const config = await readHostConfig(address, hop.user, whole.sshConfig, surroundings);
  const options = optionsOf(config);
  const port = checkPort(hop.port ?? options.port ?? 22, `the port of ${address}`);
  const user = checkUser(hop.user ?? options.user ?? surroundings.localUser, address);
  const hostName = resolveHostName(config, address, port, user, surroundings);
  const name = `${user}@${hostName}:${port}`;
  const visited = [...onTheWay, name];
  if (onTheWay.includes(name) || visited.length > MAX_HOPS) {
    throw new SshError(
      "configInvalid",
      `ProxyJump goes round in a circle: ${visited.join(" through ")}; give the jump host a "ProxyJump none" of its own`,
    );
  }
  const jumps = hop.proxyJump ?? options.proxyJump;
  if (jumps === undefined && options.proxyCommand !== undefined) refuseProxyCommand(address);
  const tokens: TokenValues = {
    hostName,
    originalHost: address,
    port,
    remoteUser: user,
    ...(jumps !== undefined && { proxyJump: jumps }),
    ...(options.hostKeyAlias !== undefined && { hostKeyAlias: options.hostKeyAlias }),
  };
  return {
    hostName,
    port,
    user,
    addressFamily: options.addressFamily,
    bindAddress: options.bindAddress,
    ...resolveIdentities(onTheWay.length === 0, whole, config, tokens, surroundings),
    hostKeys: resolveHostKeys(hop, whole, config, tokens, surroundings),
    keepaliveIntervalMs: options.serverAliveIntervalMs ?? DEFAULT_KEEPALIVE_MS,
    keepaliveCountMax: options.serverAliveCountMax ?? 3,
    connectTimeoutMs: checkTimeout(
      whole.connectTimeoutMs ?? options.connectTimeoutMs ?? DEFAULT_CONNECT_TIMEOUT_MS,
    ),
    via: jumps === undefined ? undefined : await resolveVia(jumps, whole, visited, surroundings),
  };
}

// As with `ssh -J a,b host`: b is reached through a, whatever b's own ProxyJump says, and a as its own says.
async function resolveVia(
  jumps: string,
  whole: SshTarget,
  visited: readonly string[],
  surroundings: SshSurroundings,
): Promise<SshSettings | undefined> {
  const stops = parseJumps(jumps);
  const last = stops.at(-1);
  if (last === undefined) return undefined;
  const before = jumps.split(",").slice(0, -1).join(",");
  return resolveHop({ ...last, ...(before !== "" && { proxyJump: before }) }, whole, visited, surroundings);
}

function resolveHostName(
  config: HostConfig,
  address: string,
  port: number,
  user: string,
  surroundings: SshSurroundings,
): string {
  const given = config.value("hostname");
  if (given === undefined) return address;
  const values = { hostName: address, originalHost: address, port, remoteUser: user };
  return checkAddress(expandTokens(given, values, surroundings).replace(/^\[(.*)\]$/, "$1"));
}

function refuseProxyCommand(address: string): never {
  throw new SshError(
    "configInvalid",
    `the SSH configuration of ${address} has a ProxyCommand, which is not supported: use ProxyJump ` +
      `(or proxyJump of the host), or "none" to connect straight`,
  );
}

function resolveIdentities(
  isTarget: boolean,
  whole: SshTarget,
  config: HostConfig,
  tokens: TokenValues,
  surroundings: SshSurroundings,
): Pick<SshSettings, "identities" | "agentSocket" | "agentKeys"> {
  const { passphrase } = whole;
  const given: IdentitySource[] = [];
  if (whole.privateKey !== undefined) {
    given.push({ from: { privateKey: whole.privateKey }, passphrase, explicit: true });
  }
  if (whole.identityFile !== undefined) {
    // A path as it is: tokens and variables are the configuration's way of writing.
    const path = expandHome(whole.identityFile, surroundings);
    given.push({ from: { path }, passphrase, explicit: true });
  }
  const options = optionsOf(config);
  const named = config.identityFiles.length > 0 ? config.identityFiles : defaultIdentities();
  const configured = named
    .filter((path) => path.toLowerCase() !== "none")
    .map((path) => ({ from: { path: expandPath(path, tokens, surroundings) }, passphrase, explicit: false }));
  const replaced = isTarget && given.length > 0;
  const listedOnly = replaced
    ? whole.agent === undefined || whole.agent === false
    : options.identitiesOnly && typeof whole.agent !== "string";
  return {
    // A jump host has keys of its own; ours come after them.
    identities: isTarget ? (replaced ? given : configured) : [...configured, ...given],
    agentSocket: resolveAgent(whole.agent, options.identityAgent, tokens, surroundings),
    agentKeys: listedOnly ? "listed" : "all",
  };
}

function defaultIdentities(): string[] {
  return DEFAULT_IDENTITIES.map((name) => `~/.ssh/${name}`);
}

function resolveAgent(
  given: boolean | string | undefined,
  configured: string | undefined,
  tokens: TokenValues,
  surroundings: SshSurroundings,
): string | undefined {
  if (given === false) return undefined;
  if (typeof given === "string") return expandHome(given, surroundings);
  const fromEnvironment = surroundings.environment.SSH_AUTH_SOCK || undefined;
  if (configured === undefined || configured === "SSH_AUTH_SOCK") return fromEnvironment;
  if (configured.toLowerCase() === "none") return given === true ? fromEnvironment : undefined;
  if (/^\$\w+$/.test(configured)) return surroundings.environment[configured.slice(1)] || undefined;
  return expandPath(configured, tokens, surroundings);
}

function resolveHostKeys(
  hop: Hop,
  whole: SshTarget,
  config: HostConfig,
  tokens: TokenValues,
  surroundings: SshSurroundings,
): HostKeySettings {
  const options = optionsOf(config);
  const paths = (words: readonly string[] | undefined, defaults: readonly string[]) =>
    (words ?? defaults)
      .filter((word) => word.toLowerCase() !== "none")
      .map((word) => expandPath(word, tokens, surroundings));
  const host = (options.hostKeyAlias ?? tokens.hostName).toLowerCase();
  const withPort = options.hostKeyAlias === undefined && tokens.port !== 22;
  return {
    lookupName: withPort ? `[${host}]:${tokens.port}` : host,
    bareName: withPort ? host : undefined,
    userFiles:
      whole.knownHosts !== undefined
        ? [expandHome(whole.knownHosts, surroundings)]
        : paths(config.words("userknownhostsfile"), ["~/.ssh/known_hosts", "~/.ssh/known_hosts2"]),
    globalFiles:
      whole.knownHosts !== undefined
        ? []
        : paths(config.words("globalknownhostsfile"), [
            "/etc/ssh/ssh_known_hosts",
            "/etc/ssh/ssh_known_hosts2",
          ]),
    revokedFile: paths(config.words("revokedhostkeys"), [])[0],
    // "no" and "off" are the configuration's way to switch verification off; nothing switches it off here.
    policy: whole.hostKeyPolicy ?? (options.strictHostKeyChecking === "accept-new" ? "acceptNew" : "strict"),
    pin: hop.hostKey === undefined ? undefined : parsePin(hop.hostKey),
    hashNames: options.hashKnownHosts,
  };
}

function checkUser(user: string, address: string): string {
  if (user === "" || /\p{Cc}/u.test(user)) {
    throw new SshError("configInvalid", `the user for ${address} must be a name without control characters`);
  }
  return user;
}

function checkTimeout(connectTimeoutMs: number): number {
  // The upper limit is that of a timer: beyond it, setTimeout fires at once.
  if (connectTimeoutMs > 0 && connectTimeoutMs <= 2_147_483_647) return connectTimeoutMs;
  throw new SshError(
    "configInvalid",
    `connectTimeout must be more than 0 and under 24 days, not ${connectTimeoutMs} ms`,
  );
}
