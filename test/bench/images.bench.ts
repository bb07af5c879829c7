import { type ChildProcess, spawn } from "node:child_process";
import { readFile, rm } from "node:fs/promises";
import { loadavg } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import { mustRun } from "../hosts/command.js";
import { labAvailable } from "../hosts/lab.js";
import { ImageWorld } from "../lab/image-world.js";
import { ProviderProcess } from "../lab/provider-process.js";
import { type Comparison, printComparisons } from "./comparison.js";

const { available, missing } = labAvailable(
  ["curl", "curl"],
  ["scp", "openssh-client"],
  ["python3", "python3"],
);

/** A server of files, in a process of its own. */
class Serving implements AsyncDisposable {
  readonly port: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
  }

  static async start(address: string, folder: string): Promise<Serving> {
    const child = spawn(
      "python3",
      ["-u", "-m", "http.server", "0", "--bind", address, "--directory", folder],
      { stdio: ["ignore", "pipe", "ignore"] },
    );
    const port = await new Promise<number>((found, failed) => {
      let said = "";
      child.stdout.setEncoding("utf8").on("data", (text: string) => {
        said += text;
        const [, number] = /port (\d+)/.exec(said) ?? [];
        if (number !== undefined) found(Number(number));
      });
      child.on("close", () => failed(new Error("the server ended before it began")));
    });
    return new Serving(child, port);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill();
  }
}

const GIBIBYTE = 2 ** 30;

/** The wires between this machine and its hosts: as fast as its cores, and as many a network is. */
const wires = [
  { wire: "this machine's memory", rateMbit: undefined },
  { wire: "1 Gbit/s to each", rateMbit: 1_000 },
];

/** A gibibyte, as its hosts get it: against curl on the same hosts, and against scp from here. */
describe.skipIf(!available)(`an image of 1 GiB to two hosts ${missing.join("; ")}`, () => {
  let world: ImageWorld;
  let path: string;
  let sha256: string;
  const hosts = ["alpha", "beta"];
  const comparisons: Comparison[] = [];
  const peaks: string[] = [];

  beforeAll(async () => {
    world = await ImageWorld.up("bench-images");
    path = join(world.scratch, "big.raw");
    await mustRun(["sh", "-c", `head -c ${GIBIBYTE} /dev/urandom >"$1"`, "sh", path]);
    sha256 = (await mustRun(["sha256sum", path])).slice(0, 64);
    // Whoever comes first waits for libvirt's look at QEMU, which it remembers.
    const small = await world.write("small.raw", new Uint8Array(4096).fill(1));
    await timed(() => deploy(world.inputsOf("small", { source: small }, hosts)));
  });
  afterAll(async () => {
    printComparisons("an image of 1 GiB to two hosts, against curl on both, scp to both", comparisons);
    console.log(`largest memory of the process that did it: ${peaks.join(", ")}`);
    console.log(
      `processes that wanted a core meanwhile: ${loadavg()
        .map((load) => load.toFixed(1))
        .join(", ")}`,
    );
    await rm(path, { force: true });
    await world?.[Symbol.asyncDispose]();
  });

  /**
   * Deploys it in a process of its own, as a provider is one, and notes how much memory that took at most. The time is that of the check and the
   * creation, connecting with them.
   */
  async function deploy(inputs: object, what?: string): Promise<number> {
    await using deploying = await ProviderProcess.run("resource-child.mjs", {
      kind: "Image",
      state: {},
      inputs,
      hosts: [],
    });
    let peak = 0;
    const looking = setInterval(() => {
      readFile(`/proc/${deploying.pid}/status`, "utf8").then(
        (status) => {
          peak = Math.max(peak, Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0));
        },
        () => undefined,
      );
    }, 100);
    try {
      const outcome = await deploying.outcome();
      if (outcome.error !== undefined) throw new Error(outcome.error.message);
      if (what !== undefined) peaks.push(`${what} ${Math.round(peak / 1024)} MiB`);
      return outcome.ms ?? Number.NaN;
    } finally {
      clearInterval(looking);
    }
  }

  /** How long it took: as the work itself says, else from outside. */
  async function timed(work: () => Promise<unknown>): Promise<number> {
    const start = performance.now();
    const said = await work();
    const ms = typeof said === "number" ? said : performance.now() - start;
    await world.clear();
    return ms;
  }

  const onBoth = (line: string) => Promise.all(hosts.map((host) => world.storage.host(host).shell(line)));

  describe.each(wires)("over $wire", ({ wire, rateMbit }) => {
    beforeAll(async () => {
      if (rateMbit !== undefined)
        for (const host of hosts) await world.storage.host(host).netem({ rateMbit });
    });
    afterAll(async () => {
      for (const host of hosts) await world.storage.host(host).heal();
    });

    it("is downloaded by them", async () => {
      // A server of its own, which takes nothing of this process's time.
      await using serving = await Serving.start(world.storage.lab.gateway, world.scratch);
      const source = `http://${world.storage.lab.gateway}:${serving.port}/big.raw`;
      const file = `${world.folder}/curl.raw`;
      const download = `curl -sSf -o ${file} ${source}`;
      const curl = () => onBoth(`${download} && sync -d ${file}`);
      await timed(() => onBoth(download));
      const inCacheMs = await timed(() => onBoth(download));
      const baseMs = await timed(curl);
      const oursMs = await timed(() =>
        deploy(world.inputsOf("big", { source, sha256 }, hosts), `downloaded there over ${wire}`),
      );
      const afterMs = await timed(curl);
      const summedMs = await timed(() =>
        onBoth(`${download} && sync -d ${file} && openssl dgst -sha256 ${file}`),
      );
      const what = (against: string) => `downloaded there over ${wire}, against curl${against}`;
      comparisons.push(
        { what: what(" and sync"), oursMs, baseMs: (baseMs + afterMs) / 2 },
        { what: what(", nothing on a disk yet"), oursMs, baseMs: inCacheMs },
        { what: what(", sync and sha256"), oursMs, baseMs: summedMs },
      );
    });

    it("is sent to them", async () => {
      const { lab } = world.storage;
      const scp = () =>
        Promise.all(
          hosts.map((host) =>
            mustRun(["scp", "-q", "-F", lab.sshConfigPath, path, `${host}:${world.folder}/scp.raw`]),
          ),
        );
      await timed(scp);
      const baseMs = await timed(scp);
      const oursMs = await timed(() =>
        deploy(world.inputsOf("big", { source: path }, hosts), `sent over ${wire}`),
      );
      const afterMs = await timed(scp);
      const summedMs = await timed(async () => {
        await mustRun(["openssl", "dgst", "-sha256", path]);
        await scp();
        await onBoth(`sync -d ${world.folder}/scp.raw`);
      });
      const what = (against: string) => `sent from here over ${wire}, against scp${against}`;
      comparisons.push(
        { what: what(""), oursMs, baseMs: (baseMs + afterMs) / 2 },
        { what: what(", sha256 here and sync there"), oursMs, baseMs: summedMs },
      );
    });
  });
});
