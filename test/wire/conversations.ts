import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { RpcConnection, StreamChunk } from "../../provider/libvirt/rpc/index.js";

/** The domain that libvirt's test driver always has. */
export const TEST_DOMAIN = { name: "test", uuid: "6695eb01-f6a4-8304-79aa-97f2502e193f", id: 1 };

const POOL = { name: "recorded", uuid: "11111111-2222-4333-8444-555555555555" };
const VOLUME = { pool: "recorded", name: "volume", key: "" };
const TRANSFER = { vol: VOLUME, offset: 0n, length: 0n, flags: 1 };

/** A conversation with a daemon: the same calls each time, one after the other. Returns what came of them. */
type Conversation = (connection: RpcConnection) => Promise<unknown>;

/** Conversations by the name of their recording. */
export const CONVERSATIONS = {
  // Reads, an error, typed parameters, an event: with libvirt's test driver.
  "test-driver": async (connection) => {
    const events: unknown[] = [];
    const auth = await connection.call("AuthList", {});
    await connection.call("ConnectSupportsFeature", { feature: 10 });
    await connection.call("ConnectOpen", { name: "test:///default", flags: 0 });
    const list = await connection.call("ConnectListAllDomains", { needResults: 1, flags: 0 });
    const dom = TEST_DOMAIN;
    const xml = await connection.call("DomainGetXMLDesc", { dom, flags: 0 });
    const missing = await connection
      .call("DomainLookupByName", { name: "missing" })
      .catch(({ code, domain, message }) => ({ code, domain, message }));
    const scheduler = await connection.call("DomainGetSchedulerParameters", { dom, nparams: 1 });
    connection.on("DomainEventCallbackLifecycle", (event) => events.push(event));
    await connection.call("ConnectDomainEventCallbackRegisterAny", { eventID: 0 });
    await connection.call("DomainSuspend", { dom });
    const state = await connection.call("DomainGetState", { dom, flags: 0 });
    await connection.call("DomainResume", { dom });
    await connection.call("DomainGetState", { dom, flags: 0 });
    const node = await connection.call("NodeGetInfo", {});
    await connection.close();
    return { auth, list, xml, missing, scheduler, events, state, node };
  },
  // Streams both ways, with holes, over the real storage driver.
  streams: async (connection) => {
    await connection.call("AuthList", {});
    await connection.call("ConnectOpen", { name: "qemu:///system", flags: 0 });
    await connection.call("StoragePoolDefineXML", {
      xml: `<pool type='dir'><name>${POOL.name}</name><uuid>${POOL.uuid}</uuid><target><path>/var/lib/libvirt/recorded</path></target></pool>`,
      flags: 0,
    });
    await connection.call("StoragePoolBuild", { pool: POOL, flags: 0 });
    await connection.call("StoragePoolCreate", { pool: POOL, flags: 0 });
    const created = await connection.call("StorageVolCreateXML", {
      pool: POOL,
      xml: `<volume><name>volume</name><capacity unit='KiB'>256</capacity><allocation>0</allocation></volume>`,
      flags: 0,
    });
    await connection.upload("StorageVolUpload", TRANSFER, contents());
    const chunks: StreamChunk[] = [];
    for await (const chunk of connection.download("StorageVolDownload", TRANSFER)) chunks.push(chunk);
    await connection.call("StorageVolDelete", { vol: VOLUME, flags: 0 });
    await connection.call("StoragePoolDestroy", { pool: POOL });
    await connection.call("StoragePoolUndefine", { pool: POOL });
    await connection.close();
    return { created, chunks };
  },
} satisfies Record<string, Conversation>;

/** Name of a recording. */
export type ConversationName = keyof typeof CONVERSATIONS;

async function* contents(): AsyncGenerator<StreamChunk> {
  yield { kind: "bytes", bytes: Buffer.alloc(4_096, 1) };
  yield { kind: "hole", lengthBytes: 253_952n };
  yield { kind: "bytes", bytes: Buffer.alloc(4_096, 2) };
}

/** Where a recording is kept. */
export function recordingFile(name: ConversationName): string {
  return join(import.meta.dirname, "recordings", `${name}.json`);
}

/** A checked-in recording of a conversation. */
export function readRecording(name: ConversationName): { from: "client" | "daemon"; hex: string }[] {
  return JSON.parse(readFileSync(recordingFile(name), "utf8")).turns;
}
