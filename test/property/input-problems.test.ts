import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { describeProblem } from "../../provider/engine/input-problem.js";
import { UNKNOWN } from "../../provider/engine/unknowns.js";
import { validateInputs } from "../../provider/engine/validate.js";
import { network } from "../../provider/resources/network/index.js";
import { storagePool } from "../../provider/resources/storage-pool/index.js";
import { virtualMachine } from "../../provider/resources/virtual-machine/index.js";
import { runs } from "../support/runs.js";
import { machineInputs } from "./machine-inputs.js";
import { networkInputs } from "./network-inputs.js";

const RUNS = runs(100);
const definitions = { VirtualMachine: virtualMachine, Network: network, StoragePool: storagePool };
type Kind = keyof typeof definitions;
type Bag = Record<string, unknown>;
type Path = readonly (string | number)[];

function problemsOf(kind: Kind, inputs: Bag, withCrossChecks = true): string[] {
  const { shape, crossChecks } = definitions[kind];
  return validateInputs(shape, inputs, withCrossChecks ? crossChecks : [])
    .problems.map(describeProblem)
    .sort();
}

/** What programs don't give themselves. */
const INTERNAL = ["pulumiUrn", "host", "hosts", "connection", "credentials"];

function placesOf(value: unknown, path: Path = []): Path[] {
  if (typeof value !== "object" || value === null) return [path];
  const inner = Object.keys(value).flatMap((key) => {
    if (path.length === 0 && INTERNAL.includes(key)) return [];
    return placesOf((value as Bag)[key], [...path, Array.isArray(value) ? Number(key) : key]);
  });
  return path.length === 0 ? inner : [path, ...inner];
}

function put(value: unknown, [key, ...rest]: Path, what: unknown): unknown {
  if (key === undefined) return what;
  // What was put over it has no such place any more.
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((entry, i) => (i === key ? put(entry, rest, what) : entry));
  return { ...value, [key]: put((value as Bag)[key], rest, what) };
}

function textOf(path: Path): string {
  return path.map((key, i) => (typeof key === "number" ? `[${key}]` : i === 0 ? key : `.${key}`)).join("");
}

/** No input takes it. */
const WRONG = Number.NaN;

/** Sound inputs in which something else stands in some places. */
const damaged = fc
  .oneof(
    machineInputs.map((inputs) => ["VirtualMachine", inputs as Bag] as const),
    networkInputs.map((inputs) => ["Network", inputs as unknown as Bag] as const),
  )
  .chain(([kind, inputs]) =>
    fc.record({
      kind: fc.constant(kind),
      inputs: fc.constant(inputs),
      places: fc.subarray(placesOf(inputs), { maxLength: Math.min(4, placesOf(inputs).length) }),
    }),
  );

describe("inputs of which some are wrong", () => {
  it("have these told, and nothing of what others have to do with them", () => {
    fc.assert(
      fc.property(damaged, ({ kind, inputs, places }) => {
        const wrong = places.reduce((made, place) => put(made, place, WRONG) as Bag, inputs);
        const told = problemsOf(kind, wrong);
        expect(told).toEqual(problemsOf(kind, wrong, false));
        const at = told.map((problem) => problem.replace(/: .*$/s, ""));
        expect(new Set(at).size).toBe(at.length);
        // What is told of a document is told of it as a whole.
        for (const place of places.map(textOf)) expect(at.some((path) => place.startsWith(path))).toBe(true);
      }),
      { numRuns: RUNS },
    );
  });

  it("have nothing told where they aren't known yet", () => {
    fc.assert(
      fc.property(damaged, ({ kind, inputs, places }) => {
        const later = places.reduce((made, place) => put(made, place, UNKNOWN) as Bag, inputs);
        expect(problemsOf(kind, later)).toEqual([]);
      }),
      { numRuns: RUNS },
    );
  });
});

interface Program {
  kind: Kind;
  sound: Bag;
  /** Groups of inputs, each with how much is wrong in it; no group has to do with what another one has. */
  groups: readonly (readonly [number, Bag])[];
  /** The same, by list: its entries. */
  entries: Readonly<Record<string, readonly (readonly [number, unknown])[]>>;
}

const disk = (name: string) => ({ name, size: "1GiB", pool: "p" });
const programs: Program[] = [
  {
    kind: "VirtualMachine",
    sound: { host: "alpha", connection: { address: "alpha" }, name: "web", memory: "1GiB" },
    groups: [
      [1, { cpus: 4, maxCpus: 2 }],
      [1, { cpus: 0, maxCpus: 2 }],
      [0, { cpus: UNKNOWN, maxCpus: 2 }],
      [
        3,
        {
          cpus: 1,
          cpuTune: {
            vcpuPins: [
              { vcpu: 0, cpus: "x" },
              { vcpu: 9, cpus: "0" },
            ],
            shares: 0,
          },
        },
      ],
      [2, { initrd: "/boot/initrd", commandLine: "quiet" }],
      [2, { initrd: "/boot/initrd", kernel: 7, powerState: "on" }],
      [1, { initrd: "/boot/initrd", kernal: "/boot/kernel" }],
      [2, { firmware: "uefi", features: { acpi: false, pae: "no" } }],
      [2, { tpm: { version: "1.2", model: "tpm-crb", colour: "red" } }],
      [2, { rng: { period: "1s", byte: 1, colour: "red" } }],
      [3, { video: { model: "none", memory: "3MiB", heads: 0 } }],
      [2, { waitFor: "agent", waitTimeout: "1h", timeouts: { create: "1m", update: "soon" } }],
      [2, { onPoweroff: "restart", onReboot: "destroy", onCrash: "scream" }],
      [2, { graphics: { type: "spice", keymap: "de", port: -1 } }],
      [
        3,
        {
          cloudInit: {
            pool: "p",
            fqdn: "b.c",
            hostname: "a",
            users: [{}, { name: "y", password: "p", hashedPassword: "$6$a" }],
          },
        },
      ],
      [2, { cloudInit: { hostnam: "a", fqdn: "b.c", pool: "p", manageEtcHosts: 7 } }],
      [3, { memoryTune: { hardLimit: "512MiB", softLimit: "600MiB", swapHardLimit: true } }],
      [1, { answerFile: { files: {}, pool: "p" } }],
      [1, { colour: "blue" }],
      [0, { description: UNKNOWN }],
    ],
    entries: {
      disks: [
        [0, disk("a")],
        [0, UNKNOWN],
        [1, 7],
        [2, { name: "b" }],
        [1, { name: "c", sise: "2GiB", pool: "p" }],
        [3, { ...disk("d"), pool: 7, io: "native", wwn: "x" }],
        [2, { ...disk("e"), bus: "sata", readonly: true, queues: 2 }],
        [3, { ...disk("f"), limits: { iops: 1, readIops: 1, burst: { writeIops: 9, iops: "x" } } }],
        [2, { disk: { host: "beta", pool: "p", name: "g" }, size: "1GiB" }],
        [1, { ...disk("h"), backing: UNKNOWN, image: UNKNOWN, source: UNKNOWN, format: "raw", volume: "v" }],
      ],
      interfaces: [
        [0, { network: "lan", mac: UNKNOWN }],
        [1, {}],
        [2, { mac: "x", portgroup: "p", network: 7 }],
        [
          4,
          {
            bridge: "br0",
            vlan: 7,
            bandwidth: { inbound: { peak: 1, floor: 1 }, outbound: { average: -1 } },
          },
        ],
        [1, { netwrok: "lan", portgroup: "p" }],
        [2, { direct: { dev: "eth0" }, vlan: 7, filter: { name: "f" } }],
      ],
      serialPorts: [
        [1, { type: "file", log: UNKNOWN }],
        [2, { type: "pty", path: "x", host: "h" }],
      ],
      filesystems: [
        [2, { source: "x", target: "a", readonly: true }],
        [2, { source: "/b", target: "b", accessMode: "mapped", driver: "virtiofs", readonly: 7 }],
      ],
      hostDevices: [
        [1, { type: "pci" }],
        [1, { type: "usb", vendor: "x", product: "0001" }],
      ],
      xml: [
        [1, { xpath: "/domain/a" }],
        [1, { xpath: "", set: "x" }],
        [1, { xpath: "/domain", set: "x", append: "x" }],
      ],
    },
  },
  {
    kind: "Network",
    sound: { hosts: { alpha: { address: "alpha" } }, name: "lan", mode: "nat", cidr: "10.3.0.1/24" },
    groups: [
      [2, { dhcp: { start: "10.4.0.1", end: "x" } }],
      [
        4,
        {
          dhcp: {
            ranges: [{ start: "10.4.0.1", end: "10.3.0.9" }, { start: "10.3.0.9" }],
            hosts: [{ address: "10.3.0.1", mac: "x" }],
          },
        },
      ],
      [
        4,
        {
          dhcp: {
            hosts: [
              { mac: UNKNOWN, address: "10.3.0.1", name: "a" },
              { mac: "x", address: "10.3.0.8", name: "1h" },
              { address: "10.3.0.8", name: "b" },
            ],
          },
        },
      ],
      [2, { ipv6: { cidr: "fd00::1/60", dhcp: true }, stp: "yes" }],
      [
        2,
        {
          dns: {
            hosts: [
              { address: "10.3.0.9", names: ["a", "a"] },
              { address: "x", names: ["b"] },
            ],
          },
        },
      ],
      [2, { dns: { forwarders: [{}], srv: [{ service: "s", protocol: "tcp", port: 1 }], txt: UNKNOWN } }],
      [2, { nat: { ports: { start: 9000, end: 8000 }, addresses: { start: "x", end: "192.0.2.1" } } }],
      [
        3,
        {
          routes: [
            { cidr: "10.3.0.0/25", gateway: "x" },
            { cidr: "10.9.0.0/24", gateway: "10.8.0.1" },
          ],
        },
      ],
      [4, { vlan: { trunk: [1, 1, 5000], native: 1 }, mtu: 7 }],
      [1, { forwardDevices: ["eth0"] }],
      [1, { domian: "lab.example" }],
    ],
    entries: {},
  },
  {
    kind: "StoragePool",
    sound: {
      hosts: { alpha: { address: "alpha" } },
      name: "images",
      type: "netfs",
      path: "/images",
      source: { host: "nas", dir: "/x" },
    },
    groups: [
      [1, { source: { host: "nas" } }],
      [5, { source: { host: "", name: "x", auth: { username: "a", secret: {} } } }],
      [2, { source: { hosts: ["nas"], host: "nas", dir: "x", format: "nfs" } }],
      [2, { build: true, autostart: "yes" }],
    ],
    entries: {},
  },
];

/** Some of the mistakes of a program, at any places of their lists. */
const planted = fc.constantFrom(...programs).chain((program) =>
  fc.record({
    program: fc.constant(program),
    groups: fc
      .shuffledSubarray([...program.groups])
      .map((chosen) =>
        chosen.filter(([, group], i) => !chosen.slice(0, i).some(([, other]) => meet(group, other))),
      ),
    lists: fc.record(
      Object.fromEntries(
        Object.entries(program.entries).map(([key, list]) => [key, fc.shuffledSubarray([...list])]),
      ),
    ),
  }),
);

function meet(one: Bag, other: Bag): boolean {
  return Object.keys(one).some((key) => Object.hasOwn(other, key));
}

describe("mistakes in a program", () => {
  it("are all told at once, and nothing else is", () => {
    fc.assert(
      fc.property(planted, ({ program: { kind, sound }, groups, lists }) => {
        const base = { pulumiUrn: `urn:pulumi:dev::shop::${kind}::a`, ...sound };
        const alone = (wrong: Bag, count: number) => {
          const problems = problemsOf(kind, { ...base, ...wrong });
          expect({ wrong, problems: problems.length, of: problems }).toEqual({
            wrong,
            problems: count,
            of: problems,
          });
          return problems;
        };
        const given = Object.entries(lists).filter(([, list]) => list.length > 0);
        const expected = [
          ...groups.flatMap(([count, group]) => alone(group, count)),
          ...given.flatMap(([key, list]) =>
            list.flatMap(([count, entry], i) =>
              alone({ [key]: list.map((_, other) => (other === i ? entry : UNKNOWN)) }, count),
            ),
          ),
        ];
        const all = [
          ...groups.map(([, group]) => group),
          ...given.map(([key, list]) => ({ [key]: list.map(([, entry]) => entry) })),
        ];
        expect(problemsOf(kind, Object.assign({}, base, ...all))).toEqual(expected.sort());
      }),
      { numRuns: RUNS },
    );
  });
});
