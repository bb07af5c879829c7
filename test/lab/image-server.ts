import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** How one file is served. */
export interface Served {
  content: Buffer;
  /** Break off after so many bytes of an answer, once for each entry. */
  cuts?: number[];
  /** Without it the server knows nothing of ranges. */
  ranges?: boolean;
  status?: number;
  /** Bytes a second. */
  rate?: number;
  /** What the client should be told of the content's version. */
  tag?: string;
  redirectTo?: string;
}

/** What a client asked for. */
export interface Asked {
  path: string;
  range: string | undefined;
  from: string;
  agent: string;
}

/** A real HTTP server on an address of the lab's network, that can misbehave. */
export class ImageServer implements AsyncDisposable {
  readonly files = new Map<string, Served>();
  readonly asked: Asked[] = [];
  readonly #server: Server;
  readonly #address: string;

  private constructor(server: Server, address: string) {
    this.#server = server;
    this.#address = address;
    server.on("request", (request, response) => void this.#answer(request, response));
  }

  static async start(address: string): Promise<ImageServer> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, address, resolve));
    return new ImageServer(server, address);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  url(path: string): string {
    return `http://${this.#address}:${this.port}/${path}`;
  }

  /** Serves a file, and returns its address. */
  serve(path: string, content: Buffer | string, how: Omit<Served, "content"> = {}): string {
    this.files.set(`/${path}`, { ranges: true, ...how, content: Buffer.from(content) });
    return this.url(path);
  }

  /** Whole or partial transfers of a file by hosts, without the looks that this machine takes at its beginning. */
  transfers(path: string): Asked[] {
    return this.asked.filter((asked) => asked.path === `/${path}` && asked.range !== "bytes=0-65535");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = decodeURIComponent(request.url ?? "");
    const { range, "user-agent": agent = "" } = request.headers;
    this.asked.push({ path, range, agent, from: request.socket.remoteAddress ?? "" });
    const file = this.files.get(path);
    if (file === undefined || file.status !== undefined) {
      response.writeHead(file?.status ?? 404).end("no such file");
      return;
    }
    if (file.redirectTo !== undefined) {
      response.writeHead(302, { location: file.redirectTo }).end();
      return;
    }
    const asked = file.ranges === true ? /^bytes=(\d+)-(\d*)$/.exec(range ?? "") : null;
    const from = asked === null ? 0 : Number(asked[1]);
    const size = file.content.length;
    if (from >= size && asked !== null) {
      response.writeHead(416, { "content-range": `bytes */${size}` }).end();
      return;
    }
    const to = asked?.[2] ? Math.min(Number(asked[2]) + 1, size) : size;
    const body = file.content.subarray(from, to);
    response.writeHead(asked === null ? 200 : 206, {
      "content-length": body.length,
      ...(file.tag === undefined ? {} : { etag: file.tag }),
      ...(asked === null ? {} : { "content-range": `bytes ${from}-${to - 1}/${size}` }),
    });
    const isLook = range === "bytes=0-65535";
    const cut = isLook ? undefined : file.cuts?.shift();
    await this.#send(response, cut === undefined ? body : body.subarray(0, cut), file.rate);
    if (cut === undefined) response.end();
    else request.socket.destroy();
  }

  async #send(response: ServerResponse, body: Buffer, rate: number | undefined): Promise<void> {
    const step = rate === undefined ? body.length : Math.ceil(rate / 20);
    for (let at = 0; at < body.length && !response.destroyed; at += step) {
      await new Promise((resolve) => response.write(body.subarray(at, at + step), resolve));
      if (rate !== undefined) await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

export function sha256(content: Buffer | string): string {
  return createHash("sha256").update(content).digest("hex");
}
