import { writeFileSync } from "node:fs";
import { afterAll, beforeAll, expect, it } from "vitest";
import { dialLocal } from "../../provider/libvirt/index.js";
import { RpcConnection } from "../../provider/libvirt/rpc/index.js";
import { CONVERSATIONS, type ConversationName, readRecording, recordingFile } from "../wire/conversations.js";
import { type LibvirtDaemon, startLibvirtDaemon } from "./libvirt-daemon.js";
import { record } from "./libvirt-recording.js";

let daemon: LibvirtDaemon;

beforeAll(async () => {
  daemon = await startLibvirtDaemon();
});

afterAll(() => daemon?.stop());

function clientBytes(turns: readonly { from: string; hex: string }[]): string {
  return turns
    .filter(({ from }) => from === "client")
    .map(({ hex }) => hex)
    .join("");
}

// KVM_RECORD_WIRE=1 writes the recordings anew.
it.each(Object.keys(CONVERSATIONS) as ConversationName[])(
  "the daemon still takes the recorded conversation %s",
  async (name) => {
    const socket = await dialLocal(daemon.socketPath);
    const { turns } = record(socket);
    await CONVERSATIONS[name](new RpcConnection(socket));
    if (process.env.KVM_RECORD_WIRE === "1") {
      writeFileSync(recordingFile(name), `${JSON.stringify({ turns }, undefined, 2)}\n`);
    }
    expect(clientBytes(turns)).toBe(clientBytes(readRecording(name)));
  },
);
