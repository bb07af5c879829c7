import { createConnection, type Socket } from "node:net";

/** Opens a UNIX socket of this machine, for a host whose address is "local". */
export function dialLocal(path: string, options: { signal?: AbortSignal } = {}): Promise<Socket> {
  return new Promise((resolve, reject) => {
    options.signal?.throwIfAborted();
    const socket = createConnection({ path });
    const onAbort = () => {
      socket.destroy();
      reject(options.signal?.reason);
    };
    options.signal?.addEventListener("abort", onAbort, { once: true });
    socket.once("error", (error) => {
      options.signal?.removeEventListener("abort", onAbort);
      reject(error);
    });
    socket.once("connect", () => {
      options.signal?.removeEventListener("abort", onAbort);
      socket.removeAllListeners("error");
      resolve(socket);
    });
  });
}
