import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readOva } from "../../provider/ova/read-ova.js";

/** In a process of its own, for `readOva` waits. `/parts/` knows of parts of a file, `/whole/` doesn't, `/login/` wants one. Says what it sent. */
const server = `
const { createServer } = require("node:http");
const { createReadStream, existsSync, statSync } = require("node:fs");
createServer((request, response) => {
  const [, how, name] = request.url.split("/");
  const path = require("node:path").join(process.argv[1], name);
  const login = "Basic " + Buffer.from("anna:s3 cret").toString("base64");
  if (how === "login" && request.headers.authorization !== login) return response.writeHead(401).end();
  if (!existsSync(path)) return response.writeHead(404).end();
  const { size } = statSync(path);
  const [, from, to] = how === "whole" ? [] : /^bytes=(\\d+)-(\\d+)$/.exec(request.headers.range) ?? [];
  if (from !== undefined && Number(from) >= size) return response.writeHead(416).end();
  const [start, end] = from === undefined ? [0, size - 1] : [Number(from), Math.min(Number(to), size - 1)];
  console.log(end + 1 - start);
  response.writeHead(from === undefined ? 200 : 206);
  createReadStream(path, { start, end }).pipe(response);
}).listen(0, "127.0.0.1", function () { console.log(this.address().port); });
`;

describe("an OVA behind an address", () => {
  const folder = mkdtempSync(join(tmpdir(), "pulumi-kvm-ova-"));
  const child = spawn(process.execPath, ["-e", server, folder], { stdio: ["ignore", "pipe", "inherit"] });
  let [said, port] = ["", ""];
  beforeAll(async () => {
    port = await new Promise<string>((resolve) => {
      child.stdout.setEncoding("utf8").on("data", (text: string) => {
        said += text;
        if (said.includes("\n")) resolve(said.slice(0, said.indexOf("\n")));
      });
    });
    const vmware = fileURLToPath(new URL("../fixtures/ova/vmware.ovf", import.meta.url));
    writeFileSync(join(folder, "a.ovf"), readFileSync(vmware));
    writeFileSync(join(folder, "system.vmdk"), "");
    truncateSync(join(folder, "system.vmdk"), 64 * 2 ** 20);
    const pack = (name: string, ...files: string[]) =>
      execFileSync("tar", ["--format=ustar", "-cf", name, ...files], { cwd: folder });
    pack("first.ova", "./a.ovf", "./system.vmdk");
    pack("last.ova", "system.vmdk", "a.ovf");
    pack("without.ova", "a.ovf");
    writeFileSync(join(folder, "zip.ova"), "PK\x03\x04".padEnd(600, "x"));
  });
  afterAll(() => {
    child.kill();
    rmSync(folder, { recursive: true, force: true });
  });
  const read = (path: string, login = "") => readOva(`http://${login}127.0.0.1:${port}/${path}`);

  it("is read by parts of it, or from its beginning until its description", async () => {
    for (const [path, login, file] of [
      ["parts/first.ova", "", "./system.vmdk"],
      ["parts/last.ova", "", "system.vmdk"],
      ["login/last.ova", "anna:s3%20cret@", "system.vmdk"],
      ["whole/first.ova", "", "./system.vmdk"],
    ] as const) {
      said = "";
      const { path: source, disks, cpus } = read(path, login);
      expect([source, disks[0]?.file, cpus]).toEqual([`http://${login}127.0.0.1:${port}/${path}`, file, 2]);
      await expect.poll(() => said).not.toBe("");
      const bytes = said.trim().split("\n").map(Number);
      if (!path.startsWith("whole")) expect(bytes.reduce((sum, each) => sum + each, 0)).toBeLessThan(2 ** 20);
    }
  });

  it("is refused by its name, without a login, and with what is wrong", () => {
    const at = `from 127.0.0.1:${port}`;
    const rows: [path: string, says: string][] = [
      ["whole/last.ova", `last.ova ${at} can't be read from here: the server gives no parts of a file`],
      ["parts/without.ova", `without.ova ${at} refers to a file "system.vmdk" that isn't in it; there are`],
      ["parts/zip.ova", `zip.ova ${at} can't be read: it is no tar archive`],
      ["parts/none.ova", `none.ova ${at} can't be read from here: the server answers 404`],
      ["login/last.ova", `last.ova ${at} can't be read from here: the server answers 401`],
    ];
    const refusal = (path: string) => {
      try {
        return `read ${read(path, "anna:s3cret@").path}`;
      } catch (error) {
        return (error as Error).message;
      }
    };
    for (const [path, says] of rows) {
      const said = refusal(path);
      expect(said).toContain(says);
      expect(said).not.toContain("s3cret");
    }
    expect(() => readOva("http://")).toThrow("the source of the OVA is no valid URL");
  });

  it("says why when nobody answers", async () => {
    child.kill();
    await new Promise((resolve) => child.once("close", resolve));
    expect(() => read("parts/first.ova?token=abc", "anna:s3cret@")).toThrow(
      new RegExp(`^first.ova from 127.0.0.1:${port} can't be read from here: .*ECONNREFUSED`),
    );
  });
});
