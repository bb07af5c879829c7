import { readFile, stat } from "node:fs/promises";
import type { ParsedKey } from "ssh2";
import { AgentKey, agentKeys } from "./agent.js";
import { reasonOf, SshError } from "./errors.js";
import { fingerprintOf } from "./host-key.js";
import { type KeyReading, readKey } from "./private-key.js";
import type { IdentitySource, SshSettings } from "./settings.js";

/** A key to offer to the server. `label` tells which, by type, fingerprint and origin. */
export type Identity =
  | { readonly kind: "key"; readonly label: string; readonly key: ParsedKey }
  | { readonly kind: "agent"; readonly label: string; readonly agent: AgentKey };

/** The keys to offer, in order, and why others are not among them. */
export interface Identities {
  readonly offered: readonly Identity[];
  readonly notes: readonly string[];
}

/**
 * Finds the keys for a host, in `ssh`'s order: the agent's keys that were asked for by name, the agent's others, then
 * those that no agent holds. Keys named by the target itself go before all of them.
 *
 * @throws SshError keyInvalid when a key that the target itself names cannot be used.
 */
export async function findIdentities(
  settings: SshSettings,
  label: string,
  signal: AbortSignal,
): Promise<Identities> {
  const notes: string[] = [];
  const held = await heldByAgent(settings.agentSocket, notes, signal);
  const explicit: Identity[] = [];
  const named: Identity[] = [];
  const own: Identity[] = [];
  const taken = new Set<string>();
  for (const source of settings.identities) {
    const found = await find(source, held, settings.agentSocket);
    if (found.kind === "none") {
      if (source.explicit) throw new SshError("keyInvalid", `${label}: ${found.reason}`);
      if (!found.missing) notes.push(found.reason);
      continue;
    }
    if (taken.has(found.fingerprint)) continue;
    taken.add(found.fingerprint);
    const group = source.explicit ? explicit : found.identity.kind === "agent" ? named : own;
    group.push(found.identity);
  }
  const others: Identity[] = [];
  if (settings.agentKeys === "all" && settings.agentSocket !== undefined) {
    for (const [fingerprint, key] of held) {
      if (!taken.has(fingerprint)) others.push(agentIdentity(settings.agentSocket, key, undefined));
    }
  }
  const isJump = settings.identities.at(0)?.explicit === false;
  return {
    offered: isJump ? [...named, ...others, ...own, ...explicit] : [...explicit, ...named, ...others, ...own],
    notes,
  };
}

async function heldByAgent(
  socket: string | undefined,
  notes: string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, ParsedKey>> {
  if (socket === undefined) return new Map();
  try {
    const keys = await agentKeys(socket, signal);
    if (keys.length === 0) notes.push("the agent holds no usable key");
    return new Map(keys.map((key) => [fingerprintOf(key.getPublicSSH()), key]));
  } catch (error) {
    if (error instanceof SshError) throw error;
    notes.push(`agent ${socket}: ${reasonOf(error)}`);
    return new Map();
  }
}

type Found =
  | { readonly kind: "found"; readonly identity: Identity; readonly fingerprint: string }
  | { readonly kind: "none"; readonly reason: string; readonly missing: boolean };

async function find(
  source: IdentitySource,
  held: ReadonlyMap<string, ParsedKey>,
  socket: string | undefined,
): Promise<Found> {
  const origin = "path" in source.from ? source.from.path : "privateKey";
  const none = (reason: string, missing = false): Found => ({
    kind: "none",
    reason: `${origin}: ${reason}`,
    missing,
  });
  let text: string;
  if ("privateKey" in source.from) {
    text = source.from.privateKey;
  } else {
    const { path } = source.from;
    try {
      text = await readFile(path, "utf8");
    } catch (error) {
      // `ssh` takes a lone .pub as the name of a key in the agent.
      const publicText = await readFile(`${path}.pub`, "utf8").catch(() => undefined);
      if (publicText === undefined) return none(reasonOf(error), true);
      text = publicText;
    }
    if (text.includes("PRIVATE KEY") && (await isOpenToOthers(path))) {
      return none("others may read it; a private key must be readable only by you (chmod 600)");
    }
  }
  const reading = readKey(text, source.passphrase);
  const publicKey = await publicKeyOf(reading, source);
  const fingerprint = publicKey === undefined ? undefined : fingerprintOf(publicKey);
  const inAgent = fingerprint === undefined ? undefined : held.get(fingerprint);
  if (fingerprint !== undefined && inAgent !== undefined && socket !== undefined) {
    return { kind: "found", fingerprint, identity: agentIdentity(socket, inAgent, origin) };
  }
  switch (reading.kind) {
    case "private": {
      const own = fingerprintOf(reading.key.getPublicSSH());
      const label = `publickey ${reading.key.type} ${own} (${origin})`;
      return { kind: "found", fingerprint: own, identity: { kind: "key", label, key: reading.key } };
    }
    case "public":
      return reading.why === "encrypted"
        ? none("encrypted, and neither is a passphrase given nor does an agent hold it")
        : none("only the public key, and no agent holds its private part");
    case "encrypted":
      return none("encrypted, and no passphrase is given");
    case "wrongPassphrase":
      return none("encrypted, and the passphrase doesn't open it");
    case "unusable":
      return none(reading.reason);
  }
}

async function publicKeyOf(reading: KeyReading, source: IdentitySource): Promise<Buffer | undefined> {
  switch (reading.kind) {
    case "private":
      return reading.key.getPublicSSH();
    case "public":
      return reading.publicKey;
    default: {
      if (!("path" in source.from)) return undefined;
      const text = await readFile(`${source.from.path}.pub`, "utf8").catch(() => undefined);
      const beside = text === undefined ? undefined : readKey(text, undefined);
      return beside?.kind === "public" ? beside.publicKey : undefined;
    }
  }
}

function agentIdentity(socket: string, key: ParsedKey, origin: string | undefined): Identity {
  const where = origin === undefined ? "agent" : `${origin}, by the agent`;
  const label = `publickey ${key.type} ${fingerprintOf(key.getPublicSSH())} (${where})`;
  return { kind: "agent", label, agent: new AgentKey(socket, key) };
}

// The rule that `ssh` has: it concerns only files of one's own.
async function isOpenToOthers(path: string): Promise<boolean> {
  const self = process.getuid?.();
  if (self === undefined) return false;
  const { mode, uid } = await stat(path);
  return uid === self && (mode & 0o077) !== 0;
}
