import type { Socket } from "node:net";

/** What went over a connection, in order; what follows in the same direction is joined. */
export interface Recording {
  readonly turns: { from: "client" | "daemon"; hex: string }[];
}

/** Writes down what goes over a socket from now on. */
export function record(socket: Socket): Recording {
  const turns: { from: "client" | "daemon"; hex: string }[] = [];
  const add = (from: "client" | "daemon", bytes: Uint8Array) => {
    const hex = Buffer.from(bytes).toString("hex");
    const last = turns.at(-1);
    if (last?.from === from) last.hex += hex;
    else turns.push({ from, hex });
  };
  const write = socket.write.bind(socket) as (bytes: Uint8Array) => boolean;
  socket.write = (bytes: unknown) => {
    add("client", bytes as Uint8Array);
    return write(bytes as Uint8Array);
  };
  socket.prependListener("data", (chunk: Buffer) => add("daemon", chunk));
  return { turns };
}
