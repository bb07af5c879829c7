import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mustRun } from "../hosts/command.js";
import { ConsoleWatch } from "../hosts/console-watch.mjs";
import type { LabHost } from "../hosts/host.js";
import { Lab, labAvailable } from "../hosts/lab.js";
import {
  changedBy,
  consoleLog,
  DeclaredProject,
  effectsOf,
  errorsOf,
  labHosts,
  tickMachine,
} from "./declared.js";

const { available, missing } = labAvailable();
const lacking = missing.length === 0 ? "" : ` (missing: ${missing.join("; ")})`;

const off = { powerState: "stopped", memory: "64MiB" };
const rng = "<rng model='virtio'><backend model='random'>/dev/random</backend></rng>";
const tablet = "<input type='tablet' bus='virtio'/>";

describe.skipIf(!available)(`what people do to hosts by hand${lacking}`, () => {
  let lab: Lab;
  let alpha: LabHost;
  let beta: LabHost;
  let project: DeclaredProject;
  beforeAll(async () => {
    lab = await Lab.up({ hosts: 2, prefix: "drift" });
    alpha = lab.host("alpha");
    beta = lab.host("beta");
    project = await DeclaredProject.create({
      hosts: labHosts(lab),
      pool: { hosts: ["alpha", "beta"], path: "/var/lib/libvirt/drift" },
      machines: {
        halted: tickMachine("halted", "alpha", { disks: [{ size: "16MiB" }] }),
        frozen: tickMachine("frozen", "alpha"),
        edited: tickMachine("edited", "beta", { autostart: true }),
        gone: { on: "alpha", ...off, disks: [{ size: "16MiB" }] },
        hollow: { on: "beta", ...off, disks: [{ size: "16MiB" }, { size: "32MiB" }] },
        strayed: { on: "alpha", ...off },
        renamed: { on: "beta", ...off },
      },
    });
    await project.pulumi.up();
  });
  afterAll(async () => {
    await project?.[Symbol.asyncDispose]();
    await lab?.close();
  });

  /** What virsh does when somebody moves a guest by hand. */
  async function migrateByHand(name: string, from: LabHost, to: LabHost, ...flags: string[]): Promise<void> {
    const virsh = ["virsh", "-q", "-c", lab.libvirtUri(from), "migrate", "--live", ...flags];
    await mustRun([...virsh, name, lab.libvirtUri(to), "--migrateuri", `tcp://${to.address}`]);
  }

  it("is in the preview, and up repairs it without disturbing the guests that run", async () => {
    await using frozen = await ConsoleWatch.start([alpha], consoleLog("frozen"));
    await using edited = await ConsoleWatch.start([beta], consoleLog("edited"));
    await edited.untilTicks(2);
    const uuidOfGone = (await alpha.virsh("domuuid", "gone")).trim();

    await alpha.virsh("destroy", "halted");
    await alpha.virsh("suspend", "frozen");
    await beta.virsh("setmaxmem", "edited", "256MiB", "--config");
    await beta.virsh("setvcpus", "edited", "3", "--config", "--maximum");
    await beta.virsh("autostart", "edited", "--disable");
    await alpha.virsh("undefine", "gone");
    await beta.virsh("vol-delete", "hollow-1", "images");
    await beta.writeFile("/tmp/strayed.xml", await alpha.virsh("dumpxml", "strayed", "--inactive"));
    await beta.virsh("define", "/tmp/strayed.xml");
    await alpha.virsh("undefine", "strayed");
    await beta.virsh("domrename", "renamed", "somebodys-taste");
    const expected = {
      halted: ["start (it is off)"],
      frozen: ["resume (it is paused, user)"],
      edited: ["maxMemory 256 MiB -> 128 MiB", "maxCpus 3 -> 1", "autostart false -> true, live"],
      gone: ["create virtual machine gone on alpha (it is gone from its host)"],
      hollow: ["create disk hollow-1 (32 MiB, qcow2) in pool images on beta"],
      strayed: ["move beta -> alpha while off"],
      renamed: ["rename somebodys-taste -> renamed"],
    };

    const preview = await project.pulumi.preview({ args: ["--expect-no-changes"], expectSuccess: false });
    expect(preview.exitCode).not.toBe(0);
    expect(effectsOf(preview)).toEqual(expected);
    const { steps = [] } = await project.pulumi.previewDocument();
    const inDocument = steps.flatMap(({ urn, newState }) => {
      const name = String(urn).split("::").at(-1) ?? "";
      const { inputs } = newState as { inputs?: { effects?: unknown } };
      return name in expected ? [[name, inputs?.effects]] : [];
    });
    expect(Object.fromEntries(inDocument)).toEqual(expected);

    const up = await project.pulumi.up();
    expect(changedBy(up)).toEqual(Object.fromEntries(Object.keys(expected).map((name) => [name, "update"])));
    expect((await alpha.virsh("list", "--name")).trim().split("\n").sort()).toEqual(["frozen", "halted"]);
    expect((await alpha.virsh("domuuid", "gone")).trim()).toBe(uuidOfGone);
    expect((await alpha.virsh("domstate", "gone")).trim()).toBe("shut off");
    expect(await beta.virsh("vol-info", "hollow-1", "images")).toMatch(/Capacity:\s+32/);
    expect((await alpha.virsh("domstate", "strayed")).trim()).toBe("shut off");
    expect((await beta.virsh("list", "--all", "--name")).trim().split("\n").sort()).toEqual([
      "edited",
      "hollow",
      "renamed",
    ]);
    expect(await beta.virsh("dominfo", "edited")).toMatch(/Autostart:\s+enable/);
    await frozen.untilTicks(3);
    await edited.untilTicks(3);
    for (const watch of [frozen, edited])
      expect(watch.report()).toMatchObject({ missing: [], repeated: [], restarts: 0 });
    expect(edited.report().largestGapMs).toBeLessThan(2000);

    // A reboot is the guest's own business.
    await alpha.virsh("reset", "frozen");
    await frozen.untilLine(/^tick 0 /);
    await project.pulumi.refresh();
  });

  it("survives when it is nothing that the program declares", async () => {
    await using edited = await ConsoleWatch.start([beta], consoleLog("edited"));
    for (const [file, xml] of Object.entries({ rng, tablet })) {
      await beta.writeFile(`/tmp/${file}.xml`, xml);
      await beta.virsh("attach-device", "edited", `/tmp/${file}.xml`, "--live", "--config");
    }
    await beta.shell("truncate -s 1M /var/lib/libvirt/images/notes.img");
    await beta.virsh(
      ...["attach-disk", "edited", "/var/lib/libvirt/images/notes.img", "vdx"],
      ...["--live", "--config", "--subdriver", "raw"],
    );
    const note = ["--uri", "https://example.net/notes", "--key", "n"];
    await beta.virsh("metadata", "edited", ...note, "--set", "<note>ask Ada</note>", "--live", "--config");
    await beta.virsh("desc", "edited", "--config", "--title", "Ada's");
    await project.pulumi.preview({ args: ["--expect-no-changes"] });

    // Redefined for something else, it keeps them.
    await project.change("edited", { maxCpus: 2, description: "of <Ada> & 'Co'" });
    await project.pulumi.up();
    const definition = await beta.virsh("dumpxml", "edited", "--inactive");
    for (const kept of ["/dev/random", "tablet", "notes.img", "ask Ada", "<title>Ada"])
      expect(definition).toContain(kept);
    expect(definition).toContain("<vcpu placement='static' current='1'>2</vcpu>");
    expect((await beta.virsh("desc", "edited", "--config")).trim()).toBe("of <Ada> & 'Co'");
    await edited.untilTicks(2);
    expect(edited.report()).toMatchObject({ missing: [], restarts: 0 });
    await beta.virsh("detach-disk", "edited", "vdx", "--live", "--config");
  });

  it("is undone when a running guest lost its definition, its mark or its process, or was put to sleep", async () => {
    await using frozen = await ConsoleWatch.start([alpha], consoleLog("frozen"));
    await using edited = await ConsoleWatch.start([beta], consoleLog("edited"));
    await frozen.untilTicks(1);
    await beta.virsh("undefine", "edited");
    await alpha.virsh("managedsave", "frozen");
    await alpha.kill(await alpha.qemuPid("halted"), "KILL");
    await beta.virsh("metadata", "renamed", "--uri", "urn:pulumi-kvm:owner:1", "--config", "--remove");
    const preview = await project.pulumi.preview();
    expect(effectsOf(preview)).toEqual({
      edited: [
        "define edited on beta again (it runs without a definition), no guest notices",
        "autostart false -> true, live",
      ],
      frozen: ["start (it is off) from its saved state"],
      halted: ["start (it has crashed)"],
      renamed: ["record the owner of renamed (its mark is gone), no guest notices"],
    });
    await project.pulumi.up();
    await frozen.untilTicks(2);
    await edited.untilTicks(2);
    expect(frozen.report()).toMatchObject({ missing: [], repeated: [], restarts: 0 });
    expect(edited.report()).toMatchObject({ missing: [], repeated: [], restarts: 0 });
    expect(edited.report().largestGapMs).toBeLessThan(2000);
    expect(await beta.virsh("dominfo", "edited")).toMatch(/Persistent:\s+yes/);
    expect(await beta.virsh("dumpxml", "edited", "--inactive")).toContain("tablet");
  });

  it("is found where a running guest was moved to, and never started a second time", async () => {
    await using frozen = await ConsoleWatch.start(lab.hosts, consoleLog("frozen"));
    // As virsh does it when nothing else is said: the definition stays behind.
    await migrateByHand("frozen", alpha, beta);
    const refused = await project.pulumi.up({ expectSuccess: false });
    expect(errorsOf(refused).join("\n")).toMatch(
      /frozen .* runs on beta and is still defined, off, on alpha.*virsh undefine/,
    );
    expect((await alpha.virsh("list", "--name")).trim()).toBe("halted");

    await alpha.virsh("undefine", "frozen");
    const preview = await project.pulumi.preview();
    expect(effectsOf(preview)).toEqual({
      frozen: [
        "define frozen on beta again (it runs without a definition), no guest notices",
        "migrate beta -> alpha, live",
      ],
    });
    await project.pulumi.up();
    await frozen.untilTicks(2);
    expect(frozen.ticks.at(-1)?.host).toBe("alpha");

    // Where the program wants it by now, it is only recorded.
    await migrateByHand("frozen", alpha, beta, "--persistent", "--undefinesource");
    await project.change("frozen", { on: "beta" });
    const record = await project.pulumi.preview();
    expect(effectsOf(record)).toEqual({ frozen: ["record changed host, connection, no guest notices"] });
    await project.pulumi.up();
    expect(
      (await project.pulumi.resources()).find(({ urn }) => urn.endsWith("::frozen"))?.outputs,
    ).toMatchObject({ host: "beta", state: "running", lastMigration: { from: "beta", to: "alpha" } });
    await project.pulumi.preview({ args: ["--expect-no-changes"] });
    await frozen.untilTicks(2);
    expect(frozen.ticks.at(-1)?.host).toBe("beta");
    expect(frozen.report()).toMatchObject({ missing: [], repeated: [], restarts: 0 });
    expect((await alpha.virsh("list", "--all", "--name")).trim().split("\n")).not.toContain("frozen");
  });

  it("leaves nothing behind on any host when all is destroyed, disks that were copied by hand included", async () => {
    const move = ["--persistent", "--undefinesource", "--copy-storage-all"];
    await migrateByHand("halted", alpha, beta, ...move);
    const refused = await project.pulumi.preview({ expectSuccess: false });
    expect(refused.stdout).toMatch(
      /halted is on beta and should be on alpha, but there is a volume halted-0 in pool images on alpha already, with this virtual machine's mark.*virsh vol-delete halted-0 --pool images on alpha/s,
    );
    // What is left of it then is its mark, which people don't see.
    await alpha.virsh("vol-delete", "halted-0", "--pool", "images");
    const wayBack = await project.pulumi.preview();
    expect(effectsOf(wayBack)).toEqual({
      halted: [
        "record the owner of halted (no mark is on halted-0), no guest notices",
        "migrate beta -> alpha, live, copying halted-0",
      ],
    });
    await project.pulumi.up();
    expect((await alpha.virsh("list", "--name")).trim()).toContain("halted");

    await migrateByHand("halted", alpha, beta, ...move);
    await project.change("halted", { on: "beta" });
    const record = await project.pulumi.preview();
    expect(effectsOf(record)).toEqual({
      halted: ["record the owner of halted (no mark is on halted-0), no guest notices"],
    });
    await project.pulumi.up();
    await project.pulumi.preview({ args: ["--expect-no-changes"] });
    // Both disks have its mark now. That isn't storage which both hosts share: off, it would boot from what it had before.
    await project.change("halted", { on: "alpha", ...off });
    const back = await project.pulumi.preview({ expectSuccess: false });
    expect(back.stdout).toMatch(
      /volume halted-0 in pool images on alpha already, with this virtual machine's mark/,
    );

    await project.pulumi.destroy();
    for (const host of lab.hosts) {
      for (const list of ["list", "pool-list"])
        expect((await host.virsh(list, "--all", "--name")).trim()).toBe("");
      expect(await host.shell("ls -A /var/lib/libvirt /var/log/libvirt/qemu")).not.toMatch(/drift|console/);
    }
  });
});
