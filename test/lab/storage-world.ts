import { randomBytes, randomUUID } from "node:crypto";
import type { Deployment } from "../../provider/engine/deployment.js";
import { PartialFailure } from "../../provider/engine/errors.js";
import * as lifecycle from "../../provider/engine/lifecycle.js";
import type { HostRef } from "../../provider/hosts/host-ref.js";
import { Hosts } from "../../provider/hosts/hosts.js";
import type { AnyDefinition } from "../../provider/resources/definition.js";
import type { LabHost } from "../hosts/host.js";
import { Lab, type LabOptions } from "../hosts/lab.js";

type Bag = Record<string, unknown>;

/** Test hosts, and the engine's part for one resource at a time. */
export class StorageWorld implements AsyncDisposable {
  readonly lab: Lab;

  private constructor(lab: Lab) {
    this.lab = lab;
  }

  static async up(prefix: string, options: LabOptions = {}): Promise<StorageWorld> {
    return new StorageWorld(await Lab.up({ hosts: 2, prefix, sharedFolder: true, ...options }));
  }

  host(name: string): LabHost {
    return this.lab.host(name);
  }

  connection(name: string): HostRef["connection"] {
    return {
      address: this.host(name).address,
      user: "root",
      sshConfig: false,
      agent: false,
      knownHosts: this.lab.knownHostsPath,
      connectTimeout: "3000ms",
    };
  }

  get credentials(): HostRef["credentials"] {
    return { privateKey: this.lab.privateKey };
  }

  ref(name: string): HostRef {
    return { name, connection: this.connection(name), credentials: this.credentials };
  }

  /** The inputs of what is on a host. */
  onHost(host: string): { host: string } & Omit<HostRef, "name"> {
    return { host, connection: this.connection(host), credentials: this.credentials };
  }

  /** What is in a folder, hidden files too. */
  async ls(host: string, folder: string): Promise<string[]> {
    const listing = await this.host(host).shell(`ls -A '${folder}'`);
    return listing.split("\n").filter((name) => name !== "");
  }

  async exists(host: string, path: string): Promise<boolean> {
    return (await this.host(host).exec(["test", "-e", path])).exitCode === 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lab.close();
  }
}

/** A deployment: each has connections of its own, as a new process has them. */
export class Deployed implements AsyncDisposable {
  readonly deployment: Deployment;
  /** What the engine was told to show, progress too. */
  readonly said: string[] = [];

  constructor(declared: HostRef[] = [], known?: Deployment) {
    if (known !== undefined) {
      this.deployment = known;
      return;
    }
    const log = async ({ message }: { message: string }) => {
      this.said.push(message);
    };
    const hosts = new Hosts({ warn: () => undefined, now: Date.now });
    for (const ref of declared) hosts.declare(ref, { byProgram: true });
    this.deployment = {
      hosts,
      engine: { log, gone: new AbortController().signal },
      now: Date.now,
      randomUuid: randomUUID,
      randomNonce: () => randomBytes(8).toString("hex"),
      run: { id: randomUUID(), holder: "test" },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.deployment.hosts.close();
  }
}

/** Somebody else ends it. */
class Borrowed extends Deployed {
  constructor({ deployment }: Deployed) {
    super([], deployment);
  }

  override async [Symbol.asyncDispose](): Promise<void> {}
}

interface Said {
  effects: string[];
  refusals: string[];
}

function saidBy({ inputs, failures }: Awaited<ReturnType<typeof lifecycle.check>>): Said {
  return { effects: (inputs as Bag).effects as string[], refusals: failures.map(({ reason }) => reason) };
}

/** One declared resource and its state over several deployments, as the engine keeps it. */
export class Declared {
  readonly #definition: AnyDefinition;
  readonly #hosts: HostRef[];
  readonly #shared: Deployed | undefined;
  id: string | undefined;
  state: Bag = {};
  /** What was said in the last run. */
  said: readonly string[] = [];

  /** `shared`: one deployment for all calls, which looks anew at each: quicker, by what connecting takes. */
  constructor(definition: AnyDefinition, hosts: HostRef[] = [], shared?: Deployed) {
    this.#definition = definition;
    this.#hosts = hosts;
    this.#shared = shared;
  }

  #deployed(): Deployed {
    if (this.#shared === undefined) {
      const run = new Deployed(this.#hosts);
      this.said = run.said;
      return run;
    }
    for (const ref of this.#hosts) this.#shared.deployment.hosts.get(ref).observations.dropAll();
    return new Borrowed(this.#shared);
  }

  /** What a preview says; `replacement` is what it says of the one that comes in its place. */
  async preview(
    inputs: Bag,
  ): Promise<Said & { diff?: Awaited<ReturnType<typeof lifecycle.diff>>; replacement?: Said }> {
    await using run = this.#deployed();
    const checked = await lifecycle.check(this.#definition, run.deployment, this.state, inputs);
    const said = saidBy(checked);
    if (this.id === undefined || said.refusals.length > 0) return said;
    const news = checked.inputs as Bag;
    const diff = await lifecycle.diff(this.#definition, run.deployment, this.id, this.state, news);
    if (!diff.replaces) return { ...said, diff };
    const anew = await lifecycle.check(this.#definition, run.deployment, {}, inputs);
    return { ...said, diff, replacement: saidBy(anew) };
  }

  /** Checks and creates or updates, in a process of its own; returns what was said to be done. */
  async up(inputs: Bag): Promise<string[]> {
    await using run = this.#deployed();
    const checked = await lifecycle.check(this.#definition, run.deployment, this.state, inputs);
    if (checked.failures.length > 0) throw new Error(checked.failures.map(({ reason }) => reason).join("; "));
    return await this.apply(checked.inputs as Bag, run);
  }

  /** Creates or updates without a check before, as if the hosts had changed since. */
  async apply(inputs: Bag, run?: Deployed): Promise<string[]> {
    await using own = run === undefined ? this.#deployed() : new Borrowed(run);
    const { deployment } = own;
    try {
      if (this.id === undefined) {
        const made = await lifecycle.create(this.#definition, deployment, inputs);
        this.id = made.id;
        this.state = made.outs;
      } else {
        const made = await lifecycle.update(this.#definition, deployment, this.id, this.state, inputs);
        this.state = made.outs;
      }
    } catch (error) {
      if (error instanceof PartialFailure) {
        this.id = error.id;
        this.state = error.properties;
      }
      throw error;
    }
    return this.state.effects as string[];
  }

  async read(): Promise<string> {
    await using run = this.#deployed();
    const found = await lifecycle.read(this.#definition, run.deployment, this.id ?? "", this.state);
    if (found.id !== "") this.state = found.props;
    return found.id;
  }

  async remove(): Promise<void> {
    await using run = this.#deployed();
    // Another deployment than the one that made it, over the same connections.
    await lifecycle.remove(this.#definition, { ...run.deployment }, this.id ?? "", this.state);
  }

  /** As where the engine deletes what is replaced after it has had the replacement made. */
  async replaceLate(inputs: Bag): Promise<readonly string[]> {
    await using run = new Deployed(this.#hosts);
    const { id = "", state } = this;
    this.id = undefined;
    await this.apply(inputs, run);
    await lifecycle.remove(this.#definition, run.deployment, id, state);
    return run.said;
  }
}
