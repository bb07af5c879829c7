import { spawn, spawnSync } from "node:child_process";
import type { Transform, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import * as zlib from "node:zlib";
import type { Compression } from "./disk-format.js";

const PROGRAMS = { gz: "gzip", xz: "xz", zst: "zstd", bz2: "bzip2" } as const satisfies Record<
  Compression,
  string
>;

/** Decompresses on this machine: with the usual programs, or by Node.js. */
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
    child.once("close", (code) => {
      // A warning: all of it was right, and something that isn't gzip's comes after it, as signatures do in images of OpenWrt.
      const isWarning = program === "gzip" && code === 2 && said.includes("trailing garbage ignored");
      if (code === 0 || isWarning) resolve();
      else reject(new Error(`${program}: ${said.trim() || `ended with ${code}`}`));
    });
  });
  ended.catch(() => undefined);
  const feeding = feed(source, child.stdin, ended);
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

/** All of the source, also what the program doesn't want to have any more when it has ended well: a checksum is of all of it. */
async function feed(source: AsyncIterable<Buffer>, into: Writable, ended: Promise<void>): Promise<void> {
  let isBroken = false;
  into.on("error", () => {
    isBroken = true;
  });
  try {
    for await (const chunk of source) {
      if (!isBroken)
        await new Promise<void>((resolve) => {
          into.write(chunk, () => resolve());
        });
      if (isBroken) await ended;
    }
    if (!isBroken)
      await new Promise<void>((resolve) => {
        into.end(() => resolve());
      });
  } finally {
    into.destroy();
  }
}

function ownDecompressor(compression: Compression): Transform | undefined {
  // Node.js takes what comes after the last member for an error, and drops what it has read but not handed out yet.
  if (compression === "gz")
    return spawnSync("gzip", ["--version"]).error === undefined ? undefined : zlib.createGunzip();
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
