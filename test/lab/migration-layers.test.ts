import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { labAvailable } from "../hosts/lab.js";
import { tickCommandLine } from "../hosts/tick-guest.js";
import { StorageWorld } from "./storage-world.js";
import { WalkedMachine } from "./walked-machine.js";

const { available, missing } = labAvailable();
const folder = "/var/lib/libvirt/images";
const MIB = 2 ** 20;
/** As an Image resource names and marks it. */
const image = { name: "base", pool: "images", volume: "base-0123456789abcdef.qcow2", sizeBytes: 24 * MIB };
const plain = `${folder}/plain.qcow2`;

describe.skipIf(!available)(`moving a guest with layers over images ${missing.join("; ")}`, () => {
  let world: StorageWorld;
  beforeAll(async () => {
    world = await StorageWorld.up("layers");
    const [alpha, beta] = [world.host("alpha"), world.host("beta")];
    const mark = `.pulumi-kvm.0123456789abcdef.fedcba9876543210.${image.volume}`;
    await alpha.shell(
      `cd ${folder} && head -c 24M /dev/urandom >noise && qemu-img convert -O qcow2 noise ${image.volume} && cp ${image.volume} ${plain} && touch ${mark} && rm noise`,
    );
    for (const host of [alpha, beta]) {
      await host.virsh("pool-define-as", "images", "dir", "--target", folder);
      await host.virsh("pool-start", "images");
    }
    const copy = await alpha.shell(`base64 -w0 ${plain}`);
    await beta.writeFile("/run/base.b64", copy);
    await beta.shell(`cd ${folder} && base64 -d </run/base.b64 >${image.volume} && touch ${mark}`);
    await beta.virsh("pool-refresh", "images");
  });
  afterAll(() => world?.lab.close());

  const on = (host: string) => ({ host, connection: world.connection(host) });
  /** What an image's file takes, and what it is a layer over. */
  async function fileOf(host: string, name: string) {
    const { "actual-size": bytes, "backing-filename": backing } = JSON.parse(
      await world.host(host).shell(`qemu-img info -U --output=json ${folder}/${name}`),
    );
    return { bytes, backing };
  }

  it("copies the layer alone where the target has the base, and says so", async () => {
    const disks = [
      { pool: "images", name: "root", image },
      { pool: "images", name: "data", size: "8MiB", format: "raw" },
    ];
    await using vm = new WalkedMachine(world, "over", {
      commandLine: `${tickCommandLine} write=vda@9:on-top write=vdb@1:beside`,
      disks,
    });
    await vm.start();
    const layer = `over-root (its layer over ${image.volume}, which is there)`;
    await vm.change({
      inputs: on("beta"),
      announced: [`migrate alpha -> beta, live, copying ${layer}, over-data`],
    });
    expect(vm.watch.ticks.at(-1)?.host).toBe("beta");
    const moved = await fileOf("beta", "over-root");
    expect(moved.backing).toBe(`${folder}/${image.volume}`);
    expect(moved.bytes).toBeLessThan(4 * MIB);
    const content = `cd ${folder}; qemu-img convert -U -O raw over-root /run/now; cmp -n 9M /run/now <(qemu-img convert -O raw ${image.volume} /run/base; cat /run/base) && tail -c +$((9*1048576+1)) /run/now | head -c 6; tail -c +1048577 over-data | head -c 6`;
    expect(await world.host("beta").shell(`bash -c '${content}'`)).toBe("on-topbeside");
    expect(await world.ls("alpha", folder)).not.toContain("over-root");

    // Whole where that is asked for, or where the base isn't there.
    await vm.change({
      inputs: { ...on("alpha"), migration: { storage: "copy" } },
      announced: ["migrate beta -> alpha, live, copying over-root, over-data"],
    });
    const whole = await fileOf("alpha", "over-root");
    expect(whole.backing).toBeUndefined();
    expect(whole.bytes).toBeGreaterThan(20 * MIB);
  });

  it("compares bases that are no images where it is asked for layers, and refuses others", async () => {
    await using vm = new WalkedMachine(world, "plain", {
      disks: [{ pool: "images", name: "root", size: "32MiB", backing: plain }],
    });
    await vm.start();
    const incremental = { ...vm.inputs, ...on("beta"), migration: { storage: "incremental" } };
    const refused = async () => (await vm.declared.preview(incremental)).refusals;
    const beginning = `virtual machine plain is on alpha and should be on beta, but migration.storage is "incremental" and volume plain-root can't be copied as a layer: ${plain}`;
    const wayOut = 'or set migration.storage "copy", which copies the whole chain';
    expect(await refused()).toEqual([`${beginning} isn't on beta; put it there, ${wayOut}`]);
    const { host: beta } = { host: world.host("beta") };
    await beta.shell(
      `cp ${folder}/${image.volume} ${plain}; printf x | dd of=${plain} bs=1 seek=9999999 conv=notrunc status=none`,
    );
    await beta.virsh("pool-refresh", "images");
    expect(await refused()).toEqual([
      `${beginning} isn't the same on beta as on alpha (its SHA-256 is another); put the same there, ${wayOut}`,
    ]);
    expect((await vm.declared.preview({ ...incremental, migration: {} })).effects).toEqual([
      "migrate alpha -> beta, live, copying plain-root",
    ]);
    await beta.shell(`cp ${folder}/${image.volume} ${plain}`);
    await beta.virsh("pool-refresh", "images");
    await vm.change({
      inputs: { ...on("beta"), migration: { storage: "incremental" } },
      announced: [
        "migrate alpha -> beta, live, copying plain-root (its layer over plain.qcow2, which is there)",
      ],
    });
    const { backing, bytes } = await fileOf("beta", "plain-root");
    expect(backing).toBe(plain);
    expect(bytes).toBeLessThan(4 * MIB);
  });

  it("takes along what waits for the guest's next boot, and leaves nothing of the VM's behind", async () => {
    const [alpha, beta] = [world.host("alpha"), world.host("beta")];
    for (const host of [alpha, beta]) {
      await host.virsh("pool-define-as", "other", "dir", "--target", "/var/lib/libvirt/other");
      await host.virsh("pool-build", "other");
      await host.virsh("pool-start", "other");
    }
    const own = async (host: string) => {
      const files = [...(await world.ls(host, folder)), ...(await world.ls(host, "/var/lib/libvirt/other"))];
      return files.filter((file) => /^waits-/.test(file)).sort();
    };
    const small = { pool: "images", size: "8MiB" };
    const root = { ...small, name: "root" };
    const plugged = { ...small, name: "plugged" };
    const out = { ...small, name: "out", bus: "sata", pool: "other" };
    const kept = { ...small, name: "kept", bus: "sata", retainOnDelete: true };
    const late = { pool: "images", name: "late", bus: "sata", image };
    await using vm = new WalkedMachine(world, "waits", { disks: [root, plugged, out, kept] });
    await vm.start();
    await vm.change({
      inputs: { disks: [root, plugged, out] },
      announced: [
        "disks[sdb] waits-kept in images -> none, at the next boot",
        "keep disk waits-kept in pool images on alpha: it is nobody's from now on",
      ],
    });
    // The guest may still write to it, and whoever looks for it later looks there.
    expect((await vm.declared.preview({ ...vm.inputs, ...on("beta") })).refusals).toEqual([
      'virtual machine waits is on alpha and should be on beta, but the guest still uses disk waits-kept in pool images, which was taken from it, isn\'t its own any more and stays on alpha; have it restart there first (shut it down and deploy, or restartPolicy: "whenNeeded")',
    ]);
    await vm.change({
      inputs: { restartPolicy: "whenNeeded" },
      announced: [/^restart the guest for disks\[sdb\] waits-kept in images -> none(, cutting .*)?$/],
    });
    await vm.change({
      inputs: { restartPolicy: "never", disks: [root, plugged, late] },
      announced: [
        "disks[sda] waits-out in other -> none, at the next boot",
        "disks[sdb] none -> waits-late in images, at the next boot",
        `create disk waits-late (24 MiB, qcow2) in pool images on alpha, from image ${image.volume}`,
      ],
    });
    await alpha.shell(`qemu-io -c 'write -P 0x4c 1M 64k' ${folder}/waits-late`);

    // Without a mark nobody could tell afterwards whose it is.
    await alpha.shell(`rm ${folder}/.pulumi-kvm.*.waits-plugged`);
    await alpha.virsh("pool-refresh", "images");
    await vm.change({
      inputs: { ...on("beta"), disks: [root, { ...root, name: "new" }, late] },
      announced: [
        "record the owner of waits (no mark is on waits-plugged), no guest notices",
        "migrate alpha -> beta, live, copying waits-root, waits-plugged, waits-out, waits-late",
        "create disk waits-new (8 MiB, qcow2) in pool images on beta",
        /^disks\[vdb\] waits-plugged in images -> none, live/,
        "disks[vdc] none -> waits-new in images, live",
        "delete disk waits-plugged (8 MiB) in pool images on beta: its data is lost",
      ],
    });
    expect(await own("alpha")).toEqual(["waits-kept"]);
    expect(await own("beta")).toEqual(["waits-late", "waits-new", "waits-out", "waits-root"]);
    expect((await fileOf("beta", "waits-late")).backing).toBe(`${folder}/${image.volume}`);

    await beta.virsh("destroy", "waits");
    const back = [
      "delete disk waits-out (8 MiB) in pool other on beta: its data is lost",
      "move beta -> alpha while off, copying waits-root, waits-new, waits-late",
      "start (it is off)",
    ];
    const { kernel } = vm.inputs;
    await alpha.shell(`echo none >/run/no-kernel; mount --bind /run/no-kernel ${kernel}`);
    await expect(vm.declared.up({ ...vm.inputs, ...on("alpha") })).rejects.toThrow(
      /waits was moved from beta to alpha while it was off, and couldn't be started there: .*kernel.*; it is on alpha, whole and off/,
    );
    expect(vm.declared.state.effects).toEqual(back);
    expect(await own("alpha")).toEqual(["waits-kept", "waits-late", "waits-new", "waits-root"]);
    await alpha.shell(`umount ${kernel}`);
    expect(await vm.declared.up({ ...vm.inputs, ...on("alpha") })).toEqual(["start (it is off)"]);
    expect((await vm.declared.preview({ ...vm.inputs, ...on("alpha") })).effects).toEqual([]);
    expect(await own("beta")).toEqual([]);
    expect(await vm.liveXml()).toContain("waits-late");
    const read = `qemu-io -U -r -c 'read -P 0x4c 1M 64k' ${folder}/waits-late`;
    expect(await alpha.shell(read)).not.toContain("failed");
  });
});
