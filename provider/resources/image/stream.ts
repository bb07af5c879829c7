import { buildVolume } from "../../libvirt/xml/index.js";
import { abandonFilling, beginFilling, endFilling } from "../filling.js";
import { decompressed } from "./decompress.js";
import { fileKind, HEAD_BYTES } from "./disk-format.js";
import {
  claimAs,
  type Fetching,
  isThereNow,
  lookAgain,
  progressLine,
  settle,
  UPLOAD_TIMEOUT_MS,
} from "./fetching.js";
import { problemOf } from "./find.js";
import { parsedVolume } from "./observe.js";
import { knownOf } from "./observed.js";
import { type Sending, sendingOf, withHoles } from "./sending.js";
import { parseSource } from "./source.js";

/**
 * Brings the image to a host on which only libvirt may write into the pool. libvirt can't give a volume another name, so it is filled under its own,
 * beside an empty volume that says so: until that is gone it counts as absent, for every program of this package.
 */
export async function streamImage(fetching: Fetching): Promise<void> {
  const { request, host, pool, context } = fetching;
  if (await isThereNow(fetching)) return;
  const send = () => {
    const onRetry = (reason: string) => context.log.progress(`${reason}; trying again`);
    return sendingOf(request, { signal: context.signal, onRetry });
  };
  // An address without a checksum: what is sent can't be given its name in the end, so that it is read once more.
  if (knownOf(request).volume === undefined) await measure(fetching, await send());
  const name = knownOf(request).volume ?? "";
  const sending = await send();
  await using content = await unpacked(sending.content);
  refuse(fetching, content.head);
  const libvirt = await host.libvirt();
  const filling = { host, pool, volume: name };
  const onWaiting = () =>
    context.log.progress(`${host.name}: another process sends the same image; waiting for it`);
  await beginFilling(filling, { signal: context.signal, onWaiting });
  try {
    const xml = buildVolume({ name, format: "raw", capacityBytes: 0, allocationBytes: 0 });
    await libvirt.volumes.create(pool, xml, { signal: context.signal });
    await libvirt.volumes.upload(pool, name, withHoles(content.rest), {
      signal: context.signal,
      sparse: true,
      timeoutMs: UPLOAD_TIMEOUT_MS,
      onProgress: (done) =>
        context.log.progress(
          progressLine(host.name, "sending", done, content.isUnpacked ? undefined : sending.totalBytes()),
        ),
    });
    settle(fetching, sending.verified());
  } catch (error) {
    await abandonFilling(filling).catch(() => undefined);
    await lookAgain(fetching).catch(() => undefined);
    throw error;
  }
  await lookAgain(fetching);
  const record = await libvirt.volumes.observe(pool, name);
  if (record === undefined)
    throw new Error(`volume ${name} isn't in pool ${pool} on ${host.name}, though it was sent`);
  await claimAs(fetching, { name, fileBytes: parsedVolume(record).fileBytes });
  await endFilling(filling);
}

async function measure(fetching: Fetching, sending: Sending): Promise<void> {
  const { host, context } = fetching;
  let done = 0;
  for await (const chunk of sending.content) {
    done += chunk.length;
    context.log.progress(progressLine(host.name, "looking at the source", done, sending.totalBytes()));
  }
  settle(fetching, sending.verified());
}

function refuse({ request, host, folder }: Fetching, head: Buffer): void {
  const { inputs } = request;
  const source = parseSource(inputs.source);
  const kind = fileKind(head);
  const rights = `the user there may not write into ${folder}`;
  if (inputs.member !== undefined && source.kind === "url")
    throw new Error(
      `${inputs.member} can't be taken out of ${source.label} on ${host.name}: ${rights}; download the archive, and give its path`,
    );
  const problem = problemOf(kind, inputs, inputs.member ?? source.label);
  if (problem !== undefined) throw new Error(problem);
  if (kind.kind === "image" && inputs.format !== undefined && kind.format !== inputs.format)
    throw new Error(
      `${source.label} is ${kind.format} and can't be converted to ${inputs.format} on ${host.name}: ${rights}; let it, or give an image that is ${inputs.format} already`,
    );
}

/** What is to be in the volume: decompressed here when it comes compressed. */
interface Unpacked extends AsyncDisposable {
  head: Buffer;
  /** All of it, the head as well. */
  rest: AsyncGenerator<Buffer, void, void>;
  isUnpacked: boolean;
}

async function unpacked(content: AsyncIterable<Buffer>): Promise<Unpacked> {
  const source = content[Symbol.asyncIterator]();
  const [head, all] = await headOf(source);
  const kind = fileKind(head);
  const close = async () => {
    await source.return?.();
  };
  if (kind.kind !== "compressed") return { head, rest: all, isUnpacked: false, [Symbol.asyncDispose]: close };
  const inner = decompressed(kind.compression, copies(all));
  try {
    const [innerHead, innerAll] = await headOf(inner);
    const dispose = async () => {
      await inner.return();
      await close();
    };
    return { head: innerHead, rest: innerAll, isUnpacked: true, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await close();
    throw error;
  }
}

/** For who keeps what it is given a while. */
async function* copies(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, void> {
  for await (const piece of source) yield Buffer.from(piece);
}

async function headOf(source: AsyncIterator<Buffer>): Promise<[Buffer, AsyncGenerator<Buffer, void, void>]> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  while (bytes < HEAD_BYTES) {
    const { done, value } = await source.next();
    if (done === true) break;
    chunks.push(Buffer.from(value));
    bytes += value.length;
  }
  const head = Buffer.concat(chunks);
  async function* all(): AsyncGenerator<Buffer, void, void> {
    if (head.length > 0) yield head;
    for (let next = await source.next(); next.done !== true; next = await source.next()) yield next.value;
  }
  return [head.subarray(0, HEAD_BYTES), all()];
}
