import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { image } from "../../provider/resources/image/index.js";
import { mustRun } from "../hosts/command.js";
import type { LabOptions } from "../hosts/lab.js";
import { ImageServer } from "./image-server.js";
import { Declared, type Deployed, StorageWorld } from "./storage-world.js";

/** Hosts with an empty pool each, a server of files, and a folder of this machine. */
export class ImageWorld implements AsyncDisposable {
  readonly pool = "images";
  readonly folder = "/var/lib/libvirt/images";
  readonly storage: StorageWorld;
  readonly server: ImageServer;
  readonly scratch: string;

  private constructor(storage: StorageWorld, server: ImageServer, scratch: string) {
    this.storage = storage;
    this.server = server;
    this.scratch = scratch;
  }

  static async up(prefix: string, options: LabOptions = {}): Promise<ImageWorld> {
    const storage = await StorageWorld.up(prefix, options);
    const server = await ImageServer.start(storage.lab.gateway);
    const scratch = await mkdtemp(join(tmpdir(), "pulumi-kvm-images-"));
    const world = new ImageWorld(storage, server, scratch);
    for (const host of storage.lab.hosts) {
      await host.virsh("pool-define-as", world.pool, "dir", "--target", world.folder);
      await host.virsh("pool-start", world.pool);
    }
    return world;
  }

  declared(shared?: Deployed, hosts: readonly string[] = ["alpha", "beta"]): Declared {
    return new Declared(
      image,
      hosts.map((host) => this.storage.ref(host)),
      shared,
    );
  }

  inputsOf(name: string, more: Record<string, unknown>, hosts: readonly string[] = ["alpha"]) {
    return {
      pulumiUrn: `urn:pulumi:lab::test::pulumi-kvm:Image::${name}`,
      hosts: Object.fromEntries(hosts.map((host) => [host, this.storage.connection(host)])),
      credentials: Object.fromEntries(hosts.map((host) => [host, this.storage.credentials])),
      ...{ name, pool: this.pool, ...more },
    };
  }

  /** What is in the pool's folder, hidden files too. */
  ls(host = "alpha"): Promise<string[]> {
    return this.storage.ls(host, this.folder);
  }

  /** Without the marks beside volumes. */
  async files(host = "alpha"): Promise<string[]> {
    return (await this.ls(host)).filter((name) => !/^\.pulumi-kvm\.\w{16}\.\w{16}\./.test(name));
  }

  async sha256(volume: string, host = "alpha"): Promise<string> {
    return (await this.storage.host(host).shell(`sha256sum <'${this.folder}/${volume}'`)).slice(0, 64);
  }

  async info(volume: string, host = "alpha"): Promise<Record<string, unknown>> {
    return JSON.parse(
      await this.storage.host(host).shell(`qemu-img info -U --output=json '${this.folder}/${volume}'`),
    ) as Record<string, unknown>;
  }

  /** Runs a line of shell in the folder of this machine, and gives the file that it made there. */
  async made(file: string, line: string): Promise<Buffer> {
    await mustRun(["sh", "-ec", 'cd "$1"; shift; eval "$1"', "sh", this.scratch, line]);
    return readFile(join(this.scratch, file));
  }

  /** That a guest would see in a volume what is in a raw image of this machine. */
  async expectSame(volume: string, rawFile: string, host = "alpha"): Promise<void> {
    const path = this.storage.host(host).outsidePath(`${this.folder}/${volume}`);
    await mustRun(["qemu-img", "compare", "-U", "-F", "raw", path, join(this.scratch, rawFile)]);
  }

  /** Takes everything out of the pools, marks too. */
  async clear(): Promise<void> {
    for (const host of this.storage.lab.hosts) {
      await host.shell(`find '${this.folder}' -mindepth 1 -delete`);
      await host.virsh("pool-refresh", this.pool);
    }
  }

  async write(file: string, content: Uint8Array): Promise<string> {
    const path = join(this.scratch, file);
    await writeFile(path, content);
    return path;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]();
    await rm(this.scratch, { recursive: true, force: true });
    await this.storage.lab.close();
  }
}
