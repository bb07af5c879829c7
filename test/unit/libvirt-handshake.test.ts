import { afterEach, describe, expect, it } from "vitest";
import { Libvirt, type LibvirtError } from "../../provider/libvirt/index.js";
import { Peer, settle } from "./libvirt-peer.js";

const keepalive = { intervalMs: 10, count: 2 };

describe("opening", () => {
  const opened: Libvirt[] = [];

  afterEach(async () => {
    for (const libvirt of opened.splice(0)) await libvirt.close();
  });

  async function open(peer: Peer, answers: { types: number[]; supported?: number }): Promise<Libvirt> {
    peer.onCall = ({ serial, name }) => {
      if (name === "AuthList") peer.reply(serial, name, { types: answers.types });
      else if (name === "AuthPolkit") peer.reply(serial, name, { complete: 1 });
      else if (name === "ConnectSupportsFeature")
        peer.reply(serial, name, { supported: answers.supported ?? 1 });
      else peer.reply(serial, name);
    };
    const libvirt = await Libvirt.open({ dial: async () => peer.clientSide, hostName: "alpha", keepalive });
    opened.push(libvirt);
    return libvirt;
  }

  it("needs no authentication where none is asked for", async () => {
    const peer = new Peer();
    await open(peer, { types: [0] });
    expect(peer.calls.map(({ name, args }) => [name, args])).toEqual([
      ["AuthList", {}],
      ["ConnectSupportsFeature", { feature: 10 }],
      ["ConnectOpen", { name: "qemu:///system", flags: 0 }],
    ]);
  });

  it("goes through polkit where that is listed", async () => {
    const peer = new Peer();
    await open(peer, { types: [2] });
    expect(peer.calls.map(({ name }) => name)).toEqual([
      "AuthList",
      "AuthPolkit",
      "ConnectSupportsFeature",
      "ConnectOpen",
    ]);
  });

  it("refuses an authentication that it can't do, and leaves nothing open", async () => {
    const peer = new Peer();
    const error = await open(peer, { types: [1] }).catch((reason: LibvirtError) => reason);
    expect(error).toMatchObject({
      kind: "operationUnsupported",
      hostName: "alpha",
      operation: "connect to qemu:///system",
    });
    expect(peer.calls.map(({ name }) => name)).toEqual(["AuthList", "ConnectClose"]);
    expect(peer.clientSide.destroyed).toBe(true);
  });

  it("sends no pings to a daemon that doesn't know keepalive", async () => {
    const peer = new Peer();
    const libvirt = await open(peer, { types: [0], supported: 0 });
    await new Promise((resolve) => setTimeout(resolve, 80));
    expect(peer.frames.some(({ program }) => program === "keepalive")).toBe(false);
    await libvirt.close();
    expect(await libvirt.closed).toBeUndefined();
  });

  it("stops on abort", async () => {
    const peer = new Peer();
    const controller = new AbortController();
    const dial = async () => peer.clientSide;
    const opening = Libvirt.open({ dial, hostName: "alpha", signal: controller.signal });
    await settle();
    controller.abort();
    peer.onCall = ({ serial, name }) => peer.reply(serial, name);
    await expect(opening).rejects.toMatchObject({ kind: "aborted" });
    expect(peer.clientSide.destroyed).toBe(true);
  });

  it("takes one more connection for each long call, uses it again, and closes all", async () => {
    const peers: Peer[] = [];
    const dial = async () => {
      const peer = new Peer();
      peers.push(peer);
      peer.onCall = ({ serial, name }) => {
        if (name === "AuthList") peer.reply(serial, name, { types: [0] });
        else if (name === "ConnectSupportsFeature") peer.reply(serial, name, { supported: 0 });
        else if (name === "StoragePoolRefresh") setTimeout(() => peer.reply(serial, name), 20);
        else peer.reply(serial, name);
      };
      return peer.clientSide;
    };
    const libvirt = await Libvirt.open({ dial, hostName: "alpha" });
    const uuid = "00112233-4455-6677-8899-aabbccddeeff";
    expect(peers).toHaveLength(1);
    await libvirt.pools.refresh(uuid);
    await libvirt.pools.refresh(uuid);
    expect(peers).toHaveLength(2);
    await Promise.all([
      libvirt.pools.refresh(uuid),
      libvirt.pools.refresh(uuid),
      libvirt.pools.refresh(uuid),
    ]);
    expect(peers).toHaveLength(4);
    // One that was given up may still be busy: it isn't used again.
    await expect(libvirt.pools.refresh(uuid, { timeoutMs: 5 })).rejects.toMatchObject({
      kind: "timeout",
      sent: true,
    });
    await libvirt.close();
    expect(peers.every(({ clientSide }) => clientSide.destroyed)).toBe(true);
    await expect(libvirt.pools.refresh(uuid)).rejects.toMatchObject({ kind: "connectionLost" });
  });
});
