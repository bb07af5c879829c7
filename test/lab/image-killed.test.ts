import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { labAvailable } from "../hosts/lab.js";
import { sha256 } from "./image-server.js";
import { ImageWorld } from "./image-world.js";
import { ProviderProcess } from "./provider-process.js";
import { type Declared, Deployed } from "./storage-world.js";

const { available, missing } = labAvailable();
const MIB = 2 ** 20;
/** More than there are; the last one ends undisturbed. */
const MOST_CALLS = 30;
const moments = Array.from({ length: MOST_CALLS }, (_, i) => `*:after:${i + 1}`);

describe.skipIf(!available)(`an image whose deployment is killed ${missing.join("; ")}`, () => {
  let world: ImageWorld;
  beforeAll(async () => {
    world = await ImageWorld.up("image-killed", { user: "ops" });
  });
  afterAll(() => world?.[Symbol.asyncDispose]());
  afterEach(() => world?.clear());

  const deploy = (image: Declared, inputs: object, stopAt?: string) =>
    ProviderProcess.run(
      "resource-child.mjs",
      { kind: "Image", id: image.id, state: image.state, inputs, hosts: [] },
      stopAt,
    );

  /** False when the deployment had fewer changes. */
  async function killedAt(moment: string, image: Declared, inputs: object): Promise<boolean> {
    await using deploying = await deploy(image, inputs, moment);
    const came = await deploying.killedAtStop();
    if (!came) expect(await deploying.outcome()).toHaveProperty("result");
    return came;
  }

  /** One volume for each content, one mark beside each, and nothing else. */
  async function expectOnly(at: string, contents: Buffer[], host = "alpha"): Promise<void> {
    const volumes = contents.map((content) => `base-${sha256(content).slice(0, 16)}`).sort();
    expect([at, await world.files(host)]).toEqual([at, volumes]);
    expect([at, await world.ls(host)]).toHaveProperty("1.length", 2 * volumes.length);
    for (const [i, content] of [...contents].entries())
      expect([at, i, await world.sha256(`base-${sha256(content).slice(0, 16)}`, host)]).toEqual([
        at,
        i,
        sha256(content),
      ]);
  }

  it("at any call that changes something is there after the next run, once, and goes without a trace", {
    timeout: 600_000,
  }, async () => {
    const { server, scratch, storage } = world;
    const [content, other] = [randomBytes(MIB / 2), randomBytes(MIB / 2)];
    await world.write("other.raw", other);
    const source = server.serve("k.raw", content);
    const downloaded = world.inputsOf("base", { source, sha256: sha256(content) });
    const sent = world.inputsOf("base", { source: `${scratch}/other.raw` });
    const asOps = { hosts: { alpha: { ...storage.connection("alpha"), user: "ops" } } };
    await using run = new Deployed();
    const converges = async (at: string, image: Declared, inputs: Record<string, unknown>, it: Buffer) => {
      await image.up(inputs);
      await expectOnly(at, [it]);
      expect([at, await image.preview(inputs)]).toMatchObject([
        at,
        { effects: [], diff: { changes: false } },
      ]);
    };
    const inputs = { ...sent, ...asOps };
    let [kills, killed] = [0, true];
    for (const moment of moments) {
      if (!killed) break;
      const image = world.declared(run);
      killed = await killedAt(moment, image, inputs);
      if (killed) kills += 1;
      await converges(`through libvirt, ${moment}`, image, inputs, other);
      await image.remove();
      expect([moment, await world.ls()]).toEqual([moment, []]);
    }
    expect([kills > 2, killed]).toEqual([true, false]);
    // Another content, and back again: the one before is there until the other is, and then gone.
    const image = world.declared(run);
    await image.up(downloaded);
    let [from, to] = [
      { inputs: downloaded, it: content },
      { inputs: sent, it: other },
    ];
    [kills, killed] = [0, true];
    for (const moment of moments) {
      if (!killed) break;
      killed = await killedAt(moment, image, to.inputs);
      if (killed) kills += 1;
      const volumes = (await world.files()).filter((file) => !file.startsWith("."));
      expect([moment, volumes.length > 0]).toEqual([moment, true]);
      await converges(`changed, ${moment}`, image, to.inputs, to.it);
      [from, to] = [to, from];
    }
    expect([kills > 4, killed]).toEqual([true, false]);
    await image.remove();
    expect(await world.ls()).toEqual([]);
  });

  it("while it is downloaded, goes on from there; while it is sent, begins anew", async () => {
    const { server } = world;
    const content = randomBytes(4 * MIB);
    const sum = { sha256: sha256(content) };
    const path = await world.write("sent.raw", content);
    const untilPart = async () => {
      for (let i = 0; i < 100; i++) {
        const sizes = await world.storage
          .host("alpha")
          .shell(`stat -c %s ${world.folder}/.*.part 2>/dev/null || true`);
        if (Number.parseInt(sizes, 10) > MIB / 2) return;
        await sleep(50);
      }
      throw new Error("nothing came");
    };
    const image = world.declared();
    const inputs = world.inputsOf("base", {
      source: server.serve("cut.raw", content, { rate: 2 * MIB }),
      ...sum,
    });
    {
      await using deploying = await deploy(image, inputs);
      await untilPart();
      await deploying.kill();
    }
    expect(await world.files()).not.toContain(`base-${sum.sha256.slice(0, 16)}`);
    // A half file is no volume: others see nothing of it.
    expect(await image.preview(inputs)).toMatchObject({ effects: [expect.stringContaining("(new)")] });
    server.serve("cut.raw", content);
    await image.up(inputs);
    const [first, second, ...more] = server.transfers("cut.raw").map(({ range }) => range);
    expect([first, more]).toEqual([undefined, []]);
    expect(Number(/^bytes=(\d+)-$/.exec(second ?? "")?.[1])).toBeGreaterThan(MIB / 2);
    await expectOnly("downloaded", [content]);
    await image.remove();
    {
      await world.storage.host("alpha").netem({ rateMbit: 12 });
      await using deploying = await deploy(image, world.inputsOf("base", { source: path }));
      await untilPart();
      await deploying.kill();
      await world.storage.host("alpha").heal();
    }
    const sent = world.declared();
    await sent.up(world.inputsOf("base", { source: path }));
    await expectOnly("sent", [content]);
    await sent.remove();
    expect(await world.ls()).toEqual([]);
  });

  it("on the host itself, says where it was cut off and by what, and is completed by the next", async () => {
    const { server, storage } = world;
    const host = storage.host("alpha");
    const content = randomBytes(4 * MIB);
    const source = server.serve("shell.raw", content, { rate: 2 * MIB });
    const path = await world.write("shell.raw", content);
    // The shell that works there, and what it has begun.
    const kill = `for i in $(seq 100); do [ -s "$(echo ${world.folder}/.*.part)" ] && break; sleep 0.1; done; virsh pool-refresh ${world.pool}
      virsh vol-list ${world.pool}; for each in /proc/[0-9]*; do case $(tr '\\0' ' ' <"$each/cmdline" 2>&1) in sh\\ -c*What\\ runs\\ in\\ the\\ [b]ackground*) kill -KILL "\${each#/proc/}" ;; esac; done`;
    for (const [doing, more] of [
      ["downloading", { source, sha256: sha256(content) }],
      ["sending", { source: path }],
    ] as const) {
      const image = world.declared();
      if (doing === "sending") await host.netem({ rateMbit: 12 });
      const inputs = world.inputsOf("base", more);
      const [failure, seen] = await Promise.all([
        image.up(inputs).then(
          () => "none",
          (error: Error) => error.message,
        ),
        host.shell(kill),
      ]);
      if (doing === "sending") await host.heal();
      expect(failure).toMatch(
        new RegExp(
          `${doing} on alpha was cut off \\(.*SIGKILL\\); nothing uses a half file, and the next deployment completes it`,
        ),
      );
      // What libvirt was asked for in between: the unfinished file, and no lock that it would remember.
      expect(seen).toMatch(/\.part\s/);
      expect(seen).not.toContain(".lock");
      await image.up(inputs);
      await expectOnly(doing, [content]);
      await image.remove();
      expect(await world.ls()).toEqual([]);
    }
  });
});
