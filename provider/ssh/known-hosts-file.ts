import { mkdir, open, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { reasonOf, SshError } from "./errors.js";
import { keyTypeInside } from "./host-key.js";
import { type KnownHost, parseKnownHosts } from "./known-hosts.js";

/**
 * The entries of a known_hosts file; none when it doesn't exist.
 *
 * @throws SshError configInvalid when it exists and cannot be read: a changed key would pass for a new one.
 */
export async function readKnownHosts(file: string, warn: (message: string) => void): Promise<KnownHost[]> {
  return parseKnownHosts(await readIfPresent(file), file, (lineNumber) =>
    warn(`${file} line ${lineNumber} is no known_hosts entry and is left out`),
  );
}

/** The keys of a RevokedHostKeys file: public keys, one a line. */
export async function readRevokedKeys(file: string): Promise<Buffer[]> {
  const text = await readIfPresent(file, true);
  if (text.startsWith("SSHKRL\n\0")) {
    throw new SshError(
      "configInvalid",
      `RevokedHostKeys ${file} is a binary revocation list, which is not supported: list the public keys as text`,
    );
  }
  const keys: Buffer[] = [];
  for (const line of text.split(/\r?\n/)) {
    const words = line.trim().split(/\s+/);
    const encoded = words[words.findIndex((word) => word.startsWith("AAAA"))];
    const key = Buffer.from(encoded ?? "", "base64");
    if (keyTypeInside(key) !== undefined) keys.push(key);
  }
  return keys;
}

/**
 * Appends a line with one write in append mode: two processes that do this at once both keep their line, which a
 * rewrite and rename would not. The file is made readable only by its owner when it is new.
 */
export async function appendKnownHost(file: string, line: string): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    const appending = await open(file, "a+", 0o600);
    try {
      const { size } = await appending.stat();
      const lastByte = Buffer.alloc(1);
      if (size > 0) await appending.read(lastByte, 0, 1, size - 1);
      const needsBreak = size > 0 && lastByte.toString() !== "\n";
      await appending.write(`${needsBreak ? "\n" : ""}${line}\n`);
      await appending.sync();
    } finally {
      await appending.close();
    }
  } catch (error) {
    throw new SshError("configInvalid", `cannot write the new host key to ${file}: ${reasonOf(error)}`, {
      cause: error,
    });
  }
}

async function readIfPresent(file: string, required = false): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (!required && (code === "ENOENT" || code === "ENOTDIR")) return "";
    throw new SshError("configInvalid", `cannot read ${file}: ${reasonOf(error)}`, { cause: error });
  }
}
