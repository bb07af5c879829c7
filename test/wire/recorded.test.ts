import { duplexPair } from "node:stream";
import { describe, expect, it } from "vitest";
import { RpcConnection, type StreamChunk } from "../../provider/libvirt/rpc/index.js";
import { CONVERSATIONS, type ConversationName, readRecording, TEST_DOMAIN } from "./conversations.js";

/**
 * Plays the daemon of a recording: what a real libvirtd sent, as soon as the client has said what the real client
 * had said by then. Fails when the client says anything else.
 */
function replay(
  name: ConversationName,
  cutAt: number,
): { connection: RpcConnection; finished: () => boolean } {
  const turns = readRecording(name);
  const [client, daemon] = duplexPair();
  let heard = "";
  const proceed = () => {
    for (let turn = turns[0]; turn !== undefined; turn = turns[0]) {
      if (turn.from === "client") {
        if (heard.length < turn.hex.length) {
          expect(turn.hex.startsWith(heard)).toBe(true);
          return;
        }
        expect(heard.slice(0, turn.hex.length)).toBe(turn.hex);
        heard = heard.slice(turn.hex.length);
      } else {
        const bytes = Buffer.from(turn.hex, "hex");
        for (let at = 0; at < bytes.length; at += cutAt) daemon.write(bytes.subarray(at, at + cutAt));
      }
      turns.shift();
    }
  };
  daemon.on("data", (chunk: Buffer) => {
    heard += chunk.toString("hex");
    proceed();
  });
  return { connection: new RpcConnection(client), finished: () => turns.length === 0 };
}

describe.each([65_536, 5])("with what a real libvirtd sent, in pieces of %i bytes", (cutAt) => {
  it("reads domains, errors, parameters and events", async () => {
    const { connection, finished } = replay("test-driver", cutAt);
    const result = await CONVERSATIONS["test-driver"](connection);
    expect(result).toMatchObject({
      auth: { types: [0] },
      list: { domains: [TEST_DOMAIN], ret: 1 },
      missing: { code: 42, domain: 12, message: "Domain not found" },
      scheduler: { params: [{ field: "weight", type: "uint", value: 50 }] },
      events: [
        { callbackID: 0, msg: { dom: TEST_DOMAIN, event: 3, detail: 0 } },
        { callbackID: 0, msg: { dom: TEST_DOMAIN, event: 4, detail: 0 } },
      ],
      state: { state: 3, reason: 1 },
    });
    const { xml, node } = result as { xml: { xml: string }; node: { model: number[]; cpus: number } };
    expect(xml.xml).toMatch(/^<domain type='test' id='1'>.*<\/domain>\n$/s);
    expect(String.fromCharCode(...node.model.filter((code) => code !== 0))).toBe("i686");
    expect(node.cpus).toBe(16);
    expect(finished()).toBe(true);
  });

  it("sends and receives a sparse volume", async () => {
    const { connection, finished } = replay("streams", cutAt);
    const { created, chunks } = (await CONVERSATIONS.streams(connection)) as {
      created: unknown;
      chunks: StreamChunk[];
    };
    expect(created).toMatchObject({ vol: { pool: "recorded", name: "volume" } });
    let bytes = Buffer.alloc(0);
    for (const chunk of chunks) {
      bytes = Buffer.concat([
        bytes,
        chunk.kind === "bytes" ? chunk.bytes : Buffer.alloc(Number(chunk.lengthBytes)),
      ]);
    }
    expect(chunks.some(({ kind }) => kind === "hole")).toBe(true);
    expect(
      bytes.equals(Buffer.concat([Buffer.alloc(4_096, 1), Buffer.alloc(253_952), Buffer.alloc(4_096, 2)])),
    ).toBe(true);
    expect(finished()).toBe(true);
  });
});
