import { RpcKeepaliveError } from "./errors.js";
import { buildFrame, type Frame, MESSAGE, STATUS } from "./frame.js";

/** How a silent peer is noticed: after `count` unanswered pings, one every `intervalMs`. */
export interface KeepaliveSettings {
  readonly intervalMs: number;
  readonly count: number;
  /** How long a call may stay without a reply though pings are answered: its workers may hang where its event loop doesn't. Default: for ever. */
  readonly answersWithinMs?: number | undefined;
}

/** libvirt's own values: 25 to 30 seconds of silence. */
export const DEFAULT_KEEPALIVE: KeepaliveSettings = { intervalMs: 5_000, count: 5 };

const PING = 1;
const PONG = 2;

interface KeepalivePeer {
  send(frame: Buffer): void;
  /** The peer takes no more bytes at the moment. */
  writingBlocked(): boolean;
  /** We hold back reading because a stream's consumer is slow: silence means nothing then. */
  readingPaused(): boolean;
  /** The call that has been without a reply for the longest time, and for how long. */
  longestUnanswered(): { name: string; ms: number } | undefined;
  fail(error: RpcKeepaliveError): void;
}

/** Answers pings and, once started, sends its own. */
export class Keepalive {
  readonly #peer: KeepalivePeer;
  #timer: NodeJS.Timeout | undefined;
  #heard = false;
  #unanswered = 0;

  constructor(peer: KeepalivePeer) {
    this.#peer = peer;
  }

  /** Sends pings from now on. Only after the peer said that it knows keepalive: older ones close on it. */
  start(settings: KeepaliveSettings): void {
    this.stop();
    this.#unanswered = 0;
    this.#timer = setInterval(() => this.#tick(settings), settings.intervalMs);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Any byte from the peer is a sign of life, not only a pong. */
  heard(): void {
    this.#heard = true;
  }

  /** A frame of the keepalive program. Anything but a ping needs no answer. */
  receive(frame: Frame): void {
    // While the peer takes nothing, a pong would only join a queue that a flood of pings makes endless.
    if (frame.procedure === PING && !this.#peer.writingBlocked())
      this.#peer.send(message(PONG, frame.serial));
  }

  #tick(settings: KeepaliveSettings): void {
    const { answersWithinMs } = settings;
    const call = this.#peer.longestUnanswered();
    if (answersWithinMs !== undefined && call !== undefined && call.ms > answersWithinMs) {
      const seconds = Math.floor(call.ms / 1_000);
      this.#peer.fail(
        new RpcKeepaliveError(
          `libvirt has left ${call.name} unanswered for ${seconds} s, though it answers pings: what does its work may hang, on storage that doesn't answer for instance`,
        ),
      );
      return;
    }
    if (this.#heard || this.#peer.readingPaused()) {
      const quiet = !this.#heard;
      this.#heard = false;
      this.#unanswered = 0;
      // The daemon counts our silence too, and we can't see its pings while we don't read.
      if (quiet) this.#ping();
      return;
    }
    if (this.#unanswered >= settings.count) {
      const seconds = (settings.intervalMs * settings.count) / 1_000;
      this.#peer.fail(new RpcKeepaliveError(`libvirt sent nothing for ${seconds} s`));
      return;
    }
    this.#unanswered++;
    this.#ping();
  }

  #ping(): void {
    if (!this.#peer.writingBlocked()) this.#peer.send(message(PING, 0));
  }
}

function message(procedure: number, serial: number): Buffer {
  return buildFrame(
    { program: "keepalive", procedure, type: MESSAGE.event, serial, status: STATUS.ok },
    Buffer.alloc(0),
  );
}
