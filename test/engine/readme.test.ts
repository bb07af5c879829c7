import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run } from "../hosts/command.js";
import { Lab, labAvailable } from "../hosts/lab.js";
import { show, shownCommands } from "../support/readme.js";
import { DeclaredProject, labHosts, tickMachine } from "./declared.js";

const { available, missing } = labAvailable();
const lacking = missing.length === 0 ? "" : ` (missing: ${missing.join("; ")})`;

/** With UPDATE_README=1 (`npm run readme`) README is made to show what the commands print. */
const isUpdate = process.env.UPDATE_README === "1";

/** The stack prod of the project shop: two hosts with a pool; web and db run, mail is off. Hosts are called as in ~/.ssh/config. */
const declared = {
  pool: { hosts: ["alpha", "beta"], path: "/var/lib/libvirt/images" },
  machines: {
    web: tickMachine("web", "alpha"),
    db: tickMachine("db", "beta", { disks: [{ size: "1GiB" }] }),
    mail: { on: "beta", memory: "512MiB", powerState: "stopped", disks: [{ size: "2GiB" }] },
  },
};

interface World {
  lab: Lab;
  project: DeclaredProject;
}

interface Shown {
  exitCode?: number;
  /** What happens before the command is run. */
  before?: (world: World) => Promise<void>;
  /** Makes the world again what `declared` says, where the command or `before` changed it. */
  after?: (world: World) => Promise<void>;
}

/**
 * What README shows real output of: each name is that of a marker in README, `<!-- Real output: NAME -->`, above a block whose first line
 * is the command. It is run in the project's folder by a shell, in this order. What it prints has to be the same in every
 * run: make the world so, and cut by the command (`| head -n 20`).
 */
const outputs: Record<string, Shown> = {
  review: {
    before: async ({ project }) => {
      const { mail: _, ...machines } = declared.machines;
      await project.declare({ machines });
      await project.change("web", { on: "beta" });
      await project.change("db", { cpus: 2, restartPolicy: "whenNeeded" });
    },
    after: async ({ project }) => void (await project.declare(declared)),
  },
  help: {},
  drift: {
    exitCode: 2,
    before: async ({ lab }) => {
      const [alpha, beta] = [lab.host("alpha"), lab.host("beta")];
      await alpha.virsh("destroy", "web");
      await beta.virsh("setmaxmem", "mail", "2GiB", "--config");
      await beta.virsh("vol-delete", "mail-0", "images");
    },
    after: async ({ project }) => void (await project.pulumi.up()),
  },
  doctor: {
    before: async ({ lab }) => void (await lab.host("beta").virsh("pool-destroy", "images")),
    after: async ({ lab }) => void (await lab.host("beta").virsh("pool-start", "images")),
  },
  console: { exitCode: 2 },
};

describe.skipIf(!available)(`what README shows${lacking}`, () => {
  let lab: Lab;
  let project: DeclaredProject;
  beforeAll(async () => {
    lab = await Lab.up({ hosts: 2, prefix: "readme" });
    project = await DeclaredProject.create(
      { ...declared, hosts: labHosts(lab) },
      { name: "shop", stack: "prod" },
    );
    await project.pulumi.up();
  });
  afterAll(async () => {
    await project?.[Symbol.asyncDispose]();
    await lab?.close();
  });

  it("names the commands that are run here", () => {
    expect(shownCommands().map(({ name }) => name)).toEqual(Object.keys(outputs));
  });

  it.each(Object.entries(outputs))("%s prints what README says", async (name, { exitCode = 0, ...shown }) => {
    const command = shownCommands().find((one) => one.name === name);
    if (command === undefined) throw new Error(`README has no <!-- Real output: ${name} -->`);
    await shown.before?.({ lab, project });
    const { folder, env } = project.pulumi;
    const result = await run(["bash", "-c", `cd "$0" && ${command.line}`, folder], { environment: env });
    await shown.after?.({ lab, project });
    expect(result.exitCode, result.stderr).toBe(exitCode);
    if (isUpdate) show(name, result.stdout);
    else expect(result.stdout, "npm run readme shows what it prints now").toBe(command.printed);
  });
});
