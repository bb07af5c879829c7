import { execFile } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import ts from "typescript";
import { expect, test } from "vitest";
import { publicKey, SshScratch, SshServer } from "./ssh-server.js";

const repository = join(dirname(fileURLToPath(import.meta.url)), "../..");

/** The transport as plain JavaScript, since the test runner itself needs native parts. */
function compileInto(folder: string): void {
  const compilerOptions = { module: ts.ModuleKind.ES2022, target: ts.ScriptTarget.ES2022 };
  const sources = join(repository, "provider/ssh");
  mkdirSync(join(folder, "ssh"), { recursive: true });
  for (const name of readdirSync(sources).filter((each) => each.endsWith(".ts"))) {
    const { outputText } = ts.transpileModule(readFileSync(join(sources, name), "utf8"), { compilerOptions });
    writeFileSync(join(folder, "ssh", name.replace(/\.ts$/, ".js")), outputText);
  }
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  symlinkSync(join(repository, "node_modules"), join(folder, "node_modules"));
}

test("it works where ssh2's native part is absent", async () => {
  using scratch = new SshScratch();
  const [host, user] = [scratch.key("host"), scratch.key("user", "rsa")];
  await using server = await SshServer.start(scratch, { hostKeys: [host], authorized: [user] });
  const folder = scratch.path("compiled");
  compileInto(folder);
  const target = {
    address: "127.0.0.1",
    port: server.port,
    sshConfig: false,
    identityFile: user,
    hostKey: publicKey(host),
  };
  writeFileSync(
    join(folder, "program.js"),
    `
      import { createRequire } from "node:module";
      import { SshConnection } from "./ssh/index.js";
      const native = createRequire(import.meta.url)("ssh2/lib/protocol/crypto.js").bindingAvailable;
      const options = { environment: {}, homeDirectory: ${JSON.stringify(scratch.home)} };
      const connection = await SshConnection.open(${JSON.stringify(target)}, options);
      const { stdout } = await connection.exec(["wc", "-c"], { stdin: Buffer.alloc(5_000_000) });
      await connection.close();
      console.log(JSON.stringify({ native: native === true, bytes: Number(stdout) }));
    `,
  );
  // The process ends by itself: nothing of a closed connection keeps it alive.
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ["--no-addons", "program.js"], {
    cwd: folder,
    timeout: 20_000,
  });
  expect(JSON.parse(stdout)).toEqual({ native: false, bytes: 5_000_000 });
  expect(stderr).toBe("");
});
