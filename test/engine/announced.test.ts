import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ConsoleWatch } from "../hosts/console-watch.mjs";
import type { LabHost } from "../hosts/host.js";
import { Lab, labAvailable } from "../hosts/lab.js";
import {
  consoleLog,
  DeclaredProject,
  effectsOf,
  errorsOf,
  expectNoStackTraces,
  infosOf,
  labHosts,
  tickMachine,
} from "./declared.js";

const { available, missing } = labAvailable();
const lacking = missing.length === 0 ? "" : ` (missing: ${missing.join("; ")})`;

describe.skipIf(!available)(`what a guest would feel${lacking}`, () => {
  let lab: Lab;
  let alpha: LabHost;
  let project: DeclaredProject;
  beforeAll(async () => {
    lab = await Lab.up({ hosts: 1, prefix: "announced" });
    alpha = lab.host("alpha");
    project = await DeclaredProject.create({
      hosts: labHosts(lab),
      machines: {
        web: tickMachine("web", "alpha"),
        box: { on: "alpha", powerState: "stopped", memory: "64MiB" },
      },
    });
    await project.pulumi.up();
  });
  afterAll(async () => {
    await project?.[Symbol.asyncDispose]();
    await lab?.close();
  });

  async function outputsOf(name: string): Promise<Record<string, unknown>> {
    const resources = await project.pulumi.resources();
    return resources.find(({ urn }) => urn.endsWith(`::${name}`))?.outputs ?? {};
  }

  it("waits for the guest's next start, and says so, unless the policy allows a restart", async () => {
    await using web = await ConsoleWatch.start([alpha], consoleLog("web"));
    await web.untilTicks(2);
    await project.change("web", { memory: "160 MiB", cpus: 2 });
    const waiting = await project.pulumi.preview();
    expect(effectsOf(waiting)).toEqual({
      web: ["memory 128 MiB -> 160 MiB, at the next boot", "cpus 1 -> 2, at the next boot"],
    });
    expect(infosOf(waiting)).toEqual([
      expect.stringMatching(
        /^VirtualMachine web: memory 128 MiB -> 160 MiB, at the next boot; cpus 1 -> 2, at the next boot\nthe definition changes:\n@@/,
      ),
    ]);
    await project.pulumi.up();
    expect(await outputsOf("web")).toMatchObject({
      pendingRestart: ["memory 128 MiB -> 160 MiB", "cpus 1 -> 2"],
    });
    await project.pulumi.preview({ args: ["--expect-no-changes"] });
    await web.untilTicks(2);
    expect(web.report()).toMatchObject({ missing: [], restarts: 0 });

    await project.change("web", { restartPolicy: "whenNeeded" });
    const restart = await project.pulumi.preview();
    expect(effectsOf(restart)).toEqual({
      web: ["restart the guest for memory 128 MiB -> 160 MiB, cpus 1 -> 2"],
    });
    // Without --diff as well.
    expect(infosOf(restart)).toEqual([
      "VirtualMachine web: restart the guest for memory 128 MiB -> 160 MiB, cpus 1 -> 2",
    ]);
    await project.pulumi.up();
    // By its power button, and once.
    await web.untilLine(/^power button/);
    await web.untilLine(/^cpus 2$/);
    await web.untilTicks(2);
    expect(web.report().restarts).toBe(1);
    const memories = web.lines.flatMap(({ text }) => /^memory (\d+)$/.exec(text)?.[1] ?? []);
    expect(Number(memories.at(-1))).toBeGreaterThan(120 * 1024);
    expect(await outputsOf("web")).toMatchObject({ pendingRestart: [], state: "running" });
    await project.expectSettled();
  });

  it("is what a saved plan holds: up --plan refuses when the host has changed since", async () => {
    await project.change("web", { restartPolicy: "never", autostart: true });
    await project.pulumi.preview({ args: ["--save-plan", "plan.json"] });
    await alpha.virsh("destroy", "web");
    const refused = await project.pulumi.up({ args: ["--plan", "plan.json"], expectSuccess: false });
    expect(refused.exitCode).not.toBe(0);
    expect(errorsOf(refused).join("\n")).toMatch(/violates plan.*effects/s);
    expectNoStackTraces(refused);
    expect((await alpha.virsh("domstate", "web")).trim()).toBe("shut off");
    expect(await alpha.virsh("dominfo", "web")).toMatch(/Autostart:\s+disable/);

    await project.pulumi.preview({ args: ["--save-plan", "plan.json"] });
    await project.pulumi.up({ args: ["--plan", "plan.json"] });
    expect((await alpha.virsh("domstate", "web")).trim()).toBe("running");
    expect(await alpha.virsh("dominfo", "web")).toMatch(/Autostart:\s+enable/);
  });

  it("is not done when the preview did not say it, because somebody was at work on the VM while up waited", async () => {
    const lease = ["metadata", "box", "--uri", "urn:pulumi-kvm:lease:1", "--config"];
    const held = `<lease run='other' holder='ada/1' expiresAtMs='${Date.now() + 600_000}'/>`;
    await alpha.virsh(...lease, "--key", "kvm-lease", "--set", held);
    await project.change("box", { description: "changed" });
    const up = project.pulumi.start(["up", "--yes", "--skip-preview", "--json"]);
    await up.waitForOutput(/waiting for ada\/1, which is at work on box/);
    await alpha.virsh("start", "box");
    await alpha.virsh(...lease, "--live", "--remove");
    const { exitCode, stdout } = await up.done;
    expect(exitCode).not.toBe(0);
    expect(stdout).toMatch(
      /VirtualMachine box: not done, because the preview did not say it and it isn't harmless: shut down the guest/,
    );
    expect((await alpha.virsh("domstate", "box")).trim()).toBe("running");
    expect(await alpha.virsh("dumpxml", "box")).not.toContain("changed");

    // No guest system is on it that could hear the power button.
    await project.change("box", { forceStop: true, shutdownTimeout: "1s" });
    const preview = await project.pulumi.preview();
    expect(effectsOf(preview).box).toContain(
      "shut down the guest, cutting its power if it does not shut down in time",
    );
    await project.pulumi.up();
    expect((await alpha.virsh("domstate", "box")).trim()).toBe("shut off");
    expect(await alpha.virsh("dumpxml", "box")).toContain("changed");
    await project.pulumi.preview({ args: ["--expect-no-changes"] });
  });
});
