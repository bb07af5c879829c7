import { SshError } from "./errors.js";
import {
  fingerprintOf,
  HOST_KEY_ALGORITHMS,
  type HostKey,
  type HostKeyAlgorithm,
  keyTypeInside,
  keyTypeOf,
  preferKeyTypes,
} from "./host-key.js";
import { isAbout, type KnownHost, knownHostsLine } from "./known-hosts.js";
import { appendKnownHost, readKnownHosts, readRevokedKeys } from "./known-hosts-file.js";
import type { HostKeySettings } from "./settings.js";

/** Decides whether the key that a server presents is the key of the host that was meant. */
export class HostKeyVerifier {
  readonly #settings: HostKeySettings;
  readonly #label: string;
  readonly #warn: (message: string) => void;
  readonly #entries: readonly KnownHost[];
  readonly #revokedKeys: readonly Buffer[];
  readonly #presentedTypes = new Set<string>();
  #accepted: Buffer | undefined;

  private constructor(
    settings: HostKeySettings,
    label: string,
    warn: (message: string) => void,
    entries: readonly KnownHost[],
    revokedKeys: readonly Buffer[],
  ) {
    this.#settings = settings;
    this.#label = label;
    this.#warn = warn;
    this.#entries = entries;
    this.#revokedKeys = revokedKeys;
  }

  /** Reads the known_hosts files. `label` names the host in messages. */
  static async load(
    settings: HostKeySettings,
    label: string,
    warn: (message: string) => void,
  ): Promise<HostKeyVerifier> {
    const entries = await loadEntries(settings, warn);
    const { revokedFile } = settings;
    const revokedKeys = revokedFile === undefined ? [] : await readRevokedKeys(revokedFile);
    return new HostKeyVerifier(settings, label, warn, entries, revokedKeys);
  }

  /** What to offer to the server: the algorithms of the keys that are known come first. */
  get algorithms(): HostKeyAlgorithm[] {
    const { pin } = this.#settings;
    if (pin?.kind === "key") return preferKeyTypes(new Set([pin.type]));
    if (pin?.kind === "fingerprint") {
      // A fingerprint doesn't tell the type: each attempt asks for types that haven't been shown yet.
      return HOST_KEY_ALGORITHMS.filter((algorithm) => !this.#presentedTypes.has(keyTypeOf(algorithm)));
    }
    const known = this.#known(this.#settings.lookupName);
    const candidates = known.length > 0 ? known : this.#known(this.#settings.bareName);
    return preferKeyTypes(new Set(candidates.map((entry) => entry.keyType)));
  }

  /** Whether a mismatch may be due to the type of key that was asked for, so that another attempt can help. */
  get canTryOtherTypes(): boolean {
    return this.#settings.pin?.kind === "fingerprint" && this.algorithms.length > 0;
  }

  /** Whether a key was accepted: from then on it is the only one that is. */
  get hasAccepted(): boolean {
    return this.#accepted !== undefined;
  }

  /** The key that was accepted. */
  get accepted(): HostKey | undefined {
    const key = this.#accepted;
    return key && { type: keyTypeInside(key) ?? "unknown", fingerprint: fingerprintOf(key) };
  }

  /** Whether a key is the one that was accepted. */
  isAccepted(key: Buffer): boolean {
    return this.#accepted?.equals(key) === true;
  }

  /** Resolves to the reason for refusing the key, or to undefined when it is accepted. */
  async refusalOf(key: Buffer): Promise<SshError | undefined> {
    if (this.#accepted !== undefined) return this.isAccepted(key) ? undefined : this.#changed(key, []);
    const type = keyTypeInside(key);
    if (type === undefined)
      return new SshError("hostKeyMismatch", `${this.#label}: the server's host key is malformed`);
    this.#presentedTypes.add(type);
    const refusal = this.#revocation(key) ?? this.#contradiction(key);
    if (refusal !== undefined) return refusal;
    if (!this.#isKnown(key)) {
      if (this.#settings.policy === "strict") return this.#unknown(key);
      const failure = await this.#remember(key);
      if (failure !== undefined) return failure;
    }
    this.#accepted = Buffer.from(key);
    return undefined;
  }

  #revocation(key: Buffer): SshError | undefined {
    const entry = this.#entries.find(
      (each) => each.marker === "revoked" && each.key.equals(key) && this.#concerns(each),
    );
    if (entry === undefined && !this.#revokedKeys.some((revoked) => revoked.equals(key))) return undefined;
    const where =
      entry === undefined ? `${this.#settings.revokedFile}` : `${entry.file} line ${entry.lineNumber}`;
    return new SshError(
      "hostKeyRevoked",
      `${this.#label}: THE HOST KEY IS REVOKED (${describeKey(key)}, by ${where}); ` +
        "whoever answers may have stolen it. Not connecting.",
      {
        fingerprint: fingerprintOf(key),
        ...(entry !== undefined && { knownHostsFile: entry.file, knownHostsLineNumber: entry.lineNumber }),
      },
    );
  }

  #contradiction(key: Buffer): SshError | undefined {
    const { pin, lookupName } = this.#settings;
    if (pin !== undefined) {
      const expected = pin.kind === "key" ? fingerprintOf(pin.key) : pin.fingerprint;
      if (fingerprintOf(key) === expected) return undefined;
      return new SshError(
        "hostKeyMismatch",
        `${this.#label}: THE HOST KEY IS NOT THE PINNED ONE: the server presented ${describeKey(key)}, ` +
          `hostKey says ${expected}. Someone may be in between, or the host was reinstalled. Not connecting.`,
        { fingerprint: fingerprintOf(key), expectedFingerprints: [expected] },
      );
    }
    if (this.#isKnown(key)) return undefined;
    const known = this.#known(lookupName);
    return known.length === 0 ? undefined : this.#changed(key, known);
  }

  // Also when only keys of other types are known: those types were offered first, so the server has none of them.
  #changed(key: Buffer, known: readonly KnownHost[]): SshError {
    const type = keyTypeInside(key);
    const contradicting = known.find((entry) => entry.keyType === type) ?? known[0];
    const expected = known.map((entry) => fingerprintOf(entry.key));
    const said =
      contradicting === undefined
        ? "not the key that it began this connection with"
        : `${contradicting.file} line ${contradicting.lineNumber} has ${describeKey(contradicting.key)}`;
    return new SshError(
      "hostKeyMismatch",
      `${this.#label}: THE HOST KEY HAS CHANGED: the server presented ${describeKey(key)}, ${said}. ` +
        "Someone may be in between, or the host was reinstalled: then remove that line. Not connecting.",
      {
        fingerprint: fingerprintOf(key),
        expectedFingerprints: expected,
        ...(contradicting !== undefined && {
          knownHostsFile: contradicting.file,
          knownHostsLineNumber: contradicting.lineNumber,
        }),
      },
    );
  }

  #unknown(key: Buffer): SshError {
    const line = knownHostsLine(this.#settings.lookupName, key, false);
    const file = this.#settings.userFiles[0];
    const authority = this.#entries.find(
      (entry) => entry.marker === "certAuthority" && this.#concerns(entry),
    );
    const certificates =
      authority === undefined
        ? ""
        : ` (${authority.file} line ${authority.lineNumber} trusts it by a certificate authority; ` +
          "host certificates are not supported here)";
    return new SshError(
      "hostKeyUnknown",
      `${this.#label}: the host key is not known${certificates}: ${describeKey(key)}. If that is the host's ` +
        `fingerprint, ${file === undefined ? "set hostKey to" : `add this line to ${file}:`} ` +
        `${file === undefined ? fingerprintOf(key) : line}`,
      {
        fingerprint: fingerprintOf(key),
        knownHostsLine: line,
        ...(file !== undefined && { knownHostsFile: file }),
      },
    );
  }

  async #remember(key: Buffer): Promise<SshError | undefined> {
    const [file] = this.#settings.userFiles;
    if (file === undefined) {
      return new SshError(
        "configInvalid",
        `${this.#label}: hostKeyPolicy "acceptNew" needs a known_hosts file to write to`,
      );
    }
    return inTurn(file, async () => {
      try {
        // Another connection may have come here first, since the files were read.
        const now = (await readKnownHosts(file, () => undefined)).filter((entry) =>
          isAbout(entry, this.#settings.lookupName),
        );
        const plain = now.filter((entry) => entry.marker === "none");
        if (plain.some((entry) => entry.key.equals(key))) return undefined;
        if (plain.length > 0) return this.#changed(key, plain);
        await appendKnownHost(file, knownHostsLine(this.#settings.lookupName, key, this.#settings.hashNames));
        this.#warn(`${this.#label}: accepted the new host key ${describeKey(key)} and added it to ${file}`);
        return undefined;
      } catch (error) {
        if (error instanceof SshError) return error;
        throw error;
      }
    });
  }

  #isKnown(key: Buffer): boolean {
    if (this.#settings.pin !== undefined) return true;
    const { lookupName, bareName } = this.#settings;
    return [...this.#known(lookupName), ...this.#known(bareName)].some((entry) => entry.key.equals(key));
  }

  #known(name: string | undefined): KnownHost[] {
    if (name === undefined) return [];
    return this.#entries.filter((entry) => entry.marker === "none" && isAbout(entry, name));
  }

  #concerns(entry: KnownHost): boolean {
    const { lookupName, bareName } = this.#settings;
    return isAbout(entry, lookupName) || (bareName !== undefined && isAbout(entry, bareName));
  }
}

async function loadEntries(settings: HostKeySettings, warn: (message: string) => void): Promise<KnownHost[]> {
  const files = [...settings.userFiles, ...settings.globalFiles];
  return (await Promise.all(files.map((file) => readKnownHosts(file, warn)))).flat();
}

function describeKey(key: Buffer): string {
  return `${keyTypeInside(key)} ${fingerprintOf(key)}`;
}

const turns = new Map<string, Promise<unknown>>();

/** Connections of this process that learn keys at the same time write them one after the other. */
async function inTurn<T>(file: string, work: () => Promise<T>): Promise<T> {
  const mine = (turns.get(file) ?? Promise.resolve()).then(work, work);
  turns.set(file, mine);
  try {
    return await mine;
  } finally {
    if (turns.get(file) === mine) turns.delete(file);
  }
}
