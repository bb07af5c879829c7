import type { Duplex } from "node:stream";
import {
  isEndOfLibvirt,
  isSilence,
  type KeepaliveSettings,
  type Libvirt,
  LibvirtError,
} from "../libvirt/index.js";
import { Conversation } from "./conversation.js";
import { HostUnreachable, LIBVIRT_ENDED, NoLibvirt } from "./errors.js";
import { type HostFacts, readFacts } from "./facts.js";
import type { HostRef } from "./host-ref.js";
import { type CommandResult, type ReachedHost, reach } from "./libvirt-route.js";
import { Machines } from "./machines.js";
import { Observations } from "./observations.js";
import { ANSWERS_WITHIN_MS } from "./patience.js";

/** How long a failure to connect stands before it is tried again: one time-out a deployment, not one a resource. */
const FAILURE_STANDS_MS = 120_000;
const DEFAULT_CONNECT_TIMEOUT_MS = 10_000;

/** What connections to hosts are for, and whom they tell. */
export interface HostOptions {
  warn: (message: string) => void;
  now: () => number;
  /**
   * Hosts are only looked at: one whose libvirt falls silent is as unreachable as one that doesn't answer to begin with, after as long. Who changes
   * something on a host has more patience, and asks again.
   */
  survey?: boolean;
  /** How long a survey waits for the answer to anything. Default: {@link ANSWERS_WITHIN_MS}. */
  answersWithinMs?: number;
}

/** Unanswered within the time-out for connecting; that has room for two intervals more, in which libvirt was last heard and the silence is found out. */
const UNANSWERED_PINGS = 3;

/** One machine, reached by one connection that all resources share; opened on first use, reopened after a loss. */
export class Host {
  readonly ref: HostRef;
  /** What was read of the host in this deployment. */
  readonly observations: Observations;
  readonly #machines: Machines;
  readonly #warn: (message: string) => void;
  readonly #now: () => number;
  readonly #isSurvey: boolean;
  readonly #answersWithinMs: number;
  readonly #turns = new Map<string, Promise<unknown>>();
  #reaching: Promise<ReachedHost> | undefined;
  #failure: { error: HostUnreachable; atMs: number } | undefined;
  /** Its libvirt was there in this deployment, and ended the connection. */
  #libvirtEnded = false;

  constructor(ref: HostRef, options: HostOptions, machines = new Machines()) {
    this.ref = ref;
    this.#machines = machines;
    this.#warn = options.warn;
    this.#now = options.now;
    this.#isSurvey = options.survey === true;
    this.#answersWithinMs = options.answersWithinMs ?? ANSWERS_WITHIN_MS;
    this.observations = new Observations(this);
  }

  get name(): string {
    return this.ref.name;
  }

  /** The open connection. Throws HostUnreachable, at once when that was found out a short while ago. */
  async reached(): Promise<ReachedHost> {
    if (this.#failure !== undefined && this.#now() - this.#failure.atMs < FAILURE_STANDS_MS)
      throw this.#failure.error;
    this.#reaching ??= this.#open();
    return this.#reaching;
  }

  async libvirt(): Promise<Libvirt> {
    return (await this.reached()).libvirt;
  }

  /** Runs something that may be run twice; when the connection is lost meanwhile, once more over a new one. */
  async idempotent<T>(work: (libvirt: Libvirt) => Promise<T>): Promise<T> {
    const first = await this.reached();
    try {
      return await work(first.libvirt);
    } catch (error) {
      if (!isConnectionLoss(error)) throw error;
      this.#lose(first, error);
      try {
        return await work(await this.libvirt());
      } catch (again) {
        throw isConnectionLoss(again) ? new HostUnreachable(this.name, again) : again;
      }
    }
  }

  /** What the host says of itself. */
  async facts(): Promise<HostFacts> {
    const facts = await this.idempotent(readFacts);
    const { hostKey } = await this.reached();
    this.#machines.meet(facts.uuid, this, { name: this.name, hostname: facts.hostname, hostKey });
    return facts;
  }

  async exec(command: readonly string[], options: { stdin?: string } = {}): Promise<CommandResult> {
    return (await this.reached()).exec(command, options);
  }

  /** A command that is spoken to line by line. */
  async converse(command: readonly string[], options: { signal: AbortSignal }): Promise<Conversation> {
    return new Conversation(await (await this.reached()).open(command, options));
  }

  /** Does one thing at a time: who comes with the same key meanwhile waits for its turn. */
  async exclusively<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(key);
    const turn = (before ?? Promise.resolve()).then(work, work);
    this.#turns.set(key, turn);
    try {
      return await turn;
    } finally {
      if (this.#turns.get(key) === turn) this.#turns.delete(key);
    }
  }

  /** A stream to a TCP address as the host sees it: a guest's, to which there may be no other way. */
  async openTcp(address: string, port: number, options: { signal: AbortSignal }): Promise<Duplex> {
    return (await this.reached()).openTcp(address, port, options);
  }

  /** Where other hosts reach this one. */
  async migrationAddress(): Promise<string> {
    return this.ref.connection.migrationAddress ?? (await this.reached()).address;
  }

  async close(): Promise<void> {
    const reaching = this.#reaching;
    this.#reaching = undefined;
    await reaching?.then(
      (host) => host.close(),
      () => undefined,
    );
  }

  async #open(): Promise<ReachedHost> {
    const timeout = this.ref.connection.connectTimeout;
    const connectTimeoutMs =
      timeout === undefined ? DEFAULT_CONNECT_TIMEOUT_MS : Number.parseInt(timeout, 10);
    const keepalive = this.#isSurvey
      ? { ...silentWithin(connectTimeoutMs), answersWithinMs: this.#answersWithinMs }
      : undefined;
    try {
      const host = await reach(this.ref, { connectTimeoutMs, keepalive, warn: this.#warn });
      void host.closed.then((reason) => this.#lose(host, reason));
      this.#failure = undefined;
      return host;
    } catch (error) {
      this.#reaching = undefined;
      throw this.#fail(error);
    }
  }

  #fail(cause: unknown): HostUnreachable {
    const error = new HostUnreachable(this.name, this.#hasEnded(cause));
    this.#failure = { error, atMs: this.#now() };
    return error;
  }

  /** It was there a moment ago: what may be wrong with the way to it needn't be told. */
  #hasEnded(cause: unknown): unknown {
    if (!this.#libvirtEnded || !(cause instanceof NoLibvirt)) return cause;
    return new Error(
      `libvirt ended the connection, and none answers there since: ${LIBVIRT_ENDED}. Start it (systemctl start libvirtd, or virtqemud), and look into its log (journalctl -u libvirtd, or virtqemud)`,
      { cause },
    );
  }

  #lose(host: ReachedHost, reason: unknown): void {
    if (isEndOfLibvirt(reason)) this.#libvirtEnded = true;
    if (this.#isSurvey && isSilence(reason)) this.#fail(reason);
    this.#forget(host);
  }

  #forget(host: ReachedHost): void {
    const current = this.#reaching;
    void current?.then(
      (open) => {
        if (open === host && this.#reaching === current) this.#reaching = undefined;
      },
      () => undefined,
    );
    void host.close().catch(() => undefined);
    this.observations.dropAll();
  }
}

function isConnectionLoss(error: unknown): boolean {
  return error instanceof LibvirtError && error.kind === "connectionLost";
}

function silentWithin(timeoutMs: number): KeepaliveSettings {
  return { intervalMs: timeoutMs / (UNANSWERED_PINGS + 2), count: UNANSWERED_PINGS };
}
