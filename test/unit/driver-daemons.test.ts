import { afterEach, describe, expect, it } from "vitest";
import { Libvirt } from "../../provider/libvirt/index.js";
import { Peer } from "./libvirt-peer.js";

const RPC = 7;
const closedSocket = { code: 1, message: "internal error: client socket is closed", optDomain: RPC };
const endOfFile = { code: 38, message: "End of file while reading data", optDomain: RPC, int1: 5 };
const otherWords = { code: 1, message: "interner Fehler: Socket geschlossen", optDomain: RPC };
type Refusal = { code: number; message: string; optDomain: number; int1?: number };

describe("a driver whose own daemon was restarted", () => {
  const opened: Libvirt[] = [];
  afterEach(async () => {
    for (const libvirt of opened.splice(0)) await libvirt.close();
  });

  /** Each connection answers for the networks as the next of these says, those after the last as they should. */
  async function open(refusals: Refusal[]): Promise<{ libvirt: Libvirt; peers: Peer[] }> {
    const peers: Peer[] = [];
    const dial = async () => {
      const peer = new Peer();
      const refusal = refusals[peers.length];
      peers.push(peer);
      peer.onCall = ({ serial, name }) => {
        if (name === "AuthList") peer.reply(serial, name, { types: [0] });
        else if (name === "ConnectSupportsFeature") peer.reply(serial, name, { supported: 0 });
        else if (name === "ConnectGetHostname") peer.reply(serial, name, { hostname: "alpha" });
        else if (name === "ConnectDomainEventCallbackRegisterAny")
          peer.reply(serial, name, { callbackID: peers.length });
        else if (!name.startsWith("Network") && name !== "ConnectListAllNetworks") peer.reply(serial, name);
        else if (refusal !== undefined) peer.refuse(serial, name, refusal.code, refusal.message, refusal);
        else peer.reply(serial, name, name === "ConnectListAllNetworks" ? { nets: [], ret: 0 } : {});
      };
      return peer.clientSide;
    };
    const libvirt = await Libvirt.open({ dial, hostName: "alpha" });
    opened.push(libvirt);
    return { libvirt, peers };
  }
  const calls = (peers: readonly Peer[], wanted: string) =>
    peers.map((peer) => peer.calls.filter(({ name }) => name === wanted).length);

  it.each([closedSocket, endOfFile, otherWords])(
    "is read over another connection ($message)",
    async (lost) => {
      const { libvirt, peers } = await open([lost]);
      expect(await Promise.all([libvirt.networks.observeAll(), libvirt.networks.observeAll()])).toEqual([
        [],
        [],
      ]);
      expect(await libvirt.networks.observeAll()).toEqual([]);
      // One for all who ask, which stays; the first one stays too.
      expect(peers).toHaveLength(2);
      expect(peers[1]?.calls.filter(({ name }) => name === "ConnectOpen")).toHaveLength(1);
      await libvirt.close();
      expect(calls(peers, "ConnectClose")).toEqual([1, 1]);
    },
  );

  it("is changed over another one when it surely hadn't heard of the change, and else is not", async () => {
    const uuid = "00112233-4455-6677-8899-aabbccddeeff";
    const unheard = await open([closedSocket]);
    await unheard.libvirt.networks.start(uuid);
    expect(calls(unheard.peers, "NetworkCreate")).toEqual([1, 1]);
    for (const [refusal, error] of [
      [
        endOfFile,
        {
          ...{ kind: "connectionLost", sent: true },
          reason: `a daemon that libvirt asks there was restarted, or has ended: ${endOfFile.message}`,
        },
      ],
      [otherWords, { kind: "internal", reason: otherWords.message }],
    ] as const) {
      const perhaps = await open([refusal]);
      await expect(perhaps.libvirt.networks.start(uuid)).rejects.toMatchObject(error);
      expect(calls(perhaps.peers, "NetworkCreate")).toEqual([1]);
    }
  });

  it("is given up when it is lost again at once", async () => {
    const { libvirt, peers } = await open([closedSocket, closedSocket, closedSocket]);
    await expect(libvirt.networks.observeAll()).rejects.toMatchObject({
      kind: "connectionLost",
      sent: false,
    });
    expect(peers).toHaveLength(2);
  });

  it("leaves the events with the connection that has them", async () => {
    const { libvirt, peers } = await open([closedSocket]);
    const listening = await libvirt.events.on("domainLifecycle", () => {});
    await libvirt.networks.observeAll();
    await listening.close();
    await (await libvirt.events.on("domainLifecycle", () => {})).close();
    expect(calls(peers, "ConnectDomainEventCallbackRegisterAny")).toEqual([2, 0]);
    expect(calls(peers, "ConnectDomainEventCallbackDeregisterAny")).toEqual([2, 0]);
  });

  it("isn't looked for behind an error of another kind", async () => {
    const refusal = { code: 1, message: "internal error: something else", optDomain: 19 };
    const { libvirt, peers } = await open([refusal]);
    await expect(libvirt.networks.observeAll()).rejects.toMatchObject({ kind: "internal" });
    expect(peers).toHaveLength(1);
  });

  it("and isn't there is told by name, with what starts it", async () => {
    const message =
      "Failed to connect socket to '/var/run/libvirt/virtstoraged-sock': No such file or directory";
    const { libvirt, peers } = await open([{ code: 38, message, optDomain: RPC, int1: 2 }]);
    await expect(libvirt.networks.observeAll()).rejects.toThrow(
      `alpha: cannot list the networks: ${message}; libvirt's daemon for storage pools isn't running there; start it: systemctl enable --now virtstoraged.socket`,
    );
    expect(peers).toHaveLength(1);
  });
});
