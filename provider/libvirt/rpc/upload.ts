import type { RpcStream, StreamChunk } from "./stream.js";

/** Sends what `source` yields and finishes the stream; aborts it when the source or the stream fails. */
export async function uploadAll(stream: RpcStream, source: AsyncIterable<StreamChunk>): Promise<void> {
  const iterator = source[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await stream.unlessFailed(iterator.next());
      if (next.done === true) break;
      if (next.value.kind === "bytes") await stream.write(next.value.bytes);
      else await stream.writeHole(next.value.lengthBytes);
    }
    await stream.finish();
  } catch (error) {
    stream.abort();
    // Not awaited: a source that hangs must not keep the failure back.
    void Promise.resolve(iterator.return?.()).catch(() => {});
    throw error;
  }
}
