// Deploys one resource in a process of its own, which the tests kill. Arguments: dist/provider of the package, a JSON file that says
// what to do (see resource-process.ts). The last line that it prints says how it ended.
import { randomBytes, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [provider = "", taskFile = ""] = process.argv.slice(2);
/** @param {string} path */
const load = (path) => import(pathToFileURL(join(provider, path)).href);
const { Hosts } = await load("hosts/hosts.js");
const lifecycle = await load("engine/lifecycle.js");
const { definitions } = await load("resources/index.js");
const { holderOfThisProcess } = await load("resources/virtual-machine/lease-holder.js");
const { kind, id, state, inputs, hosts: declared } = JSON.parse(readFileSync(taskFile, "utf8"));

const hosts = new Hosts({ warn: () => undefined, now: Date.now });
for (const ref of declared) hosts.declare(ref, { byProgram: true });
const deployment = {
  hosts,
  engine: undefined,
  now: Date.now,
  randomUuid: randomUUID,
  randomNonce: () => randomBytes(8).toString("hex"),
  run: { id: randomUUID(), holder: holderOfThisProcess() },
};
// A provider process has its modules when a resource's turn comes.
const start = performance.now();
try {
  const checked = await lifecycle.check(definitions[kind], deployment, state, inputs);
  if (checked.failures.length > 0) throw new Error(JSON.stringify(checked.failures));
  const result =
    id === undefined
      ? await lifecycle.create(definitions[kind], deployment, checked.inputs)
      : await lifecycle.update(definitions[kind], deployment, id, state, checked.inputs);
  console.log(JSON.stringify({ result, ms: performance.now() - start }));
} catch (error) {
  console.log(JSON.stringify({ error: { message: /** @type {Error} */ (error).message } }));
} finally {
  await hosts.close();
}
