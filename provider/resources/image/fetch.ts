import { createHash } from "node:crypto";
import { HostUnreachable, oneLine } from "../../hosts/errors.js";
import type { ApplyContext } from "../definition.js";
import { type DiskFormat, fileKind } from "./disk-format.js";
import { SourceUnreachable, WrongContent } from "./errors.js";
import { claimAs, type Fetching, isThereNow, lookAgain, progressLine, settle } from "./fetching.js";
import { problemOf } from "./find.js";
import { downloadByHost } from "./host-download.js";
import { JointProgress } from "./joint-progress.js";
import { twinOf } from "./observe.js";
import { declaresSum, type ImagePlace, type ImageRequest, knownOf } from "./observed.js";
import { compare, expectedChecksum, sendingOf } from "./sending.js";
import { parseSource } from "./source.js";
import { streamImage } from "./stream.js";
import { type Route, routeFor, toolsOf, whyNotByHost } from "./tools.js";
import { Workshop } from "./workshop.js";

/**
 * Brings the image to hosts that lack it, to all at once, but for those that share the folder: the next finds there what the first has made. What
 * succeeded on one stays when another fails.
 */
export async function fetchImages(
  places: readonly ImagePlace[],
  request: ImageRequest,
  context: ApplyContext,
): Promise<void> {
  const { log } = context;
  const progress = new JointProgress((message) => log.progress(message));
  const fetchTo = async (place: ImagePlace) => {
    const own = { ...log, progress: (message: string) => progress.say(place.ref.name, message) };
    const fetching = fetchImage(place, request, { ...context, log: own });
    await fetching.finally(() => progress.end(place.ref.name));
  };
  const turns = new Map<string, Promise<void>>();
  const folders = await foldersOf(places, context);
  const outcomes = await Promise.allSettled(
    places.map((place, i) => {
      const folder = folders[i] ?? place.ref.name;
      const before = turns.get(folder) ?? Promise.resolve();
      const turn = before.catch(() => undefined).then(() => fetchTo(place));
      turns.set(folder, turn);
      return turn;
    }),
  );
  const failures = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason] : []));
  if (failures.length === 0) return;
  const unreachable = failures.find((failure) => failure instanceof HostUnreachable);
  if (unreachable !== undefined) throw unreachable;
  const wrong = failures.filter((failure) => failure instanceof WrongContent);
  const others = failures.filter((failure) => !(failure instanceof WrongContent));
  const messages = [...WrongContent.inOneMessage(wrong), ...others.map(oneLine)];
  throw new Error([...new Set(messages)].join("; "), { cause: failures[0] });
}

/** What tells folders apart: hosts that see one folder see the same file system object, changed at the same time. */
async function foldersOf(
  places: readonly ImagePlace[],
  { hosts }: ApplyContext,
): Promise<(string | undefined)[]> {
  if (places.length < 2) return [];
  return Promise.all(
    places.map(async ({ ref, folder, poolType }) => {
      // What a client has cached of a server's folder may be a while old.
      if (poolType === "netfs" || folder === undefined) return folder;
      const told = await hosts
        .get(ref)
        .exec(["stat", "-c", "%i %Z", "--", folder])
        .catch(() => undefined);
      return told?.stdout.trim() || undefined;
    }),
  );
}

async function fetchImage(place: ImagePlace, request: ImageRequest, context: ApplyContext): Promise<void> {
  const host = context.hosts.get(place.ref);
  const { folder } = place;
  if (folder === undefined) throw new Error(`pool ${request.inputs.pool} on ${host.name} has no folder`);
  const fetching: Fetching = { request, place, host, pool: request.inputs.pool, folder, context };
  // Two resources with the same content: the second finds what the first has made.
  await host.exclusively(`image ${fetching.pool} ${contentKey(request)}`, async () => {
    const tools = await toolsOf(host, folder);
    const route = routeFor(tools, parseSource(request.inputs.source).kind);
    if (route === "stream") {
      sayWhy(fetching, whyNotByHost(tools, folder));
      await streamImage(fetching);
    } else await makeThere(fetching, route, tools.programs.has("curl") ? "curl" : "wget");
  });
}

/** What is downloaded once a host, whoever asks. */
function contentKey(request: ImageRequest): string {
  const { source, member = "", format = "", revision = "" } = request.inputs;
  const text = [expectedChecksum(request)?.hex ?? `${source}\n${revision}`, member, format].join("\n");
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}

async function makeThere(
  fetching: Fetching,
  route: Exclude<Route, "stream">,
  tool: "curl" | "wget",
): Promise<void> {
  const { host, folder, context, place, request } = fetching;
  const { log, signal } = context;
  // Hosts that share the folder have locks that may not: each works on a file of its own.
  const key = `${contentKey(request)}.${place.hostUuid.slice(0, 8)}`;
  const onProgress = (doing: string, done: number, total: number | undefined) =>
    log.progress(progressLine(host.name, doing, done, total));
  const onWaiting = () =>
    log.progress(`${host.name}: another process fetches the same image; waiting for it`);
  await using workshop = await Workshop.open(host, { folder, key }, { signal, onProgress, onWaiting });
  if (await isThereNow(fetching)) {
    await workshop.drop();
    return;
  }
  try {
    await fill(fetching, workshop, route, tool);
    const checksum = expectedChecksum(request);
    const name = knownOf(request).volume;
    if (checksum === undefined || name === undefined) throw new Error("the image has no checksum");
    await claimAs(fetching, { name, fileBytes: await workshop.sizeBytes() });
    const isPublished = await workshop.publish(name, { replace: place.wanted?.volume !== undefined });
    if (!isPublished && !(await isThereNow(fetching))) throw foreign(fetching, name);
  } catch (error) {
    await workshop.drop().catch(() => undefined);
    // Its file was there for libvirt to see.
    await lookAgain(fetching).catch(() => undefined);
    throw error;
  }
  await lookAgain(fetching);
}

/** Gets the content into the workshop's file, in the form in which it is to be kept. */
async function fill(
  fetching: Fetching,
  workshop: Workshop,
  route: Exclude<Route, "stream">,
  tool: "curl" | "wget",
): Promise<void> {
  const { request, host, pool } = fetching;
  const { inputs } = request;
  // Another image of this deployment, or of another, may have made it while this one waited.
  const known = knownOf(request).volume;
  const twin = known === undefined ? undefined : twinOf(known, await host.observations.contents(pool));
  if (twin !== undefined) {
    fetching.context.log.info(`${host.name} has the same content as ${twin}: nothing is downloaded`);
    await workshop.takeTwin(twin);
    return;
  }
  const isSent = route === "send" || !(await hasDownloaded(fetching, workshop, tool));
  if (isSent) await send(fetching, workshop);
  await workshop.keepUnfinished(false);
  let isMember = isSent && parseSource(inputs.source).kind === "file";
  for (let layers = 0; ; layers++) {
    const kind = fileKind(await workshop.head());
    if (kind.kind === "archive" && inputs.member !== undefined && !isMember) {
      await workshop.extract(inputs.member);
      isMember = true;
    } else if (kind.kind === "compressed" && layers < 2) await workshop.unpack(kind.compression);
    else {
      const { label } = parseSource(inputs.source);
      const problem =
        kind.kind === "compressed"
          ? `${label} is compressed more than once`
          : problemOf(kind, inputs, inputs.member ?? label);
      if (problem !== undefined) throw new Error(`${problem}; nothing of it was kept`);
      if (kind.kind !== "image") return;
      await refuseDamaged(fetching, workshop, kind.format);
      if (inputs.format !== undefined && kind.format !== inputs.format)
        await workshop.convert(kind.format, inputs.format);
      return;
    }
  }
}

/** Without a checksum nothing else tells a file that is whole from one whose server sent half of it, and doesn't say how long it is. */
async function refuseDamaged(
  { request: { inputs }, host }: Fetching,
  workshop: Workshop,
  format: DiskFormat,
): Promise<void> {
  if (format !== "qcow2" || declaresSum(inputs)) return;
  const damage = await workshop.damage(format);
  if (damage === undefined) return;
  const { label } = parseSource(inputs.source);
  throw new Error(
    `${label} is damaged, or was cut off, by what qemu-img check says on ${host.name}: ${damage}; nothing of it was kept. Give another source, or its checksum if it is as it is meant to be`,
  );
}

/** By the host itself. False when it has no way to the source: then this machine may have one. */
async function hasDownloaded(
  fetching: Fetching,
  workshop: Workshop,
  tool: "curl" | "wget",
): Promise<boolean> {
  const { request, host, context } = fetching;
  const source = parseSource(request.inputs.source);
  if (source.kind !== "url") return false;
  const expected = expectedChecksum(request);
  const algorithm = expected?.algorithm ?? "sha256";
  // A half file of unknown content is of no use to anybody.
  await workshop.keepUnfinished(expected !== undefined);
  const onRetry = (reason: string) => context.log.progress(`${host.name}: ${reason}; trying again`);
  const download = (fromScratch: boolean) =>
    downloadByHost(
      workshop,
      source,
      { tool, algorithm, expected: expected !== undefined, fromScratch },
      { signal: context.signal, onRetry },
    );
  try {
    let { sum, resumed } = await download(false);
    // What an earlier run had left may have been of another version.
    if (resumed && expected !== undefined && expected.hex !== sum) ({ sum } = await download(true));
    compare(request, sum, `as ${host.name} downloaded it`);
    settle(fetching, { algorithm, hex: sum });
    return true;
  } catch (error) {
    if (!(error instanceof SourceUnreachable)) throw error;
    sayWhy(fetching, `it has no way to ${source.url.host}: ${oneLine(error)}`);
    return false;
  }
}

async function send(fetching: Fetching, workshop: Workshop): Promise<void> {
  const { request, context } = fetching;
  const { log, signal } = context;
  const onRetry = (reason: string) => log.progress(`${reason}; trying again`);
  const sending = await sendingOf(request, { signal, onRetry });
  await workshop.makeEmpty();
  await workshop.receive(sending);
  settle(fetching, sending.verified());
}

/** Of a source without a checksum the name is known only now. */
function foreign({ host, pool }: Fetching, name: string): Error {
  return new Error(
    `there is a file ${name} in pool ${pool} on ${host.name} already, which no image of this package made; delete it, or give another name`,
  );
}

function sayWhy({ request, host, context }: Fetching, why: string | undefined): void {
  if (parseSource(request.inputs.source).kind === "url")
    context.log.info(
      `${host.name} doesn't download the image itself (${why}): this machine does, and sends it there`,
    );
}
