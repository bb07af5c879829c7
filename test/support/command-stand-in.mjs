// A stand-in for the plugin of @pulumi/command, which Pulumi downloads and which is built nowhere else: for machines where downloads
// are closed. It speaks the plugin protocol and does what the tests use of it, `remote.Command`: over real SSH connections,
// through a jump host where one is given, it runs a real command and gives its output.
import { createHash, randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { main } from "@pulumi/pulumi/provider/server.js";
import { Client } from "ssh2";

/**
 * @typedef {object} Connection
 * @property {string} host
 * @property {number} [port]
 * @property {string} [user]
 * @property {string} [password]
 * @property {string} [privateKey]
 * @property {string} [privateKeyPassword]
 * @property {string} [agentSocketPath]
 * @property {string} [hostKey] as a line of known_hosts has it, without the host; any is taken without it
 * @property {number} [dialErrorLimit] attempts
 * @property {number} [perDialTimeout] seconds
 * @property {Connection} [proxy]
 */

/**
 * @typedef {object} Inputs
 * @property {Connection} connection
 * @property {string} [create]
 * @property {string} [update]
 * @property {string} [delete]
 * @property {Record<string, string>} [environment]
 * @property {string} [stdin]
 * @property {unknown[]} [triggers]
 */

const TYPE = "command:remote:Command";

/**
 * @param {Connection} connection
 * @param {import("node:stream").Duplex} [sock]
 * @returns {Promise<Client>}
 */
function logIn(connection, sock) {
  const { host, port = 22, user = "root", password, privateKey, privateKeyPassword, hostKey } = connection;
  const expected = hostKey
    ?.trim()
    .split(/\s+/)
    .at(hostKey.trim().includes(" ") ? 1 : 0);
  const client = new Client();
  return new Promise((resolve, reject) => {
    client
      .on("ready", () => resolve(client))
      .on("error", reject)
      .connect({
        host,
        port,
        username: user,
        readyTimeout: (connection.perDialTimeout ?? 15) * 1000,
        hostVerifier: (/** @type {Buffer} */ key) =>
          expected === undefined || key.toString("base64") === expected,
        ...(password !== undefined && { password }),
        ...(privateKey !== undefined && { privateKey }),
        ...(privateKeyPassword !== undefined && { passphrase: privateKeyPassword }),
        ...(connection.agentSocketPath !== undefined && { agent: connection.agentSocketPath }),
        ...(sock !== undefined && { sock }),
      });
  });
}

/**
 * Both clients of a connection through a jump host, the target's first.
 *
 * @param {Connection} connection
 * @returns {Promise<Client[]>}
 */
async function connectOnce(connection) {
  const { proxy } = connection;
  if (!proxy) return [await logIn(connection)];
  const jump = await logIn(proxy);
  try {
    /** @type {import("ssh2").ClientChannel} */
    const stream = await new Promise((resolve, reject) => {
      jump.forwardOut("127.0.0.1", 0, connection.host, connection.port ?? 22, (error, channel) =>
        error ? reject(error) : resolve(channel),
      );
    });
    return [await logIn(connection, stream), jump];
  } catch (error) {
    jump.end();
    throw error;
  }
}

/**
 * @param {Connection} connection
 * @returns {Promise<Client[]>}
 */
async function connect(connection) {
  for (let attempt = 1; ; attempt++) {
    try {
      return await connectOnce(connection);
    } catch (error) {
      if (attempt >= (connection.dialErrorLimit ?? 10)) throw error;
      await sleep(Math.min(attempt, 5) * 1000);
    }
  }
}

/**
 * @param {string | undefined} command
 * @param {Inputs} inputs
 * @returns {Promise<{ stdout: string, stderr: string }>}
 */
async function execute(command, { connection, environment, stdin }) {
  if (command === undefined) return { stdout: "", stderr: "" };
  const clients = await connect(connection);
  const [client] = clients;
  try {
    return await new Promise((resolve, reject) => {
      client?.exec(command, { env: environment ?? {} }, (error, channel) => {
        if (error) return reject(error);
        let stdout = "";
        let stderr = "";
        channel.setEncoding("utf8").on("data", (/** @type {string} */ text) => {
          stdout += text;
        });
        channel.stderr.setEncoding("utf8").on("data", (/** @type {string} */ text) => {
          stderr += text;
        });
        channel.on("close", (/** @type {number | null} */ code) => {
          const result = { stdout: stdout.replace(/\n$/, ""), stderr: stderr.replace(/\n$/, "") };
          if (code === 0) resolve(result);
          else reject(new Error(`exit status ${code}: running "${command}":\n${stdout}${stderr}`));
        });
        channel.end(stdin ?? "");
      });
    });
  } finally {
    for (const each of clients) each.end();
  }
}

/**
 * What of the inputs makes the command run again; how it is reached does not.
 *
 * @param {Inputs} inputs
 */
function fingerprint({ create, environment, stdin, triggers }) {
  return createHash("sha256")
    .update(JSON.stringify([create, environment, stdin, triggers]))
    .digest("hex");
}

/** How a secret is marked on its way from and to Pulumi. */
const SIGNATURE = "4dabf18193072939515e22adb298388d";

/**
 * @param {unknown} value
 * @returns {unknown} it, without the marks of secrets
 */
function plain(value) {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  if (SIGNATURE in value && "value" in value) return plain(value.value);
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]));
}

/** @param {unknown} inputs */
const plainInputs = (inputs) => /** @type {Inputs} */ (plain(inputs));

// What comes marked as a secret is given back so.
await main(
  {
    version: process.env.COMMAND_PLUGIN_VERSION ?? "1.2.1",
    async check(urn, _olds, news) {
      const wrong = urn.includes(`${TYPE}::`) ? undefined : `this stand-in knows ${TYPE} only`;
      return { inputs: news, failures: wrong === undefined ? [] : [{ property: "", reason: wrong }] };
    },
    async diff(_id, _urn, olds, news) {
      const [before, after] = [plainInputs(olds), plainInputs(news)];
      if (JSON.stringify(before.triggers) !== JSON.stringify(after.triggers))
        return { changes: true, replaces: ["triggers"] };
      return { changes: fingerprint(before) !== fingerprint(after) };
    },
    async create(_urn, news) {
      const inputs = plainInputs(news);
      return { id: randomUUID(), outs: { ...news, ...(await execute(inputs.create, inputs)) } };
    },
    async update(_id, _urn, _olds, news) {
      const inputs = plainInputs(news);
      return { outs: { ...news, ...(await execute(inputs.update ?? inputs.create, inputs)) } };
    },
    async read(id, _urn, props) {
      return { id, props };
    },
    async delete(_id, _urn, props) {
      const inputs = plainInputs(props);
      await execute(inputs.delete, inputs);
    },
  },
  process.argv.slice(2),
);
