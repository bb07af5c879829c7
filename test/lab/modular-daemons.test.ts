import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bootstrapScript } from "../../provider/fitness/bootstrap-script.js";
import { closeHost, examineHost } from "../../provider/fitness/examine.js";
import { judgeHost } from "../../provider/fitness/judge-host.js";
import type { Host } from "../../provider/hosts/host.js";
import { Hosts } from "../../provider/hosts/hosts.js";
import { network } from "../../provider/resources/network/index.js";
import { ensureModularSystem } from "../../scripts/modular-system.mjs";
import type { LabHost } from "../hosts/host.js";
import { labAvailable } from "../hosts/lab.js";
import { Declared, StorageWorld } from "./storage-world.js";
import { WalkedMachine } from "./walked-machine.js";

const { available, missing } = labAvailable();
const images = "/var/lib/libvirt/images";

/** As a Fedora or RHEL 9 host: virtqemud and a daemon for each other driver; alpha without virtproxyd, beta with it, gamma with libvirtd alone. */
describe.skipIf(!available)(`libvirt's modular daemons ${missing.join("; ")}`, () => {
  let world: StorageWorld;
  let alpha: LabHost;
  beforeAll(async () => {
    const system = await ensureModularSystem();
    world = await StorageWorld.up("modular", { hosts: 3, systems: { alpha: system, beta: system } });
    alpha = world.host("alpha");
    await alpha.shell("kill $(cat /run/virtproxyd.pid); rm -f /usr/sbin/virtproxyd /run/libvirt/libvirt-*");
    for (const { name } of world.lab.hosts) {
      await world.host(name).virsh("pool-define-as", "images", "dir", "--target", images);
      await world.host(name).virsh("pool-start", "images");
    }
  });
  afterAll(() => world?.lab.close());

  async function connected<T>(name: string, use: (host: Host) => Promise<T>): Promise<T> {
    const hosts = new Hosts({ warn: () => undefined, now: Date.now });
    try {
      return await use(hosts.get(world.ref(name)));
    } finally {
      await hosts.close();
    }
  }
  const end = (daemon: string) =>
    alpha.shell(
      `kill $(cat /run/${daemon}.pid); while [ -S /run/libvirt/${daemon}-sock ]; do sleep 0.05; done`,
    );
  const start = (daemon: string) =>
    alpha.shell(`${daemon} --daemon; until [ -S /run/libvirt/${daemon}-sock ]; do sleep 0.05; done`);
  const doctor = async () => {
    const { examination, open } = await examineHost(world.ref("alpha"), {
      connectTimeoutMs: 5_000,
      now: Date.now,
    });
    if (open !== undefined) await closeHost(open);
    return judgeHost(examination, new Date());
  };

  it("are reached whatever way there is, by virtqemud's own socket", async () => {
    for (const name of ["alpha", "beta"])
      await connected(name, async (host) => {
        await host.libvirt();
        const clients = await world
          .host(name)
          .shell("virt-admin -c virtqemud:///system client-list virtqemud | grep -c unix");
        expect(clients.trim()).toBe("1");
        expect((await host.observations.facts()).uuid).toBe(world.host(name).uuid);
      });
    await alpha.configureSshd("AllowStreamLocalForwarding no\nAllowTcpForwarding no");
    await alpha.shell("rm -f /usr/bin/virt-ssh-helper"); // Nor that: nc is left.
    await connected("alpha", async (host) => {
      expect((await host.observations.facts()).libvirtVersion).toMatch(/^11\./);
    });
    await alpha.configureSshd("");
  });

  it("of which one was restarted are asked again, by the same connections", async () => {
    await connected("alpha", async (host) => {
      const { networks, pools, volumes, events } = await host.libvirt();
      const started: string[] = [];
      const listening = await events.on("domainLifecycle", ({ event }) => started.push(event));
      await networks.observeAll();
      await pools.observeAll();
      const create = (name: string) =>
        volumes.create("images", `<volume><name>${name}</name><capacity>1048576</capacity></volume>`);
      const copy = () =>
        volumes.createFrom("images", "<volume><name>copy</name><capacity>1048576</capacity></volume>", {
          pool: "images",
          name: "one",
        });
      await create("one");
      await copy();
      await volumes.delete("images", "copy");
      for (let round = 0; round < 2; round++) {
        for (const daemon of ["virtnetworkd", "virtstoraged"]) {
          await end(daemon);
          await start(daemon);
        }
        expect(await networks.observeAll()).toEqual([]);
        await create(`round-${round}`);
        await copy();
        await volumes.delete("images", "copy");
      }
      expect((await volumes.observeAll("images")).map(({ name }) => name).sort()).toEqual([
        "one",
        "round-0",
        "round-1",
      ]);
      // And what is heard of VMs is heard on.
      await alpha.writeFile(
        "/run/heard.xml",
        "<domain type='qemu'><name>heard</name><memory>8192</memory><os><type arch='x86_64'>hvm</type></os></domain>",
      );
      await alpha.virsh("define", "/run/heard.xml");
      await alpha.virsh("undefine", "heard");
      await expect.poll(() => started).toEqual(["defined", "undefined"]);
      await listening.close();
      for (const name of ["one", "round-0", "round-1"]) await volumes.delete("images", name);
    });
  });

  it("of which one dies while it changes something leave that open, and are asked again", async () => {
    await connected("alpha", async (host) => {
      const { pools } = await host.libvirt();
      const { uuid, autostart } = (await pools.observe({ name: "images" })) ?? {};
      expect(autostart).toBe(false);
      await alpha.shell("kill -STOP $(cat /run/virtstoraged.pid)");
      const change = pools.setAutostart(uuid as string, true).catch((error: unknown) => error);
      await delay(200);
      await alpha.shell(
        "kill -KILL $(cat /run/virtstoraged.pid); sleep 0.2; rm /run/libvirt/virtstoraged-sock",
      );
      expect(await change).toMatchObject({
        ...{ kind: "connectionLost", sent: true },
        message: expect.stringMatching(/: a daemon that libvirt asks there was restarted, or has ended: /),
      });
      await start("virtstoraged");
      expect((await pools.observe({ name: "images" }))?.autostart).toBe(false);
    });
  });

  it("of which one is missing are told by name, with what starts it", async () => {
    const lan = new Declared(network);
    const inputs = {
      pulumiUrn: "urn:pulumi:lab::test::pulumi-kvm:Network::lan",
      ...{ name: "lan", mode: "isolated" },
      hosts: { alpha: world.connection("alpha") },
      credentials: { alpha: world.credentials },
    };
    await end("virtnetworkd");
    await expect(lan.up(inputs)).rejects.toThrow(
      /virtnetworkd-sock'.*; libvirt's daemon for networks isn't running there; start it: systemctl enable --now virtnetworkd\.socket$/,
    );
    expect((await doctor()).filter(({ check, level }) => check === "libvirt" && level !== "fine")).toEqual([
      expect.objectContaining({
        ...{ level: "problem", what: "virtnetworkd is installed, but its socket isn't there" },
        fix: expect.objectContaining({ commands: ["virtnetworkd --daemon"] }),
      }),
    ]);
    // What HostBootstrap does about it.
    const bootstrap = await alpha.mustExec(["sh"], {
      stdin: `${bootstrapScript}\nstart_daemons\nstart_daemons\n`,
    });
    expect(bootstrap).toBe(
      "note=without systemd nothing starts virtnetworkd with the host\nchange=started virtnetworkd\n",
    );
    expect((await doctor()).filter(({ check, level }) => check === "libvirt" && level !== "fine")).toEqual(
      [],
    );
    await lan.up(inputs);
    await lan.remove();
  });

  it("are asked of patches before anything is defined, as libvirtd is", async () => {
    const vm = new WalkedMachine(world, "patched", {});
    for (const host of ["alpha", "beta", "gamma"]) {
      const xml = [{ xpath: "/domain/devices", append: "<nonsense/>" }];
      expect((await vm.declared.preview({ ...vm.inputs, ...world.onHost(host), xml })).refusals).toEqual([
        expect.stringMatching(/^xml\[0\]: \S+ doesn't take the definition .*fail.* to validate/),
      ]);
      expect((await world.host(host).virsh("list", "--all", "--name")).trim()).toBe("");
    }
  });

  it("have VMs that come from libvirtd while they count, change, go on, and go back", async () => {
    for (const { name } of world.lab.hosts) {
      await world
        .host(name)
        .writeFile(
          "/run/lan.xml",
          "<network><name>lan</name><bridge name='virbr7'/><ip address='10.77.7.1' netmask='255.255.255.0'><dhcp><range start='10.77.7.10' end='10.77.7.20'/></dhcp></ip></network>",
        );
      await world.host(name).virsh("net-define", "/run/lan.xml");
      await world.host(name).virsh("net-start", "lan");
    }
    await using vm = new WalkedMachine(
      world,
      "wanderer",
      {
        memory: "128MiB",
        maxCpus: 2,
        disks: [{ size: "64MiB", pool: "images" }],
        interfaces: [{ network: "lan" }],
      },
      "gamma",
    );
    await vm.start();
    await vm.change({
      inputs: world.onHost("alpha"),
      announced: ["migrate gamma -> alpha, live, copying wanderer-0"],
    });
    await vm.change({
      inputs: {
        cpus: 2,
        disks: [
          { size: "96MiB", pool: "images" },
          { size: "32MiB", pool: "images" },
        ],
      },
      announced: [
        "disk wanderer-0 64 MiB -> 96 MiB, live",
        "create disk wanderer-1 (32 MiB, qcow2) in pool images on alpha",
        "cpus 1 -> 2, live",
        "disks[vdb] none -> wanderer-1 in images, live",
      ],
      prints: [/^cpus 2$/m],
    });
    await vm.change({
      inputs: world.onHost("beta"),
      announced: ["migrate alpha -> beta, live, copying wanderer-0, wanderer-1"],
    });
    await vm.change({
      inputs: world.onHost("gamma"),
      announced: ["migrate beta -> gamma, live, copying wanderer-0, wanderer-1"],
    });
    for (const name of ["alpha", "beta"]) expect(await world.ls(name, images)).toEqual([]);
  });
});
