import { once } from "node:events";
import { Duplex } from "node:stream";
import { connect } from "node:tls";
import { oneLine } from "../../provider/hosts/errors.js";

/** RFC 6143 and VeNCrypt's registered numbers. */
const SECURITY = { none: 1, password: 2, veNCrypt: 19 } as const;
const SUBTYPE = { x509None: 260, x509Password: 261 } as const;
const VERSION = Buffer.from("RFB 003.008\n");
const ANSWERS_WITHIN_MS = 10_000;

/** A VNC server lets nobody in whom the page could bring; the message says why and what helps. */
export class UnusableVnc extends Error {
  override readonly name = "UnusableVnc";
}

/**
 * A connection to a VNC server on which noVNC finds what it knows: no security, or a password. Of a server with TLS the encryption ends here;
 * the way to its host is SSH's, which has verified that host, so that the certificate has nothing to add.
 */
export async function usableVnc(
  open: (signal: AbortSignal) => Promise<Duplex>,
  signal: AbortSignal,
): Promise<Duplex> {
  const bounded = AbortSignal.any([signal, AbortSignal.timeout(ANSWERS_WITHIN_MS)]);
  const asked = await open(signal);
  try {
    const types = await securityTypes(asked, bounded);
    if (types.some((type) => type === SECURITY.none || type === SECURITY.password)) {
      // What was read of it the page has to read itself.
      asked.destroy();
      return await open(signal);
    }
    if (!types.includes(SECURITY.veNCrypt))
      throw new UnusableVnc(
        `its VNC server lets viewers in by ways that the page lacks (security types ${types.join(", ")}; 20 is SASL, vnc_sasl in /etc/libvirt/qemu.conf); --vnc-port passes a port on to a viewer that has them`,
      );
    return await withoutTls(asked, bounded);
  } catch (error) {
    asked.destroy();
    throw error;
  }
}

async function securityTypes(stream: Duplex, signal: AbortSignal): Promise<number[]> {
  const version = (await take(stream, VERSION.length, signal)).toString("latin1");
  if (!/^RFB 003\.(00[78]|889)\n$/.test(version))
    throw new UnusableVnc(
      `what listens there is no VNC server that the page knows: ${JSON.stringify(version)}`,
    );
  stream.write(VERSION);
  const [count = 0] = await take(stream, 1, signal);
  if (count > 0) return [...(await take(stream, count, signal))];
  const length = (await take(stream, 4, signal)).readUInt32BE();
  const reason = await take(stream, Math.min(length, 1_000), signal);
  throw new UnusableVnc(`its VNC server lets nobody in: ${reason.toString("utf8")}`);
}

async function withoutTls(stream: Duplex, signal: AbortSignal): Promise<Duplex> {
  stream.write(Buffer.from([SECURITY.veNCrypt]));
  await take(stream, 2, signal);
  stream.write(Buffer.from([0, 2]));
  const [refused = 0] = await take(stream, 1, signal);
  const [count = 0] = refused === 0 ? await take(stream, 1, signal) : [];
  const offered = await take(stream, count * 4, signal);
  const subtypes = Array.from({ length: count }, (_, i) => offered.readUInt32BE(i * 4));
  const subtype = Object.values(SUBTYPE).find((one) => subtypes.includes(one));
  if (subtype === undefined)
    throw new UnusableVnc(
      `its VNC server wants TLS in a way that the page lacks (VeNCrypt ${subtypes.join(", ") || "0.2 refused"}); --vnc-port passes a port on to a viewer that has it`,
    );
  const choice = Buffer.alloc(4);
  choice.writeUInt32BE(subtype);
  stream.write(choice);
  const [accepted = 0] = await take(stream, 1, signal);
  if (accepted !== 1) throw new UnusableVnc("its VNC server refuses the TLS that it offers");
  const secure = connect({ socket: stream, rejectUnauthorized: false });
  stream.on("close", () => secure.destroy());
  try {
    await once(secure, "secureConnect", { signal });
    // The server's first word: only then has it looked at who we are.
    await untilReadable(secure, signal);
  } catch (error) {
    secure.destroy();
    throw new UnusableVnc(
      `its VNC server ends the TLS connection (${oneLine(error)}); one that wants certificates of viewers (vnc_tls_x509_verify in /etc/libvirt/qemu.conf) is for viewers that have one, by --vnc-port`,
      { cause: error },
    );
  }
  return new PlainVnc(secure, subtype === SUBTYPE.x509None ? SECURITY.none : SECURITY.password);
}

/** Begins the conversation with the viewer anew; where the server is waiting for the viewer's answer it goes on as it comes. */
class PlainVnc extends Duplex {
  readonly #secure: Duplex;
  readonly #security: number;
  #answer = Buffer.alloc(0);
  #isJoined = false;

  constructor(secure: Duplex, security: number) {
    super();
    this.#secure = secure;
    this.#security = security;
    this.push(VERSION);
    secure.on("error", (error) => this.destroy(error));
    secure.on("close", () => this.destroy());
  }

  override _read(): void {
    if (this.#isJoined) this.#secure.resume();
  }

  override _write(chunk: Buffer, _: string, done: (error?: Error | null) => void): void {
    if (this.#isJoined) {
      this.#secure.write(chunk, done);
      return;
    }
    const before = this.#answer.length;
    this.#answer = Buffer.concat([this.#answer, chunk]);
    if (before < VERSION.length && this.#answer.length >= VERSION.length)
      this.push(Buffer.from([1, this.#security]));
    if (this.#answer.length > VERSION.length) this.#join();
    const rest = this.#answer.subarray(VERSION.length + 1);
    if (rest.length === 0) done();
    else this.#secure.write(rest, done);
  }

  override _final(done: () => void): void {
    this.#secure.end(done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#secure.destroy();
    done(error);
  }

  #join(): void {
    this.#isJoined = true;
    this.#secure.on("data", (chunk: Buffer) => {
      if (!this.push(chunk)) this.#secure.pause();
    });
    this.#secure.on("end", () => this.push(null));
    this.#secure.resume();
  }
}

/** Exactly so many bytes; the server says no more before it has an answer. */
async function take(stream: Duplex, length: number, signal: AbortSignal): Promise<Buffer> {
  if (length === 0) return Buffer.alloc(0);
  for (;;) {
    const chunk = stream.read(length) as Buffer | null;
    if (chunk !== null && chunk.length === length) return chunk;
    if (chunk !== null) throw new UnusableVnc("its VNC server ends the connection at once");
    await untilReadable(stream, signal);
  }
}

async function untilReadable(stream: Duplex, signal: AbortSignal): Promise<void> {
  while (stream.readableLength === 0) {
    await untilSomething(stream, signal);
    // That also comes when there is nothing more; only who reads on is told that it is the end.
    stream.read(0);
  }
}

async function untilSomething(stream: Duplex, signal: AbortSignal): Promise<void> {
  if (stream.destroyed || stream.readableEnded)
    throw new UnusableVnc("its VNC server ends the connection at once");
  const over = new AbortController();
  const ends = { signal: AbortSignal.any([signal, over.signal]) };
  const ended = ["end", "close"].map(async (event): Promise<never> => {
    await once(stream, event, ends);
    throw new UnusableVnc("its VNC server ends the connection at once");
  });
  try {
    await Promise.race([once(stream, "readable", ends), ...ended]);
  } catch (error) {
    if (signal.aborted)
      throw new UnusableVnc(`its VNC server says nothing within ${ANSWERS_WITHIN_MS / 1000} s`, {
        cause: error,
      });
    throw error;
  } finally {
    over.abort();
  }
}
