import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { oneLine } from "../../provider/hosts/errors.js";
import { noVncFiles } from "./novnc-files.js";
import { OneTimeToken } from "./one-time-token.js";
import { contentSecurityPolicy, ELSEWHERE, screenPage, screenScript, screenStyle } from "./screen-page.js";

/** A connection to the VM's VNC server, where the VM is now. */
export interface OpenedScreen {
  stream: Duplex;
  title: string;
  /** The VNC server's password; it goes to the page's own connection only. */
  password: string | undefined;
  /** Asked when the stream has ended by itself: why it did, or "elsewhere" when the VM is to be found on another host. */
  ended: () => Promise<{ text: string } | "elsewhere">;
}

/** Close codes of RFC 6455, and one of our own: the page is to come back. A reason has at most 123 bytes. */
const CLOSE = { normal: 1000, wentWrong: 1011, elsewhere: ELSEWHERE } as const;
const LONGEST_REASON = 123;
const PROTOCOL = "kvm-screen";
const LARGEST_MESSAGE_BYTES = 2 ** 20;
/** A page that is told its password is wrong comes back with another one; one whose VM has moved comes back by itself. */
const COMES_BACK_WITHIN_MS = 3_000;
const OPENS_WITHIN_MS = 30_000;

/**
 * The page with a VM's screen, for one viewer of this machine. A link is good for one visit; the page that it gives has a key of its own,
 * with which it alone opens the screen. Names of other sites that lead here (DNS rebinding), and pages of other sites, are refused.
 */
export class ScreenServer {
  /** Once for each viewer, and again when the VM has moved. */
  readonly #open: () => Promise<OpenedScreen>;
  readonly #title: string;
  readonly #server: Server;
  readonly #sockets = new WebSocketServer({
    ...{ noServer: true, perMessageDeflate: false, maxPayload: LARGEST_MESSAGE_BYTES },
    handleProtocols: () => PROTOCOL,
  });
  readonly #files: Map<string, string>;
  #token = new OneTimeToken();
  #key: OneTimeToken | undefined;
  #viewer: WebSocket | undefined;
  #used: (() => void) | undefined;
  #left: ((failure: string | undefined) => void) | undefined;
  #failure: string | undefined;
  #leaving: NodeJS.Timeout | undefined;

  private constructor(open: () => Promise<OpenedScreen>, title: string, files: Map<string, string>) {
    this.#open = open;
    this.#title = title;
    this.#files = files;
    this.#server = createServer((request, response) => void this.#answer(request, response));
    this.#server.on("upgrade", (request, socket, head) => this.#upgrade(request, socket, head));
  }

  static async start(open: () => Promise<OpenedScreen>, title: string): Promise<ScreenServer> {
    const made = new ScreenServer(open, title, await noVncFiles());
    for (const address of ["127.0.0.1", "::1"])
      try {
        made.#server.listen(0, address);
        await once(made.#server, "listening");
        return made;
      } catch (error) {
        // A machine without IPv4.
        if ((error as NodeJS.ErrnoException).code !== "EADDRNOTAVAIL") throw error;
      }
    throw new Error("this machine has no loopback address");
  }

  get address(): { address: string; port: number } {
    const { address, port } = this.#server.address() as AddressInfo;
    return { address, port };
  }

  /** A new link; one that nobody used is void. */
  renew(): { url: string; token: string } {
    this.#token = new OneTimeToken();
    this.#key = undefined;
    return { url: `http://${this.#host}/?token=${this.#token.text}`, token: this.#token.text };
  }

  /** Resolves when somebody uses the link. */
  used(): Promise<void> {
    return new Promise((resolve) => {
      this.#used = resolve;
    });
  }

  /** Resolves when whoever used the link has gone: with the reason, when the screen couldn't be opened. */
  viewerLeft(): Promise<string | undefined> {
    this.#failure = undefined;
    return new Promise((resolve) => {
      this.#left = resolve;
    });
  }

  async close(reason: string): Promise<void> {
    clearTimeout(this.#leaving);
    this.#viewer?.close(CLOSE.normal, shortened(reason));
    this.#sockets.close();
    const closed = once(this.#server, "close");
    this.#server.close();
    // A viewer that doesn't answer the goodbye isn't waited for.
    const timer = setTimeout(() => {
      this.#viewer?.terminate();
      this.#server.closeAllConnections();
    }, 500);
    this.#server.closeIdleConnections();
    await closed;
    clearTimeout(timer);
  }

  get #host(): string {
    const { address, port } = this.address;
    return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
  }

  /** Undefined when the request is for another name than ours, as with a name that somebody lets point here. */
  #ownHost({ headers: { host } }: IncomingMessage): string | undefined {
    return host === this.#host || host === `localhost:${this.address.port}` ? host : undefined;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const host = this.#ownHost(request);
    response.setHeader("Content-Security-Policy", contentSecurityPolicy(host ?? this.#host));
    response.setHeader("X-Content-Type-Options", "nosniff");
    response.setHeader("Referrer-Policy", "no-referrer");
    response.setHeader("Cross-Origin-Resource-Policy", "same-origin");
    response.setHeader("Cross-Origin-Opener-Policy", "same-origin");
    response.setHeader("Cache-Control", "no-store");
    const send = (status: number, type: string, body: string | Buffer) => {
      response.writeHead(status, { "Content-Type": `${type}; charset=utf-8` }).end(body);
    };
    const refuse = (status: number, why: string) => send(status, "text/plain", `${why}\n`);
    if (host === undefined) return refuse(403, "This server is not for other sites.");
    if (request.method !== "GET") return refuse(405, "Only GET is answered.");
    const url = new URL(request.url ?? "/", `http://${host}`);
    if (url.pathname === "/") {
      if (!this.#token.take(url.searchParams.get("token") ?? ""))
        return refuse(403, 'This link is wrong, or was used. "kvm console --vnc" prints another.');
      this.#used?.();
      this.#key = new OneTimeToken();
      this.#leaveWithin(OPENS_WITHIN_MS);
      return send(200, "text/html", screenPage({ title: this.#title, key: this.#key.text }));
    }
    if (url.pathname === "/page.css") return send(200, "text/css", screenStyle);
    if (url.pathname === "/page.js") return send(200, "text/javascript", screenScript);
    const file = this.#files.get(url.pathname);
    if (file === undefined) return refuse(404, "There is no such page.");
    send(200, "text/javascript", await readFile(file));
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on("error", () => socket.destroy());
    const host = this.#ownHost(request);
    const [protocol, key = ""] = (request.headers["sec-websocket-protocol"] ?? "").split(/\s*,\s*/);
    const isOurs =
      host !== undefined && request.headers.origin === `http://${host}` && request.url === "/screen";
    const isPage = isOurs && protocol === PROTOCOL && this.#key?.matches(key) === true;
    if (!isPage || this.#viewer !== undefined) {
      socket.end(`HTTP/1.1 ${isPage ? "409 Conflict" : "403 Forbidden"}\r\nConnection: close\r\n\r\n`);
      return;
    }
    this.#sockets.handleUpgrade(request, socket, head, (viewer) => void this.#view(viewer));
  }

  async #view(viewer: WebSocket): Promise<void> {
    this.#viewer = viewer;
    clearTimeout(this.#leaving);
    const gone = new AbortController();
    viewer.on("error", () => viewer.terminate());
    viewer.on("close", () => {
      this.#viewer = undefined;
      gone.abort();
      this.#leaveWithin(COMES_BACK_WITHIN_MS);
    });
    try {
      const { stream, title, password, ended } = await this.#open();
      if (gone.signal.aborted) return void stream.destroy();
      gone.signal.addEventListener("abort", () => stream.destroy(), { once: true });
      viewer.send(JSON.stringify({ title, password }));
      await joined(stream, viewer);
      if (gone.signal.aborted) return;
      const why = await ended();
      if (why === "elsewhere") viewer.close(CLOSE.elsewhere);
      else viewer.close(CLOSE.normal, shortened(why.text));
    } catch (error) {
      this.#failure = oneLine(error);
      viewer.close(CLOSE.wentWrong, shortened(this.#failure));
    }
  }

  #leaveWithin(timeMs: number): void {
    clearTimeout(this.#leaving);
    this.#leaving = setTimeout(() => {
      this.#key = undefined;
      this.#left?.(this.#failure);
    }, timeMs);
  }
}

/** Bytes both ways, neither side being sent more than it takes, until the screen's side ends. */
async function joined(screen: Duplex, viewer: WebSocket): Promise<void> {
  screen.on("data", (chunk: Buffer) => {
    screen.pause();
    viewer.send(chunk, { binary: true }, () => screen.resume());
  });
  viewer.on("message", (message: Buffer) => {
    if (screen.destroyed || screen.write(message)) return;
    viewer.pause();
    screen.once("drain", () => viewer.resume());
  });
  await new Promise<void>((resolve) => {
    for (const event of ["end", "close", "error"]) screen.on(event, () => resolve());
  });
}

function shortened(reason: string): string {
  const bytes = Buffer.from(reason);
  return bytes.length <= LONGEST_REASON ? reason : `${bytes.toString("utf8", 0, LONGEST_REASON - 6)}...`;
}
