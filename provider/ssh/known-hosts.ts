import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { keyTypeInside } from "./host-key.js";
import { matchesPatternList } from "./pattern.js";

/** One line of a known_hosts file (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT). */
export interface KnownHost {
  readonly file: string;
  readonly lineNumber: number;
  readonly marker: "none" | "revoked" | "certAuthority";
  /** Patterns separated by commas, or one hashed name. */
  readonly hosts: string;
  readonly keyType: string;
  readonly key: Buffer;
}

/** The entries of a file. A line that is no entry is left out, as `ssh` does; `onBadLine` hears of it. */
export function parseKnownHosts(
  text: string,
  file: string,
  onBadLine: (lineNumber: number) => void = () => undefined,
): KnownHost[] {
  const entries: KnownHost[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (/^\s*(#|$)/.test(line)) continue;
    const entry = parseLine(line.trim(), file, index + 1);
    if (entry === undefined) onBadLine(index + 1);
    else entries.push(entry);
  }
  return entries;
}

function parseLine(line: string, file: string, lineNumber: number): KnownHost | undefined {
  const words = line.split(/[ \t]+/);
  let marker: KnownHost["marker"] = "none";
  if (words[0]?.startsWith("@")) {
    const name = words.shift();
    if (name === "@revoked") marker = "revoked";
    else if (name === "@cert-authority") marker = "certAuthority";
    else return undefined;
  }
  const [hosts, keyType, encoded] = words;
  if (hosts === undefined || keyType === undefined || encoded === undefined) return undefined;
  const key = Buffer.from(encoded, "base64");
  if (keyTypeInside(key) !== keyType) return undefined;
  return { file, lineNumber, marker, hosts, keyType, key };
}

/** Whether an entry is about a name ("host", or "[host]:port" for a port other than 22), which must be in lower case. */
export function isAbout(entry: KnownHost, name: string): boolean {
  if (!entry.hosts.startsWith("|")) return matchesPatternList(name, entry.hosts.toLowerCase().split(","));
  const [, magic, salt, hash] = entry.hosts.split("|");
  if (magic !== "1" || salt === undefined || hash === undefined) return false;
  const wanted = Buffer.from(hash, "base64");
  const found = createHmac("sha1", Buffer.from(salt, "base64")).update(name).digest();
  return wanted.length === found.length && timingSafeEqual(wanted, found);
}

/** The line for a key, with the name in clear or, as HashKnownHosts wants it, hashed. */
export function knownHostsLine(name: string, key: Buffer, hashed: boolean): string {
  return `${hashed ? hashName(name) : name} ${keyTypeInside(key)} ${key.toString("base64")}`;
}

function hashName(name: string): string {
  const salt = randomBytes(20);
  return `|1|${salt.toString("base64")}|${createHmac("sha1", salt).update(name).digest("base64")}`;
}
