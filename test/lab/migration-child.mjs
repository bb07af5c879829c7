// Migrates in a process of its own, which the tests kill. Arguments: dist/provider of the package, a JSON file that says what
// to do (see migration-process.ts). The last line that it prints says how it ended.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [provider = "", taskFile = ""] = process.argv.slice(2);
/** @param {string} path */
const load = (path) => import(pathToFileURL(join(provider, path)).href);
const { Hosts } = await load("hosts/hosts.js");
const { migrateLive, moveStopped, settle } = await load("resources/virtual-machine/migration/index.js");
const { action, source, target, plan, uuid, journal } = JSON.parse(readFileSync(taskFile, "utf8"));

const hosts = new Hosts({ warn: () => undefined, now: Date.now });
/** @param {string} level */
const say = (level) => (/** @type {string} */ message) => console.log(`${level}: ${message}`);
const context = {
  signal: new AbortController().signal,
  now: Date.now,
  log: { info: say("info"), warning: say("warning"), progress: say("progress") },
};
const [from, to] = [hosts.get(source), hosts.get(target)];
try {
  const full = { ...plan, source: from, target: to };
  const result =
    action === "live"
      ? await migrateLive(full, context)
      : action === "stopped"
        ? await moveStopped(full, context)
        : await settle(from, to, uuid, journal, context);
  console.log(JSON.stringify({ result }));
} catch (error) {
  const { kind, message } = /** @type {Error & { kind?: string }} */ (error);
  console.log(JSON.stringify({ error: { kind, message } }));
} finally {
  await hosts.close();
}
