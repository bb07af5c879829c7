import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { decode } from "fast-png";
import puppeteer, { type Browser, type Page } from "puppeteer-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { consoleReport } from "../../cli/console/report.js";
import { build } from "../../scripts/build.mjs";
import { mustRun } from "../hosts/command.js";
import type { LabHost } from "../hosts/host.js";
import { Lab, labAvailable } from "../hosts/lab.js";
import { tickCommandLine, tickGuest } from "../hosts/tick-guest.js";

const browserName = "chromium-headless-shell";
const { available, missing } = labAvailable([browserName, browserName], ["python3", "python3"]);
const kvm = [process.execPath, fileURLToPath(new URL("../../dist/cli/kvm.js", import.meta.url))];
const terminal = fileURLToPath(new URL("../hosts/console-terminal.py", import.meta.url));

const password = "s3cr-vnc";
const uuid = "5a1f3b52-0f9e-4c58-9d0b-6f3d0b7a2c11";
const moverUuid = "5a1f3b52-0f9e-4c58-9d0b-6f3d0b7a2c12";
const CTRL_RIGHT_BRACKET = "\x1d";
const DARK = 40;

function guest(name: string, devices: string, id = ""): string {
  const { kernelPath, initrdPath } = tickGuest();
  return `<domain type='qemu'><name>${name}</name>${id}<memory unit='MiB'>96</memory><vcpu>1</vcpu>
<os><type arch='x86_64' machine='q35'>hvm</type><kernel>${kernelPath}</kernel><initrd>${initrdPath}</initrd><cmdline>${tickCommandLine}</cmdline></os>
<devices><emulator>/usr/bin/qemu-system-x86_64</emulator>${devices}</devices></domain>`;
}
const serial = "<serial type='pty'><target port='0'/></serial>";
const guests = {
  web: guest(
    "web",
    `${serial}<graphics type='vnc' port='-1' listen='0.0.0.0' passwd='${password}'/><video><model type='vga'/></video>`,
    `<uuid>${uuid}</uuid>`,
  ),
  socket: guest(
    "socket",
    `${serial}<graphics type='vnc'><listen type='socket'/></graphics><video><model type='vga'/></video>`,
  ),
  mute: guest("mute", "<video><model type='none'/></video>"),
  off: guest("off", serial),
};

/** A command under way. */
class Running {
  readonly child: ChildProcess;
  stdout = "";
  stderr = "";
  readonly ended: Promise<number | null>;

  constructor(command: readonly string[], env: NodeJS.ProcessEnv) {
    const [program = "", ...args] = command;
    this.child = spawn(program, args, { env, stdio: ["pipe", "pipe", "pipe"] });
    this.child.stdout?.on("data", (chunk) => {
      this.stdout += chunk;
    });
    this.child.stderr?.on("data", (chunk) => {
      this.stderr += chunk;
    });
    this.ended = new Promise((resolve) => this.child.once("close", resolve));
  }

  async until(text: string, from = 0): Promise<void> {
    for (let i = 0; i < 300 && !this.stdout.includes(text, from); i++) await sleep(100);
    expect(this.stdout.slice(from), this.stderr).toContain(text);
  }
}

describe.skipIf(!available)(
  `kvm console${missing.length === 0 ? "" : ` (missing: ${missing.join("; ")})`}`,
  () => {
    let lab: Lab;
    let alpha: LabHost;
    let browser: Browser;
    let folder: string;
    let env: NodeJS.ProcessEnv;
    const started: Running[] = [];
    beforeAll(async () => {
      await build({ ifNeeded: true });
      lab = await Lab.up({ hosts: 2, prefix: "console" });
      alpha = lab.host("alpha");
      folder = await mkdtemp(join(tmpdir(), "pulumi-kvm-console-"));
      await mkdir(join(folder, ".ssh"));
      await cp(lab.sshConfigPath, join(folder, ".ssh/config"));
      // What would open a browser tells what it was given.
      const opener = `#!/bin/sh\nprintf %s "$1" > ${folder}/opened\n`;
      await mkdir(join(folder, "bin"));
      await writeFile(join(folder, "bin/xdg-open"), opener, { mode: 0o755 });
      const PATH = `${join(folder, "bin")}:${process.env.PATH}`;
      env = { ...process.env, PATH, HOME: folder, SSH_AUTH_SOCK: undefined };
      for (const [name, xml] of Object.entries(guests)) {
        await alpha.writeFile("/run/guest.xml", xml);
        await alpha.virsh("define", "/run/guest.xml");
        if (name !== "off") await alpha.virsh("start", name);
      }
      const beta = lab.host("beta");
      const newKey = "openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
      await beta.shell(`mkdir /etc/libvirt/tls; cd /etc/libvirt/tls
        ${newKey} -x509 -days 2 -subj /CN=lab -keyout key.pem -out ca-cert.pem 2>/dev/null
        ${newKey} -subj /CN=beta -keyout server-key.pem -out request.pem 2>/dev/null
        openssl x509 -req -in request.pem -CA ca-cert.pem -CAkey key.pem -CAcreateserial -days 2 -out server-cert.pem 2>/dev/null
        chgrp kvm server-key.pem; chmod 640 server-key.pem
        echo 'vnc_tls_x509_cert_dir = "/etc/libvirt/tls"' >>/etc/libvirt/qemu.conf`);
      for (const [name, passwd, setting] of [
        ["sealed", `passwd='${password}'`, "vnc_tls = 1"],
        ["encrypted", "", ""],
        ["choosy", "", "vnc_tls_x509_verify = 1"],
      ] as const) {
        if (setting !== "") {
          await beta.shell(`echo '${setting}' >>/etc/libvirt/qemu.conf`);
          await beta.stopLibvirtd();
          await beta.startLibvirtd();
        }
        const screen = `<graphics type='vnc' port='-1' ${passwd}/><video><model type='vga'/></video>`;
        // What the BIOS prints is enough to look at.
        const bare = guest(name, screen).replace(/<kernel>.*<\/cmdline>/s, "");
        await beta.writeFile("/run/guest.xml", bare);
        await beta.virsh("create", "/run/guest.xml");
      }
      // What starts from now on lets the page in.
      await beta.shell("sed -i /^vnc_tls/d /etc/libvirt/qemu.conf");
      await beta.stopLibvirtd();
      await beta.startLibvirtd();
      // The state says that web is on beta: somebody has moved it by hand.
      const connection = (name: string) => ({
        address: lab.host(name).address,
        sshConfig: lab.sshConfigPath,
      });
      const host = (name: string) => ["Host", name, name, { name, connection: connection(name) }] as const;
      const machine = [
        "VirtualMachine",
        "front",
        uuid,
        {
          ...{ name: "web", host: "beta", connection: connection("beta") },
          graphics: {
            "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
            plaintext: JSON.stringify({ type: "vnc", password }),
          },
        },
      ] as const;
      const mover = [
        "VirtualMachine",
        "mover",
        moverUuid,
        { name: "mover", host: "alpha", connection: connection("alpha") },
      ] as const;
      const resources = [host("alpha"), host("beta"), machine, mover].map(([kind, name, id, inputs]) => ({
        ...{ id, inputs, urn: `urn:pulumi:prod::shop::pulumi-nodejs:dynamic/kvm:${kind}::${name}` },
        type: `pulumi-nodejs:dynamic/kvm:${kind}`,
      }));
      await writeFile(join(folder, "state.json"), JSON.stringify({ deployment: { resources } }));
      const executablePath = spawnSync("which", [browserName], { encoding: "utf8" }).stdout.trim();
      browser = await puppeteer.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
    });
    afterEach(async () => {
      for (const { child, ended } of started.splice(0)) {
        child.kill("SIGKILL");
        await ended;
      }
    });
    afterAll(async () => {
      await browser?.close();
      await lab?.close();
      await rm(folder, { recursive: true, force: true });
    });

    const ofStack = () => ["--state", join(folder, "state.json"), "front"];
    const start = (...args: string[]) => {
      const running = new Running([...kvm, "console", ...args], env);
      started.push(running);
      return running;
    };
    const run = async (...args: string[]) => {
      const running = start(...args);
      running.child.stdin?.end();
      const exitCode = await running.ended;
      return { exitCode, stdout: running.stdout, stderr: running.stderr };
    };

    it("gives a terminal to the guest until ^], and then back as it was", async () => {
      const steps = [
        { until: "tick ", type: "hello-guest\r" },
        { until: "hello-guest", type: "\x03" },
        { until: "^C", type: CTRL_RIGHT_BRACKET },
      ];
      const command = ["python3", terminal, JSON.stringify(steps), ...kvm, "console", "alpha/web"];
      const told = JSON.parse(await mustRun(command, { environment: env })) as {
        [key: `modes${string}`]: number[];
        output: string;
        exitCode: number;
      };
      expect(told.output).toMatch(/^Connected to web on alpha; \^\] leaves it\./);
      expect(told.output).toMatch(/Left web; it runs on\.\s*$/);
      expect(told.exitCode).toBe(0);
      expect(told.modesAfter).toEqual(told.modesBefore);
      const [, outputFlags = 0, , localFlags = 0] = told.modesDuring ?? [];
      // OPOST; ISIG, ICANON, ECHO.
      expect(outputFlags & 1).toBe(0);
      expect(localFlags & 0o13).toBe(0);
      expect((await alpha.virsh("domstate", "web")).trim()).toBe("running");
    });

    it("is refused while somebody has it, and taken with --force; the end of the guest ends it", async () => {
      const first = start("--host", "alpha", "socket");
      await first.until("tick ");
      const refused = await run("alpha/socket");
      expect(refused).toMatchObject({ exitCode: 2, stdout: "" });
      expect(refused.stderr).toMatch(/somebody has the console of socket open; --force takes it/);
      const second = start("alpha/socket", "--force");
      expect(await first.ended).toBe(2);
      expect(first.stderr).toMatch(/somebody else has opened it with force/);
      await second.until("tick ");
      second.child.stdin?.write("typed-in-a-pipe\r");
      await second.until("typed-in-a-pipe");
      const sessions = "ss -Htn state established sport = :22 | wc -l";
      expect((await alpha.shell(sessions)).trim()).toBe("1");
      await alpha.virsh("destroy", "socket");
      expect(await second.ended).toBe(0);
      expect(second.stderr).toBe("socket is off (destroyed).\n");
      await alpha.virsh("start", "socket");
      const third = start("alpha/socket");
      await third.until("tick ");
      await alpha.shell("virsh -q reset socket");
      await third.until("tick 0 ");
      // By the time that anybody can look it runs again.
      await alpha.shell("virsh -q destroy socket; virsh -q start socket");
      expect(await third.ended).toBe(0);
      expect(third.stderr).toBe("socket was off, and runs again since: open it anew.\n");
      await alpha.virsh("suspend", "socket");
      const still = await run("alpha/socket", "--linger", "1s");
      expect(still).toEqual({
        ...{ exitCode: 0, stdout: "" },
        stderr: "socket on alpha is paused, user: it says nothing until it is resumed.\n",
      });
      await alpha.virsh("resume", "socket");
    });

    it("goes with a VM of a stack to another of its hosts, on a terminal and with its screen", async () => {
      const beta = lab.host("beta");
      const screen = `<graphics type='vnc' port='-1' passwd='${password}'/><video><model type='vga'/></video>`;
      const mover = guest("mover", `${serial}${screen}`, `<uuid>${moverUuid}</uuid>`);
      await alpha.writeFile("/run/mover.xml", mover);
      await alpha.virsh("create", "/run/mover.xml");
      const ofMover = ["--state", join(folder, "state.json"), "mover"];
      const console = start(...ofMover);
      await console.until("tick ");
      const [paged, ported] = [start(...ofMover, "--vnc", "--json"), start(...ofMover, "--vnc-port", "0")];
      const page = await browser.newPage();
      await page.goto((await opened(paged)).url);
      await page.waitForSelector("form:not([hidden])");
      await page.type("input", password);
      await page.keyboard.press("Enter");
      await litPixels(page);
      expect(await page.title()).toBe("mover on alpha");
      await ported.until("\n");
      const { port } = new URL(ported.stdout.trim());
      const viewer = connect(Number(port), "127.0.0.1");
      await once(viewer, "data");
      // As at the end of a move: it runs there, then it isn't here any more.
      await beta.writeFile("/run/mover.xml", mover);
      await beta.virsh("create", "/run/mover.xml");
      await alpha.virsh("destroy", "mover");
      for (let i = 0; i < 100 && !console.stderr.includes("beta now"); i++) await sleep(100);
      expect(console.stderr).toBe(
        "mover is no longer on alpha: it has moved, or was removed.\nmover is on beta now.\n",
      );
      // What is typed while a guest boots is lost.
      await console.until("tick ", console.stdout.length);
      console.child.stdin?.write("typed-after-the-move\r");
      await console.until("typed-after-the-move");
      await page.waitForFunction('document.title === "mover on beta"');
      await page.waitForFunction('document.querySelector("[role=status]").textContent === "Connected."');
      expect(await litPixels(page)).toBeGreaterThan(100);
      if (!viewer.closed) await once(viewer, "close");
      for (let i = 0; i < 50 && !ported.stderr.includes("connect the viewer again"); i++) await sleep(100);
      const back = connect(Number(port), "127.0.0.1");
      expect(String((await once(back, "data"))[0])).toMatch(/^RFB /);
      await beta.virsh("destroy", "mover");
      for (const one of [console, paged, ported]) {
        expect(await one.ended).toBe(0);
        expect(one.stderr).toMatch(/mover is on beta now\.\n(?:.*\n)*mover is no longer on beta/);
      }
      expect(await statusOf(page)).toBe("mover is no longer on beta: it has moved, or was removed.");
      await page.close();
    });

    it("says what is missing, and what adds it or is there instead", async () => {
      const cases = [
        [["alpha/mute"], 2, /mute has no serial console: .*serialPorts/],
        [["alpha/mute", "--vnc"], 2, /shows its screen to nobody; graphics: \{ type: "vnc" \}/],
        [["alpha/mute", "--screenshot", "-"], 2, /no graphics card; graphics: \{ type: "vnc" \} or video/],
        [["alpha/web", "--screenshot", "-", "--screen", "1"], 2, /shows nothing on screen 1/],
        [["alpha/off"], 2, /off is off on alpha; powerState: "running" and "pulumi up" start it/],
        [["alpha/none"], 1, /there is no VM "none" on alpha; there is "mute", "off", "socket", "web"/],
        [["alpha/web", "-d", "serial3"], 2, /no console "serial3"; it has serial0/],
        [
          ["--state", join(folder, "state.json"), "db"],
          1,
          /no VM "db" in .*; it has front \(web on beta\), mover \(on alpha\)/,
        ],
        [["alpha/web", "--vnc", "--screenshot", "x"], 1, /give one of them/],
        [["alpha/web", "--open"], 1, /--open and --link-lifetime are about .* give --vnc too/],
        [["alpha/web", "--vnc", "--link-lifetime", "40000m"], 1, /must be at most 35791m/],
        [
          ["alpha/web", "--vnc", "--link-lifetime", "500ms"],
          2,
          /nobody used the link within 500ms, and it is/,
        ],
        [
          ["beta/choosy", "--vnc"],
          2,
          /wants certificates of viewers .* is for viewers that have one, by --vnc-port/,
        ],
        [["-F", lab.sshConfigPath, "-J", "beta", "alpha/off"], 2, /off is off on alpha/],
        [["-F", "none", "--connect-timeout", "5s", "alpha/off"], 3, /host alpha is unreachable/],
        [["-J", "nowhere.invalid", "alpha/off"], 3, /nowhere\.invalid/],
        [[...ofStack(), "-i", "k"], 1, /--identity-file.* are for hosts that are named; those of a stack/],
        [["nowhere.invalid/web"], 3, /host nowhere\.invalid is unreachable/],
      ] as const;
      const results = await Promise.all(cases.map(([args]) => run(...args)));
      for (const [i, [, exitCode, message]] of cases.entries()) {
        expect(results[i]?.stderr).toMatch(message);
        expect(results[i]?.exitCode).toBe(exitCode);
      }
    });

    it("saves what is on the screen as PNG", async () => {
      const file = join(folder, "web.png");
      const { exitCode, stdout } = await run(...ofStack(), "--screenshot", file, "--json");
      expect(exitCode).toBe(0);
      const png = await readFile(file);
      const { width, height, data } = decode(png);
      expect(consoleReport.parse(JSON.parse(stdout))).toMatchObject({
        ...{ kind: "screenshot", vm: "front", host: "alpha", uuid, file, screen: 0 },
        ...{ widthPixels: width, heightPixels: height, sizeBytes: png.length },
      });
      expect(width * height).toBeGreaterThan(100_000);
      expect(data.some((sample) => sample > DARK)).toBe(true);
    });

    /** How many of the canvas' pixels are lit, once there are any. */
    async function litPixels(page: Page): Promise<number> {
      const lit = `(() => {
        const canvas = document.querySelector("canvas");
        if (!canvas || canvas.width === 0) return 0;
        const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        let lit = 0;
        for (let i = 0; i < data.length; i += 4) if (data[i] > ${DARK}) lit++;
        return lit;
      })()`;
      await page.waitForFunction(`${lit} > 0`, { timeout: 30_000, polling: 250 });
      return (await page.evaluate(lit)) as number;
    }

    const statusOf = (page: Page) => page.evaluate('document.querySelector("[role=status]").textContent');

    async function opened(running: Running): Promise<{ url: string; token: string; port: number }> {
      await running.until("\n");
      const made = consoleReport.parse(JSON.parse(running.stdout.split("\n")[0] ?? ""));
      if (made.kind !== "page") throw new Error(`no page: ${running.stdout}`);
      return made;
    }

    it("shows the screen in a browser, by a link that works once, and ends when the viewer leaves", async () => {
      const running = start(...ofStack(), "--vnc", "--json");
      const { url, token, port } = await opened(running);
      const origin = `http://127.0.0.1:${port}`;
      expect(url).toBe(`${origin}/?token=${token}`);
      const get = (path: string, host = `127.0.0.1:${port}`) =>
        new Promise<number | undefined>((resolve, reject) => {
          const options = { host: "127.0.0.1", port, path, headers: { host } };
          request(options, (response) => resolve(response.resume().statusCode))
            .on("error", reject)
            .end();
        });
      const wrong = `${token.slice(0, -1)}${token.endsWith("A") ? "B" : "A"}`;
      expect(await get(`/?token=${wrong}`)).toBe(403);
      expect(await get("/")).toBe(403);
      expect(await get(`/?token=${token}`, `evil.example:${port}`)).toBe(403);
      expect(await get("/novnc/core/../package.json")).toBe(404);
      expect(await get("/novnc/core/%2e%2e/%2e%2e/ws/package.json")).toBe(404);

      const page = await browser.newPage();
      const complaints: string[] = [];
      const texts: string[] = [];
      page.on("console", (message) => {
        // Of this test's own looking at the canvas.
        if (!message.text().startsWith("Canvas2D:")) complaints.push(message.text());
      });
      page.on("pageerror", (error) => void complaints.push(String(error)));
      page.on(
        "response",
        (response) =>
          void response.text().then(
            (text) => texts.push(text),
            () => undefined,
          ),
      );
      await page.goto(url);
      expect(await litPixels(page)).toBeGreaterThan(100);
      expect(await statusOf(page)).toBe("Connected.");
      expect(page.url()).toBe(`${origin}/`);
      expect(complaints).toEqual([]);
      if (process.env.TEST_PAGES !== undefined)
        await page.screenshot({ path: join(process.env.TEST_PAGES, "console.png") as `${string}.png` });

      expect(await get(`/?token=${token}`)).toBe(403);
      const [, key = ""] = /data-key="([^"]+)"/.exec(texts.join("")) ?? [];
      expect(key).not.toBe("");
      const knock = (headers: Record<string, string>) =>
        new Promise((resolve) => {
          const socket = new WebSocket(`ws://127.0.0.1:${port}/screen`, ["kvm-screen", key], { headers });
          socket.on("open", () => resolve("open"));
          socket.on("error", (error) => resolve(error.message));
        });
      expect(await knock({ origin: "http://evil.example" })).toMatch(/403/);
      expect(await knock({ origin, host: `evil.example:${port}` })).toMatch(/403/);
      // The page has it.
      expect(await knock({ origin })).toMatch(/409/);

      const commands = await Promise.all(
        (await readdir("/proc")).map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")),
      );
      for (const text of [running.stdout, running.stderr, ...texts, ...commands])
        expect(text.includes(password)).toBe(false);
      await page.close();
      expect(await running.ended).toBe(0);
    });

    it("asks for the password when it isn't known, and goes on with --keep by a new link", async () => {
      const running = start("alpha/web", "--vnc", "--json", "--keep");
      const page = await browser.newPage();
      await page.goto((await opened(running)).url);
      for (const [typed, answer] of [
        ["wrong", "The VNC server refuses this password."],
        [password, "Connected."],
      ] as const) {
        await page.waitForSelector("form:not([hidden])");
        await page.type("input", typed);
        await page.keyboard.press("Enter");
        await page.waitForFunction(
          `document.querySelector("[role=status]").textContent === ${JSON.stringify(answer)}`,
        );
      }
      expect(await litPixels(page)).toBeGreaterThan(100);
      await page.close();
      for (let i = 0; i < 100 && running.stdout.split("\n").length < 3; i++) await sleep(100);
      const urls = running.stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line).url);
      expect(new Set(urls).size).toBe(2);
      running.child.kill("SIGTERM");
      expect(await running.ended).toBe(143);
    });

    it("ends the TLS of a VNC server that wants it, and opens the browser by a file that only its user reads", async () => {
      for (const vm of ["encrypted", "sealed"]) {
        const running = start(`beta/${vm}`, "--vnc", "--json", "--open");
        const { url } = await opened(running);
        const page = await browser.newPage();
        let file = "";
        for (let i = 0; i < 100 && file === ""; i++) {
          file = await readFile(join(folder, "opened"), "utf8").catch(() => "");
          if (file === "") await sleep(50);
        }
        await rm(join(folder, "opened"));
        expect(file).toMatch(/^file:\/\/.*\/kvm-console-\w+\/screen\.html$/);
        expect((await stat(fileURLToPath(file))).mode & 0o777).toBe(0o600);
        expect(await readFile(fileURLToPath(file), "utf8")).toContain(url);
        await page.goto(file);
        if (vm === "sealed") {
          await page.waitForSelector("form:not([hidden])");
          await page.type("input", password);
          await page.keyboard.press("Enter");
        }
        expect(await litPixels(page)).toBeGreaterThan(100);
        expect(await statusOf(page)).toBe("Connected.");
        // The link has been used.
        await expect(stat(fileURLToPath(file))).rejects.toThrow(/ENOENT/);
        await page.close();
        expect(await running.ended).toBe(0);
      }
    });

    it("gets to a VNC server on a UNIX socket, to one where sshd forwards nothing, and says when the host is lost", async () => {
      for (const vm of ["socket", "web"]) {
        if (vm === "web") await alpha.configureSshd("AllowTcpForwarding no\nAllowStreamLocalForwarding no");
        const running = start(`alpha/${vm}`, "--vnc-port", "0");
        await running.until("\n");
        const { hostname, port } = new URL(running.stdout.trim());
        const read = `exec 3<>/dev/tcp/${hostname}/${port}; head -c 11 <&3`;
        expect(await mustRun(["bash", "-c", read])).toBe("RFB 003.008");
        expect(await running.ended).toBe(0);
      }

      const unreachable = await run("alpha/socket", "--vnc");
      expect(unreachable).toMatchObject({ exitCode: 2, stdout: "" });
      expect(unreachable.stderr).toMatch(/the screen of socket can't be shown: .*nc: command not found/);
      const lost = [start("alpha/web"), start("alpha/web", "--vnc")];
      await lost[0]?.until("tick ");
      await lost[1]?.until("http://");
      const sessions =
        "ss -Htnp state established sport = :22 | grep -o 'pid=[0-9]*' | cut -d= -f2 | sort -u";
      await alpha.shell(`kill -KILL $(${sessions})`);
      for (const one of lost) {
        expect(await one.ended).toBe(3);
        expect(one.stderr).toMatch(/kvm: the connection to alpha was lost/);
      }
    });
  },
);
