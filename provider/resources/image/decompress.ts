import { spawn } from "node:child_process";
import type { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import * as zlib from "node:zlib";
import type { Compression } from "./disk-format.js";

const PROGRAMS = { gz: "gzip", xz: "xz", zst: "zstd", bz2: "bzip2" } as const satisfies Record<
  Compression,
  string
>;

/** Decompresses on this machine: what Node.js can by itself, the rest with the usual programs. */
export async function* decompressed(
  compression: Compression,
  source: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer, void, void> {
  const own = ownDecompressor(compression);
  if (own !== undefined) {
    yield* through(own, (output) => pipeline(source, output));
    return;
  }
  const program = PROGRAMS[compression];
  const child = spawn(program, ["-dc"], { stdio: ["pipe", "pipe", "pipe"] });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-500);
  });
  const ended = new Promise<void>((resolve, reject) => {
    child.once("error", (error: NodeJS.ErrnoException) =>
      reject(
        error.code === "ENOENT"
          ? new Error(`this machine has no ${program} to unpack it with; install it, here or on the host`)
          : error,
      ),
    );
    child.once("close", (code) =>
      code === 0 ? resolve() : reject(new Error(`${program}: ${said.trim() || `ended with ${code}`}`)),
    );
  });
  ended.catch(() => undefined);
  const feeding = pipeline(source, child.stdin);
  feeding.catch(() => undefined);
  try {
    yield* child.stdout as AsyncIterable<Buffer>;
    await ended;
    await feeding;
  } catch (error) {
    // What failed first is worth saying: the source, then the program, which makes the pipe to it break.
    const cause = await feeding.then(
      () => undefined,
      (failure: NodeJS.ErrnoException) => failure,
    );
    if (cause !== undefined && cause.code !== "EPIPE" && cause.code !== "ERR_STREAM_PREMATURE_CLOSE")
      throw cause;
    await ended;
    throw error;
  } finally {
    child.kill();
  }
}

function ownDecompressor(compression: Compression): Transform | undefined {
  if (compression === "gz") return zlib.createGunzip();
  // Since Node.js 22.15.
  const { createZstdDecompress } = zlib as { createZstdDecompress?: () => Transform };
  return compression === "zst" ? createZstdDecompress?.() : undefined;
}

async function* through(
  transform: Transform,
  feed: (into: Transform) => Promise<void>,
): AsyncGenerator<Buffer, void, void> {
  const feeding = feed(transform);
  feeding.catch(() => undefined);
  yield* transform as AsyncIterable<Buffer>;
  await feeding;
}
