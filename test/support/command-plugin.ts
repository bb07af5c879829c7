/** The plugin of @pulumi/command, for projects of the tests whose programs use it. */
import { chmod, mkdir, symlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { cacheFolder } from "../../scripts/cache.mjs";
import { CommandError, run } from "../../scripts/command.mjs";
import { withLock } from "../../scripts/lock.mjs";
import type { PulumiProject } from "./pulumi.js";

const { version } = createRequire(import.meta.url)("@pulumi/command/package.json") as { version: string };
/** As Pulumi calls its folder within PULUMI_HOME/plugins. */
const name = `resource-command-v${version}`;

/**
 * Gives a project the plugin: Pulumi's own, downloaded once a machine, where that is possible, else a stand-in. Says which: the stand-in runs
 * real commands over real SSH connections, but that Pulumi's does the same it can't show.
 */
export async function installCommandPlugin(project: PulumiProject): Promise<"Pulumi's own" | "a stand-in"> {
  const plugins = join(project.env.PULUMI_HOME ?? "", "plugins");
  await mkdir(plugins, { recursive: true });
  const downloaded = await download(project.env);
  if (downloaded !== undefined) {
    await symlink(downloaded, join(plugins, name));
    return "Pulumi's own";
  }
  const program = join(plugins, name, "pulumi-resource-command");
  const standIn = fileURLToPath(new URL("command-stand-in.mjs", import.meta.url));
  await mkdir(join(plugins, name));
  await writeFile(program, `#!/bin/sh\nexec '${process.execPath}' '${standIn}' "$@"\n`);
  await chmod(program, 0o755);
  return "a stand-in";
}

/** The kept folder of the plugin; undefined where it can't be downloaded. */
function download(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const home = join(cacheFolder(), "pulumi-plugins");
  return withLock(`${home}.lock`, async () => {
    try {
      // Does nothing when it is there.
      await run(["pulumi", "plugin", "install", "resource", "command", version], {
        env: { ...env, PULUMI_HOME: home },
        timeoutMs: 5 * 60_000,
      });
      return join(home, "plugins", name);
    } catch (error) {
      if (error instanceof CommandError) return undefined;
      throw error;
    }
  });
}
