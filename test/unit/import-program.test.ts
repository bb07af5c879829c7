import fc from "fast-check";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { parseHost } from "../../cli/host-argument.js";
import { durationText, sizeText } from "../../cli/import/amounts.js";
import { Choice } from "../../cli/import/choice.js";
import type { FoundHost } from "../../cli/import/found-host.js";
import { matching } from "../../cli/import/glob.js";
import { remnantsOf } from "../../cli/import/machine/remnants.js";
import { networkInputs } from "../../cli/import/network-inputs.js";
import { Identifiers, resourceNames } from "../../cli/import/program/names.js";
import { programText } from "../../cli/import/program/program.js";
import { type ImportedResource, importedKinds, type NamedResource } from "../../cli/import/resource.js";
import { trim } from "../../cli/import/trim.js";
import { validateInputs } from "../../provider/engine/validate.js";
import { sameValue } from "../../provider/libvirt/xml/index.js";
import { emptyPlan } from "../../provider/planning/plan.js";
import { parseBytes, parseDurationMs } from "../../provider/planning/quantity.js";
import { desiredModel } from "../../provider/resources/network/desired.js";
import { network } from "../../provider/resources/network/index.js";
import type { Inputs as NetworkInputs } from "../../provider/resources/network/schema.js";
import { virtualMachine } from "../../provider/resources/virtual-machine/index.js";
import { runs } from "../support/runs.js";

const given = parseHost("alpha=ops@192.0.2.7:2222", { knownHosts: "/k" });
const beta = parseHost("beta", {});

/** What TypeScript has against a text by itself. */
function mistakesIn(text: string): string[] {
  const { diagnostics = [] } = ts.transpileModule(text, {
    reportDiagnostics: true,
    compilerOptions: { strict: true, target: ts.ScriptTarget.ES2020 },
  });
  return diagnostics.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"));
}

describe("the written program", () => {
  it("is valid whatever things are called, with each variable once, and gives the texts back", () => {
    const text = fc.oneof(
      fc.string({ minLength: 1, unit: "grapheme" }),
      fc.constantFrom(
        "default",
        "kvm",
        "alpha",
        "a-b",
        "a_b",
        "aB",
        "7",
        "\u2028",
        "*/",
        "new",
        "`$x`",
        "ÄÖ",
      ),
    );
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom(...importedKinds), text, text), { maxLength: 12 }),
        fc.boolean(),
        (things, protect) => {
          const found = things.map(
            ([kind, libvirtName, description], i): ImportedResource => ({
              kind,
              hosts: i % 3 === 0 ? ["beta"] : ["alpha"],
              libvirtName,
              inputs: { description, [description]: [{ pool: "default" }, { [libvirtName]: 1.5 }] },
              notes: [description],
            }),
          );
          const names = resourceNames(found);
          const resources = found.map((each, i): NamedResource => ({ ...each, name: names[i] ?? "" }));
          expect(new Set(resources.map(({ kind, name }) => `${kind} ${name}`)).size).toBe(resources.length);
          const program = programText([given, beta], resources, { protect });
          expect(mistakesIn(program)).toEqual([]);
          const variables = [...program.matchAll(/^const (\w+) =/gm)].map(([, name]) => name);
          expect(new Set(variables).size).toBe(resources.length + 2);
          expect(variables.length).toBe(resources.length + 2);
          const seen: unknown[] = [];
          const made = ts.transpileModule(program.replace(/^import .*$/m, ""), {
            compilerOptions: { target: ts.ScriptTarget.ES2020, module: ts.ModuleKind.ESNext },
          }).outputText;
          const kvm = Object.fromEntries(
            ["Host", ...importedKinds].map((kind) => [
              kind,
              class {
                constructor(name: string, args: { description?: string }) {
                  seen.push([kind, name, args.description]);
                }
              },
            ]),
          );
          new Function("kvm", made)(kvm);
          const wanted = resources.map(({ kind, name, inputs }) => [kind, name, inputs.description]);
          expect(seen).toEqual([["Host", "alpha", undefined], ["Host", "beta", undefined], ...wanted]);
        },
      ),
      { numRuns: runs(40) },
    );
  });

  it("calls things as libvirt does, whatever comes before, and tells those of several hosts apart", () => {
    const named = (...things: [string, string, string?][]) =>
      resourceNames(
        things.map(([host, libvirtName, kind = "VirtualMachine"]) => ({
          ...{ kind: kind as ImportedResource["kind"], libvirtName, hosts: host.split("+") },
        })),
      );
    expect(named(["alpha", "my vm"], ["alpha", "my-vm"], ["alpha", "my_vm"], ["alpha", "my/vm"])).toEqual([
      ...["my-vm-2", "my-vm", "my_vm", "my-vm-3"],
    ]);
    expect(named(["alpha", "web"], ["beta", "web"], ["beta", "db"], ["beta", "alpha-web"])).toEqual([
      ...["alpha-web-2", "beta-web", "db", "alpha-web"],
    ]);
    expect(named(["alpha", "größe"], ["alpha", "Ærø"], ["alpha", "日本"])).toEqual([
      ...["grosse", "AEro", "virtualmachine"],
    ]);
    expect(new Identifiers().claim("VirtualMachine", "größe-øl")).toBe("grosseOl");
    const pool = (hosts: string): [string, string, string] => [hosts, "default", "StoragePool"];
    expect(named(pool("alpha+beta"), ["alpha", "default", "Network"])).toEqual(["default", "default"]);
    expect(named(pool("alpha+beta"), pool("gamma"))).toEqual(["alpha-beta-default", "gamma-default"]);
  });

  it("refers to what it declares by variables, and to the rest by names", () => {
    const on = ["alpha"];
    const resources: NamedResource[] = [
      {
        ...{ kind: "StoragePool", name: "default", libvirtName: "default", hosts: ["alpha", "beta"] },
        ...{ inputs: { path: "/x" }, notes: [] },
      },
      {
        ...{ kind: "Network", name: "default", libvirtName: "default", hosts: on },
        ...{ inputs: { mode: "isolated" }, notes: [] },
      },
      {
        ...{ kind: "VirtualMachine", name: "beta-web", libvirtName: "web", hosts: ["beta"], notes: [] },
        inputs: { disks: [{ pool: "default" }], interfaces: [{ network: "default" }] },
      },
      {
        ...{ kind: "VirtualMachine", name: "web", libvirtName: "web", hosts: on, notes: ["a floppy"] },
        inputs: {
          memory: "1GiB",
          disks: [
            { pool: "default", volume: "a" },
            { pool: "other", volume: "b" },
          ],
          interfaces: [{ network: "default" }, { network: "other" }],
        },
      },
    ];
    expect(programText([given, beta], resources, { protect: false })).toBe(`import * as kvm from "pulumi-kvm";

// What is on alpha and beta, as "kvm import" found it. "pulumi up" takes it over and changes nothing;
// what isn't written here stays as it is.
const alpha = new kvm.Host("alpha", { address: "192.0.2.7", port: 2222, user: "ops", knownHosts: "/k" });
const beta = new kvm.Host("beta", { address: "beta" });

const defaultPool = new kvm.StoragePool("default", {
  hosts: [alpha, beta],
  adopt: true,
  path: "/x",
});

const defaultNetwork = new kvm.Network("default", {
  host: alpha,
  adopt: true,
  mode: "isolated",
});

const betaWeb = new kvm.VirtualMachine("beta-web", {
  host: beta,
  name: "web",
  adopt: true,
  disks: [{ pool: defaultPool }],
  interfaces: [{ network: "default" }],
});

// Stays as it is on the host: a floppy.
const web = new kvm.VirtualMachine("web", {
  host: alpha,
  adopt: true,
  memory: "1GiB",
  disks: [{ pool: defaultPool, volume: "a" }, { pool: "other", volume: "b" }],
  interfaces: [{ network: defaultNetwork }, { network: "other" }],
});
`);
  });
});

describe("amounts", () => {
  it("are exactly what they stand for", () => {
    fc.assert(
      fc.property(
        fc.nat({ max: 2 ** 22 }),
        fc.constantFrom(1, 512, 2 ** 10, 2 ** 20, 2 ** 30),
        (count, unit) => {
          const text = sizeText(count * unit);
          expect(typeof text === "number" ? text : parseBytes(text)).toBe(count * unit);
          expect(parseDurationMs(durationText(count))).toBe(count);
        },
      ),
    );
    expect([sizeText(4 * 2 ** 30), sizeText(1.5 * 2 ** 30), sizeText(1_000)]).toEqual([
      "4GiB",
      "1.5GiB",
      1_000,
    ]);
  });
});

describe("a host of the command line", () => {
  it("is named, reached and refused as written", () => {
    const told = (text: string) => {
      const { ref, args } = parseHost(text, {});
      return { name: ref.name, ...args };
    };
    expect(told("alpha.example.net")).toEqual({ name: "alpha", address: "alpha.example.net" });
    expect(told("old=root@192.0.2.7:22")).toEqual({
      name: "old",
      address: "192.0.2.7",
      user: "root",
      port: 22,
    });
    expect(told("[2001:db8::1]:22")).toEqual({ name: "2001:db8::1", address: "2001:db8::1", port: 22 });
    expect(told("local")).toEqual({ name: "local", address: "local" });
    for (const text of ["", "a b", "alpha:99999", "=alpha", "a=b=c"])
      expect(() => told(text), text).toThrow(
        /: must be (HOST or NAME=HOST; HOST is )?\[USER@\]HOST\[:PORT\]/,
      );
  });

  it("has the virtual machines that patterns stand for", () => {
    const isChosen = matching(["web", "db-*", "a.?"]);
    expect(["web", "web2", "db-1", "db-", "a.b", "axb"].filter(isChosen)).toEqual([
      "web",
      "db-1",
      "db-",
      "a.b",
    ]);
    expect(matching([])("any")).toBe(true);
    const of = (...patterns: string[]) => new Choice(patterns, ["alpha", "beta"]);
    expect([of("web", "beta/db*").has("alpha", "web"), of("beta/db*").has("alpha", "db1")]).toEqual([
      true,
      false,
    ]);
    expect(() => of("gamma/web")).toThrow("gamma/web: there is no host gamma among alpha and beta");
    const found = ["alpha", "beta"].map((name) => ({
      ref: { name },
      domains: [{ record: { name: `${name}-vm` } }],
    })) as FoundHost[];
    expect(() => of("alpha-*", "beta/beta-vm").refuseAbsent(found)).not.toThrow();
    expect(() => of("web").refuseAbsent(found)).toThrow(
      "there is no virtual machine web on alpha and beta; there are alpha/alpha-vm, beta/beta-vm",
    );
    expect(() => of("alpha/beta-vm").refuseAbsent(found)).toThrow("on alpha; there are alpha-vm");
  });
});

describe("what no input describes", () => {
  it("is named, without values that may be secret", () => {
    const xml = `<domain type='qemu' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'><name>odd</name><blkiotune/><vcpu cpuset='0-1'>2</vcpu>
      <os><type>hvm</type><boot dev='network'/><boot dev='hd'/></os><devices><disk type='file' device='floppy'><target dev='fda'/></disk>
      <disk type='file' device='disk'><source file='/a'><encryption format='luks'/></source><target dev='vda'/></disk>
      <channel type='spicevmc'/><redirdev/><redirdev/><panic/><console type='pty'/><console type='pty'><target type='virtio'/></console><graphics type='vnc'/><graphics type='spice' passwd='hidden'/>
      <hostdev type='scsi'/><tpm><backend type='passthrough'/></tpm></devices>
      <qemu:commandline><qemu:arg value='secret'/></qemu:commandline></domain>`;
    expect(remnantsOf(xml)).toEqual([
      ...["USB redirection (2)", "a panic notifier", "another graphics (spice)"],
      ...["a console of type virtio", "floppy fda", "the encryption of disk vda"],
      ...["a channel of type spicevmc", "a host device of type scsi", "a TPM of the host's own"],
      ...["the host's CPUs that all of its CPUs are pinned to"],
      ...["boot from network, then hd", "limits of block I/O", "arguments of its own for QEMU"],
    ]);
  });
});

describe("inputs for a network that is there", () => {
  it("make the same network, or none", () => {
    const common = {
      pulumiUrn: "urn:pulumi:a::b::c::lan",
      name: "lan",
      hosts: { alpha: { address: "alpha" } },
      adopt: true,
    };
    const ipv4 = { address: "10.0.0.1", prefix: 24 };
    const range = { start: "10.0.0.2", end: "10.0.0.254" };
    for (const model of [
      { mode: "nat", bridge: "virbr3", stp: true, delaySeconds: 0, ipv4 },
      {
        mode: "nat",
        bridge: "lan0",
        stp: false,
        delaySeconds: 4,
        nat: { ports: { start: 5000, end: 6000 } },
        ipv4,
      },
      { mode: "route", devices: ["eth0"], ipv4: { ...ipv4, dhcp: { ranges: [range], hosts: [] } } },
      {
        mode: "isolated",
        ipv4: {
          ...ipv4,
          dhcp: {
            ranges: [{ ...range, leaseSeconds: 7200 }],
            hosts: [{ mac: "52:54:00:00:00:01", address: "10.0.0.9", leaseSeconds: 7200 }],
          },
        },
        ipv6: { address: "fd00::1", prefix: 64 },
        moreAddresses: [{ address: "10.9.0.1", prefix: 16 }],
        routes: [{ address: "10.7.0.0", prefix: 16, gateway: "10.0.0.9", metric: 3 }],
        domainName: "lab.example",
        domainLocalOnly: true as const,
        dns: {
          enabled: true,
          hosts: [{ address: "10.0.0.9", names: ["a"] }],
          forwarders: [{ address: "192.0.2.1" }, { domain: "corp.example" }],
          texts: [{ name: "a", value: "b" }],
          services: [{ service: "ldap", protocol: "tcp", target: "a.lab.example", port: 389 }],
        },
        mtuBytes: 9000,
      },
      { mode: "open", ipv4, dns: { enabled: false, hosts: [] } },
      { mode: "bridge", bridge: "br0" },
      {
        mode: "bridge",
        bridge: "ovs0",
        virtualPort: "openvswitch",
        portgroups: [{ name: "a", isDefault: true as const, vlan: { tags: [5] } }],
        vlan: { tags: [7, 8], trunk: true as const },
      },
      { mode: "vepa", devices: ["eth0", "eth1"] },
    ]) {
      const found = { name: "lan", ...model };
      const { inputs, problems } = validateInputs(
        network.shape,
        { ...common, ...networkInputs(found, true) },
        network.crossChecks,
      );
      expect(problems).toEqual([]);
      // Taken over it is what it was, and made anew it is the same but for what libvirt chooses.
      expect(desiredModel(inputs as NetworkInputs, undefined, found)).toEqual(found);
      const {
        bridge: _,
        stp: __,
        delaySeconds: ___,
        ...chosen
      } = desiredModel(inputs as NetworkInputs, undefined, undefined);
      const { bridge: ____, stp: _____, delaySeconds: ______, ...wanted } = found as Record<string, unknown>;
      expect(sameValue(chosen, wanted), JSON.stringify([chosen, wanted])).toBe(true);
    }
    expect(networkInputs({ name: "x", mode: "hostdev", devices: ["eth0"] }, true)).toBeUndefined();
  });
});

describe("what is left out of a machine's inputs", () => {
  it("isn't what needs an input that comes after it", async () => {
    const { shape, crossChecks } = virtualMachine;
    const cpuTune = { iothreadPins: [{ iothread: 1, cpus: "0" }] };
    const optional = { cpuTune, iothreads: 1, clock: { offset: "variable" } };
    const taken = await trim(
      async (inputs) => {
        const { problems } = validateInputs(shape, inputs, crossChecks);
        if (problems.length === 0) return { kind: "planned", plan: emptyPlan() };
        return { kind: "invalid", problems: problems.map(({ path }) => path) };
      },
      {
        pulumiUrn: "urn:pulumi:dev::p::pulumi-nodejs:dynamic/kvm:VirtualMachine::vm",
        host: "alpha",
        name: "vm",
        connection: { address: "alpha" },
        credentials: {},
        memory: "64MiB",
      },
      optional,
    );
    expect(taken).toMatchObject({ kind: "taken", inputs: { cpuTune, iothreads: 1 } });
    expect(taken).toMatchObject({ notes: [expect.stringContaining("clock")] });
  });
});
