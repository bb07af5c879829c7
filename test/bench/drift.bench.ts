import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DriftReport } from "../../cli/drift/report-schema.js";
import { create } from "../../provider/engine/lifecycle.js";
import { Hosts } from "../../provider/hosts/hosts.js";
import { definitions } from "../../provider/resources/index.js";
import { build } from "../../scripts/build.mjs";
import { Lab, labAvailable } from "../hosts/lab.js";
import { type Comparison, medianOf, printComparisons } from "./comparison.js";

const { available, missing } = labAvailable();
const COUNT = 1_000;
/** A round takes a second, and one alone is off by a sixth. */
const ROUNDS = 15;
const root = join(import.meta.dirname, "../..");

/**
 * Connects, and reads the documents of all domains, pipelined: less can't be read. A process of its own like the command, over the same
 * connections by the same code, timed in the same way from its start to its end; it doesn't so much as look at what it has read.
 */
const readEverything = `
const [hostsModule, refs] = process.argv.slice(1);
const { Hosts } = await import(hostsModule);
const hosts = new Hosts({ warn: () => {}, now: () => Date.now() });
await Promise.all(JSON.parse(refs).map((ref) => hosts.get(ref).observations.domains()));
await hosts.close();
`;

/** Loaded into a process, has it say at its end how many KiB it had at most. (`maxRSS` begins with what its parent had.) */
const tellPeak =
  'data:text/javascript,import{readFileSync as r}from"node:fs";process.on("exit",()=>process.stderr.write(/VmHWM:\\s*(\\d+)/.exec(r("/proc/self/status","utf8"))[1]))';

describe.skipIf(!available)(
  `kvm drift over ${COUNT} defined VMs on two hosts${missing.length === 0 ? "" : ` (missing: ${missing.join("; ")})`}`,
  () => {
    let lab: Lab;
    let folder: string;
    let statePath: string;
    const comparisons: Comparison[] = [];
    const refOf = (name: string) => ({
      name,
      connection: { address: name, sshConfig: lab.sshConfigPath },
      credentials: {},
    });

    beforeAll(async () => {
      await build({ ifNeeded: true });
      folder = await mkdtemp(join(tmpdir(), "pulumi-kvm-bench-"));
      statePath = join(folder, "state.json");
      lab = await Lab.up({ hosts: 2, prefix: "bench" });
      const hosts = new Hosts({ warn: () => undefined, now: () => Date.now() });
      const urnOf = (kind: string, name: string) =>
        `urn:pulumi:dev::bench::pulumi-nodejs:dynamic/kvm:${kind}::${name}`;
      const made = async (kind: string, inputs: Record<string, unknown>) => {
        const definition = definitions[kind];
        if (definition === undefined) throw new Error(kind);
        const news = { ...inputs, effects: [], pulumiUrn: urnOf(kind, String(inputs.name)) };
        const deployment = {
          ...{ hosts, engine: undefined, now: () => Date.now() },
          ...{
            randomUuid: () => crypto.randomUUID(),
            randomNonce: () => crypto.randomUUID().slice(0, 8).repeat(2),
          },
          run: { id: "0123456789abcdef", holder: "bench" },
        };
        const { id, outs } = await create(definition, deployment, news);
        return {
          ...{ urn: news.pulumiUrn, type: `pulumi-nodejs:dynamic/kvm:${kind}`, custom: true, id },
          ...{ inputs: news, outputs: outs },
        };
      };
      const resources = [];
      for (const name of ["alpha", "beta"]) resources.push(await made("Host", refOf(name)));
      for (let i = 0; i < COUNT; i += 20)
        resources.push(
          ...(await Promise.all(
            Array.from({ length: 20 }, (_, k) => {
              const { name: host, ...rest } = refOf((i + k) % 2 === 0 ? "alpha" : "beta");
              const what = { name: `vm${i + k}`, memory: 64 * 2 ** 20, powerState: "stopped" };
              return made("VirtualMachine", { host, ...rest, ...what });
            }),
          )),
        );
      await hosts.close();
      await writeFile(statePath, JSON.stringify({ version: 3, deployment: { resources } }));
    }, 600_000);
    afterAll(async () => {
      printComparisons(
        `kvm drift over ${COUNT} defined VMs on two hosts, against connecting and reading their documents, pipelined, and doing nothing with them`,
        [...comparisons, ...(comparisons.length === 0 ? [] : [medianOf(comparisons)])],
      );
      await lab?.close();
      await rm(folder, { recursive: true, force: true });
    });

    async function timed(
      args: readonly string[],
    ): Promise<{ tookMs: number; stdout: string; peakMib: number }> {
      const startedAt = performance.now();
      const { stdout, stderr } = await promisify(execFile)(
        process.execPath,
        ["--import", tellPeak, ...args],
        {
          maxBuffer: 2 ** 26,
        },
      ).catch((error: { stdout: string; stderr: string; code: number }) => {
        if (error.code !== 2) throw error; // drift was found
        return error;
      });
      return {
        tookMs: performance.now() - startedAt,
        stdout,
        peakMib: Number(stderr.trim()) / 1024,
      };
    }

    it("takes little more than reading takes, and finds what was planted", async () => {
      const kvm = [join(root, "dist/cli/kvm.js"), "drift", "--state", statePath, "--json", "-q"];
      const hosts = join(root, "dist/provider/hosts/hosts.js");
      const raw = [
        "--input-type=module",
        "-e",
        readEverything,
        hosts,
        JSON.stringify(["alpha", "beta"].map(refOf)),
      ];
      for (let round = 1; round <= ROUNDS; round++) {
        const base = await timed(raw);
        const ours = await timed(kvm);
        expect((JSON.parse(ours.stdout) as DriftReport).findings).toEqual([]);
        comparisons.push({
          what: `round ${round}, ${ours.peakMib.toFixed(0)} MiB (base ${base.peakMib.toFixed(0)} MiB)`,
          oursMs: ours.tookMs,
          baseMs: base.tookMs,
        });
      }
      const changed = Array.from({ length: 20 }, (_, i) => `vm${i * 10 + (i % 2)}`);
      for (const [i, name] of changed.entries())
        await lab.host(i % 2 === 0 ? "alpha" : "beta").virsh("autostart", name);
      const { findings } = JSON.parse((await timed(kvm)).stdout) as DriftReport;
      const found = findings.map(({ resource, property }) => `${resource?.name} ${property}`);
      expect(found.sort()).toEqual(changed.map((name) => `${name} autostart`).sort());
    });
  },
);
