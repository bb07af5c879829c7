import { decodeFields } from "./codec.js";
import {
  decodeRemoteError,
  decoding,
  RpcAbortedError,
  RpcClosedError,
  type RpcError,
  RpcTimeoutError,
} from "./errors.js";
import type { ProcedureSpec } from "./field-spec.js";
import { type Frame, STATUS } from "./frame.js";

// setTimeout takes no longer delay.
const LONGEST_TIMEOUT_MS = 0x7fff_ffff;

/** A call from its queueing to its reply. Its promise may settle earlier: at its deadline, on abort, on close. */
export class PendingCall {
  readonly promise: Promise<unknown>;
  readonly name: string;
  readonly #spec: ProcedureSpec;
  readonly #signal: AbortSignal | undefined;
  readonly #timer: NodeJS.Timeout;
  #sent = false;
  #sentAtMs = Number.POSITIVE_INFINITY;
  #settled = false;
  #resolve: (result: unknown) => void = () => {};
  #reject: (error: Error) => void = () => {};
  readonly #onAbort = () => {
    const cause = this.#signal?.reason;
    this.#fail(new RpcAbortedError(`${this.name} was aborted`, { sent: this.#sent, cause }));
  };
  /** Called when the promise settles before the reply came. */
  onGivenUp: (sent: boolean, error: RpcError) => void = () => {};

  constructor(name: string, spec: ProcedureSpec, timeoutMs: number, signal: AbortSignal | undefined) {
    this.name = name;
    this.#spec = spec;
    this.#signal = signal;
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#timer = setTimeout(
      () => {
        const waited = this.#sent ? "had no reply" : "could not be sent";
        this.#fail(new RpcTimeoutError(`${name} ${waited} within ${timeoutMs} ms`, { sent: this.#sent }));
      },
      Math.min(timeoutMs, LONGEST_TIMEOUT_MS),
    );
    signal?.addEventListener("abort", this.#onAbort, { once: true });
  }

  get settled(): boolean {
    return this.#settled;
  }

  /** It is on its way: from now on its effect is unknown until the reply. */
  markSent(): void {
    this.#sent = true;
    this.#sentAtMs = performance.now();
  }

  /** How long it has been without a reply. */
  get unansweredMs(): number {
    return performance.now() - this.#sentAtMs;
  }

  /** Takes the reply. Throws RpcProtocolError when it can't be read; the call is rejected when the connection closes. */
  receive(frame: Frame): void {
    if (this.#settled) return;
    if (frame.status === STATUS.error) {
      const error = decodeRemoteError(frame.payload);
      this.#settle();
      this.#reject(error);
      return;
    }
    const result = decoding(`the reply to ${this.name}`, () =>
      decodeFields(this.#spec.result, frame.payload),
    );
    this.#settle();
    this.#resolve(result);
  }

  /** The connection has ended. */
  closed(message: string, cause: Error | undefined): void {
    if (this.#settled) return;
    this.#settle();
    this.#reject(new RpcClosedError(`${this.name}: ${message}`, { sent: this.#sent, cause }));
  }

  #fail(error: RpcError): void {
    if (this.#settled) return;
    this.#settle();
    this.#reject(error);
    this.onGivenUp(this.#sent, error);
  }

  #settle(): void {
    this.#settled = true;
    clearTimeout(this.#timer);
    this.#signal?.removeEventListener("abort", this.#onAbort);
  }
}
