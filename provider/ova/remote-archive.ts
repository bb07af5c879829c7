import { spawnSync } from "node:child_process";
import { parseSource } from "../resources/image/source.js";

/** What is read at once at the beginning: in an OVA the description comes first. */
const HEAD_BYTES = 256 * 1024;
const LONGEST_BYTES = 32 * 1024 * 1024;
const ANSWER_WITHIN_MS = 60_000;

/**
 * Programs are written without waiting, so that another process waits for the server. The address, which may hold a login, comes by its standard
 * input: command lines are seen by everybody.
 */
const reader = `
const { address, authorization, from, to } = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
const write = (kind, bytes) => process.stdout.write(Buffer.concat([Buffer.from(kind + "\\n"), bytes]));
(async () => {
  const response = await fetch(address, {
    headers: { range: "bytes=" + from + "-" + (to - 1), "accept-encoding": "identity", "user-agent": "pulumi-kvm", ...(authorization && { authorization }) },
    signal: AbortSignal.timeout(${ANSWER_WITHIN_MS}),
  });
  if (response.status === 416) return write("part", Buffer.alloc(0));
  if (response.status === 206) return write("part", Buffer.from(await response.arrayBuffer()));
  if (response.status !== 200) return write("status " + response.status, Buffer.alloc(0));
  // It knows nothing of parts: all of it comes from its beginning on.
  const chunks = [];
  let bytes = 0;
  for await (const chunk of response.body) {
    chunks.push(chunk);
    if ((bytes += chunk.length) >= to) break;
  }
  write("whole", Buffer.concat(chunks).subarray(0, to));
})().then(
  () => process.exit(0),
  (error) => {
    process.stderr.write(String(error.cause?.message || error.cause?.code || error.message));
    process.exit(1);
  },
);
`;

/** An archive behind an address, of which only parts are read. */
export class RemoteArchive {
  /** For messages. */
  readonly label: string;
  readonly #address: string;
  readonly #authorization: string | undefined;
  #head: Buffer = Buffer.alloc(0);
  #knowsParts = true;

  constructor(text: string) {
    const { url, label } = parseSource(text) as { url: URL; label: string };
    this.label = label;
    const address = new URL(url);
    const { username, password } = address;
    address.username = "";
    address.password = "";
    this.#address = address.href;
    const login = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    this.#authorization = login === ":" ? undefined : `Basic ${Buffer.from(login).toString("base64")}`;
    this.#head = this.#fetch(0, HEAD_BYTES);
  }

  /** Whether any part of it can be read, not only its beginning. */
  get knowsParts(): boolean {
    return this.#knowsParts;
  }

  /** Fewer bytes than were asked for at its end, or where the server can't go. */
  read(at: number, bytes: number): Buffer {
    if (at + bytes <= this.#head.length || (at < HEAD_BYTES && this.#head.length < HEAD_BYTES))
      return this.#head.subarray(at, at + bytes);
    if (this.#knowsParts) return this.#fetch(at, bytes);
    if (at > HEAD_BYTES || at + bytes > LONGEST_BYTES) return Buffer.alloc(0);
    this.#head = this.#fetch(0, at + bytes);
    return this.#head.subarray(at, at + bytes);
  }

  #fetch(from: number, bytes: number): Buffer {
    const { stdout, stderr, status, error } = spawnSync(process.execPath, ["-e", reader], {
      input: JSON.stringify({
        ...{ address: this.#address, authorization: this.#authorization },
        ...{ from, to: from + bytes },
      }),
      maxBuffer: LONGEST_BYTES + 1024,
      // What this process was started with is not for that one.
      env: { ...process.env, NODE_OPTIONS: "" },
    });
    if (error !== undefined) throw error;
    const end = stdout.indexOf(10);
    if (status !== 0 || end < 0) throw new Error(`can't be read from here: ${stderr.toString().trim()}`);
    const [kind, code] = stdout.toString("latin1", 0, end).split(" ");
    if (kind === "status") throw new Error(`can't be read from here: the server answers ${code}`);
    if (kind === "whole") this.#knowsParts = false;
    return stdout.subarray(end + 1);
  }
}
