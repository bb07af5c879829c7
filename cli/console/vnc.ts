import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { oneLine } from "../../provider/hosts/errors.js";
import { SshError } from "../../provider/ssh/index.js";
import { EXIT } from "../exit-code.js";
import { UsageError } from "../usage-error.js";
import { OpenedLink } from "./browser.js";
import type { FollowedMachine } from "./followed.js";
import { ConsoleRefused } from "./refused.js";
import { vncScreen } from "./screen.js";
import { type OpenedScreen, ScreenServer } from "./screen-server.js";
import { usableVnc } from "./vnc-security.js";

export interface VncOptions {
  /** Go on when the viewer has left. */
  keep: boolean;
  /** How long a link of a page may stay unused; undefined: for ever. */
  linkLifetime: { text: string; ms: number } | undefined;
  /** Open the page in this machine's browser. */
  openBrowser: boolean;
  signal: AbortSignal;
  say: (text: string) => void;
  /** Told of every link, and of the port. */
  announce: (way: VncWay) => Promise<void>;
}

/** How a viewer of this machine gets to the screen. */
export type VncWay =
  | { kind: "page"; url: string; token: string; address: string; port: number }
  | { kind: "port"; url: string; address: string; port: number };

/** Serves a page with the VM's screen to one viewer of this machine, until that one leaves. The page goes with the VM. */
export async function vncPage(followed: FollowedMachine, options: VncOptions): Promise<number> {
  const opened = async (): Promise<OpenedScreen> => {
    const machine = followed.current;
    const screen = vncScreen(machine);
    const stream = await usableVnc((signal) => screen.open(signal), options.signal);
    const { label, hostName, password } = machine;
    const ended = async () => {
      const why = await followed.whyEnded(machine);
      if (why === "there") return { text: "The guest runs on, but somebody else has ended this." };
      return why === "elsewhere" ? why : { text: why.text };
    };
    return { stream, title: `${label} on ${hostName}`, password, ended };
  };
  // Who can't be shown the screen needs no link.
  const tried = await opened().catch((error: unknown): never => {
    const isLost = error instanceof SshError && error.kind === "closed";
    throw options.signal.aborted || isLost || error instanceof ConsoleRefused
      ? error
      : new ConsoleRefused(`the screen of ${followed.current.label} can't be shown: ${oneLine(error)}`, {
          cause: error,
        });
  });
  tried.stream.destroy();
  const server = await ScreenServer.start(opened, tried.title);
  let reason = "kvm console was ended.";
  try {
    return await untilOver(followed, options, async (signal) => {
      for (;;) {
        const [used, left] = [server.used(), server.viewerLeft()];
        const link = server.renew();
        await options.announce({ kind: "page", ...link, ...server.address });
        await untilUsed(used, link.url, { ...options, signal });
        const failure = await left;
        if (failure !== undefined && !options.keep)
          throw new ConsoleRefused(`the screen of ${followed.current.label} can't be reached: ${failure}`);
        if (failure !== undefined) options.say(failure);
        if (!options.keep) return;
      }
    });
  } catch (error) {
    reason = oneLine(error);
    throw error;
  } finally {
    await server.close(reason);
  }
}

/** While nobody has used a link whoever gets hold of it can: it isn't left lying about for ever. */
async function untilUsed(used: Promise<void>, url: string, options: VncOptions): Promise<void> {
  const { linkLifetime, signal, say } = options;
  const opened = options.openBrowser
    ? await OpenedLink.open(url).catch((error: unknown) => {
        say(`No browser could be opened (${oneLine(error)}); open the link in one.`);
      })
    : undefined;
  let lifetime: NodeJS.Timeout | undefined;
  const unused = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
    if (signal.aborted) reject(signal.reason as Error);
    if (linkLifetime === undefined) return;
    const { text, ms } = linkLifetime;
    const why = `nobody used the link within ${text}, and it is void now; --link-lifetime gives it longer`;
    lifetime = setTimeout(() => reject(new ConsoleRefused(why)), ms);
  });
  try {
    await Promise.race([used, unused]);
  } finally {
    clearTimeout(lifetime);
    await opened?.[Symbol.asyncDispose]();
  }
}

/** Passes a port of this machine's loopback on to the VM's VNC server, wherever that is, for viewers of the person's own. */
export async function vncPort(followed: FollowedMachine, port: number, options: VncOptions): Promise<number> {
  vncScreen(followed.current);
  const sockets = new Set<Socket>();
  let onLastLeft = () => {};
  const lastLeft = new Promise<void>((resolve) => {
    onLastLeft = resolve;
  });
  const server = createServer((socket) => {
    sockets.add(socket);
    void connect(socket, followed, options).then((end) => {
      sockets.delete(socket);
      // Viewers don't come back by themselves; whoever looked on may want to.
      if (end === "elsewhere") options.say("The port leads there now; connect the viewer again.");
      else if (sockets.size === 0) onLastLeft();
    });
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening").catch((error: Error) => {
    throw new UsageError(`--vnc-port ${port}: ${error.message}`);
  });
  try {
    return await untilOver(followed, options, async () => {
      const { address, port: chosen } = server.address() as AddressInfo;
      await options.announce({ kind: "port", url: `vnc://${address}:${chosen}`, address, port: chosen });
      await (options.keep ? new Promise(() => undefined) : lastLeft);
    });
  } finally {
    server.close();
    for (const socket of sockets) socket.destroy();
  }
}

/** Until the viewer leaves, or the screen ends: "elsewhere" when the VM has moved. */
async function connect(
  socket: Socket,
  followed: FollowedMachine,
  { signal, say }: VncOptions,
): Promise<"left" | "elsewhere"> {
  const machine = followed.current;
  const left = new Promise<"left">((resolve) => socket.on("close", () => resolve("left")));
  socket.on("error", () => socket.destroy());
  try {
    const stream = await vncScreen(machine).open(signal);
    stream.on("error", (error) => {
      if (!socket.destroyed) say(oneLine(error));
    });
    const ended = new Promise<"ended">((resolve) => {
      for (const event of ["end", "close"]) stream.on(event, () => resolve("ended"));
    });
    stream.pipe(socket, { end: false });
    socket.pipe(stream);
    const end = await Promise.race([left, ended]);
    stream.destroy();
    return end === "ended" && (await followed.whyEnded(machine)) === "elsewhere" ? "elsewhere" : "left";
  } catch (error) {
    if (!signal.aborted) say(oneLine(error));
    return "left";
  } finally {
    socket.destroy();
  }
}

const LOOKS_EVERY_MS = 2_000;

/** Until the work is done, the guest ends, its host is lost, or this process is told to end. */
async function untilOver(
  followed: FollowedMachine,
  options: VncOptions,
  /** Given what is aborted when it is over by something else. */
  work: (over: AbortSignal) => Promise<void>,
): Promise<number> {
  const over = new AbortController();
  const told = new Promise<number>((resolve) => {
    options.signal.addEventListener("abort", () => resolve(options.signal.reason as number), { once: true });
  });
  const ended = async (): Promise<number> => {
    do await sleep(LOOKS_EVERY_MS, undefined, { signal: over.signal });
    while ((await followed.look()) === undefined);
    return EXIT.fine;
  };
  const done = async (): Promise<number> => {
    await work(over.signal);
    return EXIT.fine;
  };
  const all = [told, followed.lost, ended(), done()];
  for (const each of all) each.catch(() => undefined);
  try {
    return await Promise.race(all);
  } finally {
    over.abort();
  }
}
