import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { labAvailable } from "../hosts/lab.js";
import { tickCommandLine } from "../hosts/tick-guest.js";
import { StorageWorld } from "./storage-world.js";
import { WalkedMachine } from "./walked-machine.js";

const { available, missing } = labAvailable();
const folder = "/var/lib/libvirt/images";
const farFolder = "/var/lib/libvirt/far";
const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHk me@laptop";
const secret = "hunter2-hunter2";

describe.skipIf(!available)(`boot media ${missing.join("; ")}`, () => {
  let world: StorageWorld;
  beforeAll(async () => {
    world = await StorageWorld.up("seeds");
    await world.host("beta").shell(`mkdir -p ${farFolder}`);
    for (const [host, pool, path] of [
      ["alpha", "images", folder],
      ["beta", "far", farFolder],
    ] as const) {
      await world.host(host).virsh("pool-define-as", pool, "dir", "--target", path);
      await world.host(host).virsh("pool-start", pool);
    }
  });
  afterAll(() => world?.lab.close());

  const filesOn = async (host: string) =>
    (await world.ls(host, host === "beta" ? farFolder : folder)).filter((name) => !name.startsWith("."));
  const seedIn = (effects: readonly string[]) =>
    /\S+-seed-[0-9a-f]{12}\.iso/.exec(effects.join("\n"))?.[0] ?? "";

  it("are what the guest finds, replaced at its next boot, and gone with the VM", async () => {
    const users = [{ name: "ops", password: secret, sudo: true }];
    const seed = { hostname: "web", sshAuthorizedKeys: [key], users };
    const root = { pool: "images", name: "root", size: "16MiB" };
    const started = {
      disks: [root],
      commandLine: `${tickCommandLine} show=sr0`,
      cloudInit: seed,
    };
    await using vm = new WalkedMachine(world, "seeded", started);
    const { effects } = await vm.declared.preview(vm.inputs);
    const first = seedIn(effects);
    expect(effects).toEqual([
      "create virtual machine seeded on alpha (new)",
      "create disk seeded-root (16 MiB, qcow2) in pool images on alpha",
      `write cloud-init seed ${first} (54 KiB) in pool images on alpha (new)`,
      "start (new)",
    ]);
    await vm.start();
    const printed = () => vm.watch.lines.map(({ text }) => text);
    expect(printed()).toEqual(
      expect.arrayContaining([
        "sr0 meta-data 400",
        `sr0 meta-data: instance-id: "${vm.declared.state.uuid}"`,
        'sr0 user-data: hostname: "web"',
        `sr0 user-data:     plain_text_passwd: "${secret}"`,
      ]),
    );
    const path = `${folder}/${first}`;
    expect(await vm.host.shell(`stat -c '%a %U' ${path}`)).toBe("600 libvirt-qemu\n");
    expect(await vm.host.shell(`isoinfo -R -x /user-data -i ${path}`)).toContain(`"${key}"`);
    const said = [
      JSON.stringify(vm.declared.state.effects),
      await vm.liveXml(),
      await vm.persistentXml(),
      await vm.host.shell("ps axww -o args; cat /var/log/libvirt/qemu/seeded.log"),
    ];
    expect(said.join("\n")).not.toContain(secret);

    // The guest runs on with the old one, which therefore stays.
    const second = await changeSeed(vm, first, { ...seed, hostname: "web2" }, [
      (file) =>
        `write cloud-init seed ${file} (54 KiB) in pool images on alpha (other meta-data, user-data; the instance-id stays: cloud-init does what it does at every boot)`,
      (file) => `cloudInit ${first} in images -> ${file} in images, at the next boot`,
    ]);
    expect(await filesOn("alpha")).toEqual([first, second, "seeded-root"].sort());
    expect(vm.declared.state.pendingRestart).toEqual([`cloudInit ${first} in images -> ${second} in images`]);

    // What somebody damaged or deleted comes back.
    await vm.host.shell(`truncate -s 4096 ${folder}/${second}`);
    await vm.change({
      inputs: {},
      announced: [`write cloud-init seed ${second} (54 KiB) in pool images on alpha (it isn't complete)`],
    });
    await vm.host.virsh("vol-delete", second, "images");
    await vm.change({
      inputs: {},
      announced: [`write cloud-init seed ${second} (54 KiB) in pool images on alpha (it is gone from there)`],
    });

    const following = { ...seed, hostname: "web3", newInstanceOnChange: true };
    vm.inputs = { ...vm.inputs, restartPolicy: "whenNeeded" };
    // What was announced before is brought by this.
    await vm.declared.preview(vm.inputs);
    expect(vm.declared.said.join("\n")).toContain(
      `seeded is started with cloud-init seed ${second}, which waits for that: unless instanceId or newInstanceOnChange was changed with it, the instance-id stays: cloud-init does what it does at every boot`,
    );
    const third = await changeSeed(vm, second, following, [
      (file) =>
        `write cloud-init seed ${file} (54 KiB) in pool images on alpha (other meta-data, user-data; the instance-id changes: cloud-init runs as on a first boot, unless the guest has had this instance-id before)`,
      (file) => `cloudInit ${first} in images -> ${file} in images, at the next boot`,
      (file) =>
        `restart the guest for cloudInit ${first} in images -> ${file} in images, cutting its power if it does not shut down in time`,
      ...[first, second]
        .sort()
        .map(
          (file) => () => `delete cloud-init seed ${file} in pool images on alpha: no guest has it any more`,
        ),
    ]);
    await expect.poll(printed).toContain('sr0 user-data: hostname: "web3"');
    expect(printed()).toContain(
      `sr0 meta-data: instance-id: "${vm.declared.state.uuid}-${third.slice(-16, -4)}"`,
    );
    expect(await filesOn("alpha")).toEqual(["seeded-root", third]);

    await vm.change({
      inputs: { cloudInit: undefined, restartPolicy: undefined },
      announced: [`cloudInit ${third} in images -> none, at the next boot`],
    });
    expect(await filesOn("alpha")).toEqual(["seeded-root", third]);
    await vm.host.virsh("destroy", "seeded");
    await vm.declared.up(vm.inputs);
    expect(await vm.liveXml()).not.toContain("cdrom");
    await vm.declared.up(vm.inputs);
    expect(await filesOn("alpha")).toEqual(["seeded-root"]);
    await vm.declared.up({ ...vm.inputs, cloudInit: seed });
    await vm.declared.remove();
    vm.declared.id = undefined;
    expect(await world.ls("alpha", folder)).toEqual([]);
  });

  it("go along when the VM moves, those for its next boot too, live and off, to a pool of another name", async () => {
    const config = { ignition: { version: "3.4.0" }, "a key": "ü" };
    const onHost = (name: string, pool: string) => ({
      ...{ host: name, connection: world.connection(name) },
      disks: [{ pool, name: "root", size: "16MiB" }],
    });
    await using vm = new WalkedMachine(world, "mover", {
      machine: "pc",
      disks: [{ pool: "images", name: "root", size: "16MiB" }],
      commandLine: `${tickCommandLine} show=sr0:norock show=sr1:norock show=fwcfg`,
      cloudInit: { hostname: "mover", metaData: { place: "here" } },
      answerFile: { windows: "<unattend/>", files: { "$WinPEDriver$/ü.inf": "driver" } },
      ignition: config,
    });
    await vm.start();
    const printed = () => vm.watch.lines.map(({ text }) => text);
    expect(printed()).toEqual(
      expect.arrayContaining([
        'sr0 user-data: hostname: "mover"',
        "sr1 autounattend.xml: <unattend/>",
        expect.stringMatching(/^sr1 \$WinPEDriver\$\/.\.inf: driver$/),
        'fwcfg:   "a key": "ü"',
      ]),
    );
    const [answers, ignition, , first] = (await filesOn("alpha")) as [string, string, string, string];
    const second = await changeSeed(vm, first, { hostname: "moved" }, [
      (file) =>
        `write cloud-init seed ${file} (54 KiB) in pool images on alpha (other meta-data, user-data; the instance-id stays: cloud-init does what it does at every boot)`,
      (file) => `cloudInit ${first} in images -> ${file} in images, at the next boot`,
    ]);
    await vm.change({
      inputs: onHost("beta", "far"),
      announced: [
        `migrate alpha -> beta, live, copying ${["mover-root", second, answers, ignition, first].map((file) => `${file} to pool far`).join(", ")}`,
      ],
    });
    for (const more of [[], ["--inactive"]]) {
      const xml = await world.host("beta").virsh("dumpxml", "mover", ...more);
      expect(xml).toContain(`${farFolder}/mover-root`);
      expect(xml).not.toContain(folder);
    }
    expect(await filesOn("beta")).toEqual([answers, ignition, "mover-root", first, second].sort());
    expect(await world.ls("alpha", folder)).toEqual([]);

    await vm.declared.up({ ...vm.inputs, powerState: "stopped" });
    expect(await filesOn("beta")).toEqual([answers, ignition, "mover-root", second].sort());
    const back = { ...vm.inputs, ...onHost("alpha", "images"), powerState: "stopped" };
    expect((await vm.declared.preview(back)).effects).toEqual([
      `move beta -> alpha while off, copying ${["mover-root", second, answers, ignition].map((file) => `${file} to pool images`).join(", ")}`,
    ]);
    await vm.declared.up(back);
    expect(await filesOn("alpha")).toEqual([answers, ignition, "mover-root", second].sort());
    expect(await world.ls("beta", farFolder)).toEqual([]);
    vm.inputs = { ...back, powerState: "running" };
    await vm.declared.up(vm.inputs);
    await expect.poll(printed, { timeout: 20_000 }).toContain('sr0 user-data: hostname: "moved"');
  });

  /** Changes the seed, and tells the name of the new one. */
  async function changeSeed(
    vm: WalkedMachine,
    before: string,
    cloudInit: object,
    announced: ((file: string) => string)[],
  ): Promise<string> {
    const { effects } = await vm.declared.preview({ ...vm.inputs, cloudInit });
    const file = seedIn(effects);
    expect(file).not.toBe(before);
    await vm.change({ inputs: { cloudInit }, announced: announced.map((line) => line(file)) });
    return file;
  }
});
