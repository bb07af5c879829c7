import ssh2, { type ParsedKey, type SignCallback, type SigningRequestOptions } from "ssh2";
import { SshError } from "./errors.js";

// ssh2's agent client waits for ever; one that hangs must not use up the time for connecting.
const AGENT_TIMEOUT_MS = 3_000;

/** The keys that an agent holds, of the types that we can use (no certificates, no security keys). */
export function agentKeys(socketPath: string, signal: AbortSignal): Promise<ParsedKey[]> {
  return new Promise((resolve, reject) => {
    const settle = (error: Error | undefined, keys: ParsedKey[]) => {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
      if (error === undefined) resolve(keys);
      else reject(error);
    };
    const timer = setTimeout(() => settle(new Error("the agent doesn't answer"), []), AGENT_TIMEOUT_MS);
    const onAbort = () => settle(new SshError("aborted", "aborted while asking the SSH agent"), []);
    signal.addEventListener("abort", onAbort, { once: true });
    new ssh2.OpenSSHAgent(socketPath).getIdentities((error, keys) => {
      settle(error ?? undefined, (keys ?? []).filter(isParsedKey));
    });
  });
}

function isParsedKey(key: unknown): key is ParsedKey {
  return typeof key === "object" && key !== null && "getPublicSSH" in key;
}

/** One key of an agent as an agent of its own, so that keys are offered in our order and each attempt is known. */
export class AgentKey extends ssh2.BaseAgent<ParsedKey> {
  readonly #agent: InstanceType<typeof ssh2.OpenSSHAgent>;
  readonly #key: ParsedKey;

  constructor(socketPath: string, key: ParsedKey) {
    super();
    this.#agent = new ssh2.OpenSSHAgent(socketPath);
    this.#key = key;
  }

  override getIdentities(done: (error: Error | undefined, keys?: ParsedKey[]) => void): void {
    done(undefined, [this.#key]);
  }

  override sign(key: ParsedKey, data: Buffer, options: SigningRequestOptions, done?: SignCallback): void;
  override sign(key: ParsedKey, data: Buffer, done: SignCallback): void;
  override sign(
    key: ParsedKey,
    data: Buffer,
    options: SigningRequestOptions | SignCallback,
    done?: SignCallback,
  ): void {
    if (typeof options === "function") this.#agent.sign(key, data, options);
    else this.#agent.sign(key, data, options, done);
  }
}
