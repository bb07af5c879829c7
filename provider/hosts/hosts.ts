import { Host, type HostOptions } from "./host.js";
import { connectionKey, type HostRef } from "./host-ref.js";
import { Machines } from "./machines.js";

interface Connections {
  byKey: Map<string, Host>;
  machines: Machines;
}

/** All hosts of a deployment. The provider's process lives as long as the deployment, so this is its pool of connections. */
export class Hosts {
  readonly #connections: Connections;
  readonly #ofStack = new Map<string, HostRef>();
  readonly #declared = new Set<string>();
  #programRuns = false;
  readonly #options: HostOptions;

  constructor(
    options: HostOptions,
    connections: Connections = { byKey: new Map(), machines: new Machines() },
  ) {
    this.#options = options;
    this.#connections = connections;
  }

  /** The hosts of another stack, over the same connections; who has these closes those. */
  ofAnotherStack(): Hosts {
    return new Hosts(this.#options, this.#connections);
  }

  get(ref: HostRef): Host {
    const key = connectionKey(ref);
    const { byKey, machines } = this.#connections;
    const known = byKey.get(key);
    if (known !== undefined) return known;
    const host = new Host(ref, this.#options, machines);
    byKey.set(key, host);
    return host;
  }

  /**
   * Notes a host of the stack: where a VM that isn't where it should be may have been moved to by hand. `byProgram`: the program says so,
   * rather than the state.
   */
  declare(ref: HostRef, from: { byProgram: boolean }): void {
    this.#declared.add(ref.name);
    this.#ofStack.set(ref.name, ref);
    this.#programRuns ||= from.byProgram;
  }

  /** Notes a host that something of the stack is on, whether or not it is declared. */
  use(ref: HostRef, from: { byProgram: boolean }): void {
    if (!this.isDeclared(ref.name)) this.#ofStack.set(ref.name, ref);
    this.#programRuns ||= from.byProgram;
  }

  /** Whether there is a Host of that name. */
  isDeclared(name: string): boolean {
    return this.#declared.has(name);
  }

  /** The stack's hosts that were seen so far in this deployment. */
  declared(): HostRef[] {
    return [...this.#ofStack.values()];
  }

  /**
   * Whether what is declared comes from the program, as in a preview or an update, and what only the state remembers is no host of the stack any
   * more. In a refresh or a destroy the program doesn't run.
   */
  get declaredByProgram(): boolean {
    return this.#programRuns;
  }

  async close(): Promise<void> {
    const { byKey } = this.#connections;
    await Promise.all([...byKey.values()].map((host) => host.close()));
    byKey.clear();
  }
}
