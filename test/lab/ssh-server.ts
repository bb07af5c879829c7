import { execFileSync, spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";

export type KeyType = "ed25519" | "ecdsa" | "rsa";

/** A folder of one test file's own: keys, a home directory, servers; all of it goes when it is disposed of. */
export class SshScratch implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), "kvm-ssh-"));
  readonly home = join(this.folder, "home");
  readonly user = userInfo().username;

  constructor() {
    mkdirSync(join(this.home, ".ssh"), { recursive: true, mode: 0o700 });
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  write(name: string, text: string, mode = 0o600): string {
    const path = this.path(name);
    writeFileSync(path, text);
    chmodSync(path, mode);
    return path;
  }

  /** Makes a key pair; returns the private key's path. */
  key(
    name: string,
    type: KeyType = "ed25519",
    options: { passphrase?: string; format?: string } = {},
  ): string {
    const path = this.path(name);
    const format = options.format === undefined ? [] : ["-m", options.format];
    const bits = type === "rsa" ? ["-b", "2048"] : [];
    execFileSync("ssh-keygen", [
      ...["-q", "-t", type, ...bits, ...format, "-C", name, "-N", options.passphrase ?? "", "-f", path],
    ]);
    return path;
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The text of a key file. */
export function textOf(path: string): string {
  return readFileSync(path, "utf8");
}

/** "SHA256:..." of a key, as ssh-keygen has it. */
export function fingerprint(keyPath: string): string {
  const [, print] = execFileSync("ssh-keygen", ["-l", "-f", `${keyPath}.pub`], { encoding: "utf8" }).split(
    " ",
  );
  return print ?? "";
}

/** "ssh-ed25519 AAAA..." of a key. */
export function publicKey(keyPath: string): string {
  return textOf(`${keyPath}.pub`).trim().split(" ").slice(0, 2).join(" ");
}

/** A port of the loopback that nobody listens on at this moment. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}

/** An OpenSSH server on the loopback with its own configuration, host keys and authorized keys. */
export class SshServer implements AsyncDisposable {
  readonly port: number;
  readonly #process: ReturnType<typeof spawn>;
  readonly #log: { text: string };

  private constructor(port: number, process: ReturnType<typeof spawn>, log: { text: string }) {
    this.port = port;
    this.#process = process;
    this.#log = log;
  }

  static async start(
    scratch: SshScratch,
    options: { hostKeys: readonly string[]; authorized: readonly string[]; config?: readonly string[] },
  ): Promise<SshServer> {
    const port = await freePort();
    // As root, sshd wants this folder, which only its service makes.
    if (process.getuid?.() === 0) mkdirSync("/run/sshd", { recursive: true, mode: 0o755 });
    const authorized = scratch.write(
      `authorized-${port}`,
      options.authorized.map((key) => textOf(`${key}.pub`)).join(""),
    );
    const config = scratch.write(
      `sshd-${port}.conf`,
      [
        ...(options.config ?? []),
        `Port ${port}`,
        "ListenAddress 127.0.0.1",
        ...options.hostKeys.map((key) => `HostKey ${key}`),
        `AuthorizedKeysFile ${authorized}`,
        "StrictModes no",
        "PermitRootLogin yes",
        "PasswordAuthentication no",
        "KbdInteractiveAuthentication no",
        "UsePAM no",
        "PidFile none",
        "MaxStartups 1000",
        "LogLevel VERBOSE",
        "",
      ].join("\n"),
    );
    const log = { text: "" };
    const process_ = spawn("/usr/sbin/sshd", ["-D", "-e", "-f", config], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    await new Promise<void>((resolve, reject) => {
      process_.stderr.on("data", (chunk: Buffer) => {
        log.text += chunk.toString();
        if (log.text.includes("Server listening on")) resolve();
      });
      process_.on("exit", (code) => reject(new Error(`sshd ended with ${code}: ${log.text}`)));
    });
    return new SshServer(port, process_, log);
  }

  get log(): string {
    return this.#log.text;
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  /** The processes that serve sessions. */
  get sessionPids(): number[] {
    return childrenOf(this.pid);
  }

  [Symbol.asyncDispose](): Promise<void> {
    const sessions = this.sessionPids;
    return new Promise((resolve) => {
      if (this.#process.exitCode !== null || this.#process.signalCode !== null) return resolve();
      this.#process.once("exit", () => resolve());
      for (const pid of sessions.flatMap((each) => [...childrenOf(each), each]))
        signalIfThere(pid, "SIGKILL");
      this.#process.kill("SIGKILL");
    });
  }
}

/** The processes that a process has started. */
export function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

function signalIfThere(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended already.
  }
}
