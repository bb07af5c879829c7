import type { GatheredChange } from "../../cli/review/gather.js";
import type { ReviewedHost } from "../../cli/review/hosts.js";
import type { Impact } from "../../cli/review/impact.js";
import { makeReport } from "../../cli/review/make-report.js";
import type { PreviewOperation } from "../../cli/review/preview.js";
import type { ReviewReport } from "../../cli/review/report.js";
import type { StateResource } from "../../cli/state/state.js";
import type { RemovalInspection } from "../../provider/engine/inspection.js";
import type { PlanRecord } from "../../provider/engine/witness.js";
import type { DomainRecord } from "../../provider/libvirt/index.js";
import { describePlan, emptyPlan, type Plan } from "../../provider/planning/plan.js";
import { SecretTexts } from "../../provider/planning/secret-texts.js";
import type { Step } from "../../provider/planning/step.js";
import type { RemovalObstacle } from "../../provider/resources/removal-obstacle.js";

export const MIB = 2 ** 20;
const GIB = 2 ** 30;

export interface MachineOfWorld {
  name: string;
  host: string;
  runs?: boolean;
  memoryMib?: number;
  disks?: number;
  network?: string;
}

const urnOf = (kind: string, name: string) =>
  `urn:pulumi:prod::shop::pulumi-nodejs:dynamic/kvm:${kind}::${name}`;
const uuidOf = (name: string) => `uuid of ${name}`;

function inputsOf({
  name,
  host,
  memoryMib = 1024,
  disks = 1,
  network,
}: MachineOfWorld): Record<string, unknown> {
  return {
    ...{ name, host, memory: memoryMib * MIB, pulumiUrn: urnOf("VirtualMachine", name) },
    connection: { address: host },
    disks: Array.from({ length: disks }, () => ({ pool: "images", size: GIB })),
    ...(network === undefined ? {} : { interfaces: [{ network }] }),
  };
}

export function machineState(machine: MachineOfWorld): StateResource {
  return resourceState("VirtualMachine", machine.name, inputsOf(machine));
}

export function resourceState(kind: string, name: string, inputs: Record<string, unknown>): StateResource {
  return {
    ...{ urn: urnOf(kind, name), kind, name, project: "shop", stack: "prod", id: uuidOf(name) },
    ...{ inputs, outputs: {}, secretKeys: new Set(), encryptedKeys: [], initErrors: [] },
  };
}

export function hostOf(name: string, machines: readonly MachineOfWorld[], memoryGib = 64): ReviewedHost {
  const here = machines.filter(({ host }) => host === name);
  return {
    ...{ name, address: `${name}.example.net` },
    answer: {
      kind: "seen",
      seen: {
        facts: { uuid: `host ${name}`, memoryBytes: memoryGib * GIB, cpus: 16 },
        domains: here.map(domainOf),
        pools: [
          {
            ...{ name: "images", active: true, capacityBytes: 500 * GIB, availableBytes: 300 * GIB },
            volumes: here.flatMap(({ name: machine, disks = 1 }) =>
              Array.from({ length: disks }, (_, i) => ({
                ...{ name: `${machine}-${i}`, capacityBytes: GIB, allocationBytes: 512 * MIB },
              })),
            ),
          },
        ],
      },
    },
  };
}

function domainOf({ name, runs = true, memoryMib = 1024 }: MachineOfWorld): DomainRecord {
  const xml = `<domain type='kvm'><name>vm</name><uuid>7b6e0a2e-0000-4000-8000-000000000000</uuid><memory unit='MiB'>${memoryMib}</memory><vcpu>1</vcpu><os><type arch='x86_64' machine='q35'>hvm</type></os></domain>`;
  return {
    ...{ name, uuid: uuidOf(name), id: runs ? 1 : -1, state: runs ? "running" : "shutOff", reason: 1 },
    ...{ persistent: true, autostart: false, hasManagedSave: false, hasSnapshots: false },
    ...{ persistentXml: xml, ...(runs ? { liveXml: xml } : {}) },
  };
}

export function silent(name: string): ReviewedHost {
  return {
    name,
    address: `${name}.example.net`,
    answer: { kind: "silent", reason: `host ${name} is unreachable: timed out` },
  };
}

export interface ChangeOptions {
  kind?: string;
  operation?: PreviewOperation;
  plan?: Partial<Plan>;
  found?: PlanRecord["found"];
  removal?: Step[] | RemovalInspection;
  /** For what its removal is refused now. */
  obstacles?: RemovalObstacle[];
  /** What comes in place of one that `--replace` names. */
  replacement?: Step[];
  explained?: string[];
  /** The preview's own lines; by default those of the plan. */
  effects?: string[];
  /** What is declared now; by default what the state has. */
  inputs?: Record<string, unknown>;
  /** As the CLI shows them. */
  masked?: Record<string, unknown>;
  resource?: StateResource | undefined;
}

export function changeOf(name: string, steps: readonly Step[], options: ChangeOptions = {}): GatheredChange {
  const { kind = "VirtualMachine", operation = "update", removal } = options;
  const plan: Plan = { ...emptyPlan(), steps: [...steps], ...options.plan };
  const inputs = operation === "delete" ? undefined : (options.inputs ?? options.resource?.inputs ?? {});
  const urn = urnOf(kind, name);
  const found = options.found ?? { kind: "planned", plan, explained: options.explained ?? [] };
  const record = { urn, kind, call: "check", inputs: {}, isOnRecord: operation === "update" } as const;
  return {
    step: {
      ...{ urn, kind, name, operation, replaceBecause: [] },
      leftBecause: operation === "forget" ? "retainOnDelete" : undefined,
      old: operation === "create" ? undefined : { id: uuidOf(name), inputs: {}, outputs: {} },
      inputs: options.masked ?? inputs,
      effects: options.effects ?? (found.kind === "planned" ? describePlan(found.plan) : undefined),
    },
    inputs,
    resource: options.resource,
    records: operation === "delete" ? [] : [{ ...record, found }],
    removal: Array.isArray(removal)
      ? { kind: "planned", steps: removal, obstacles: options.obstacles ?? [] }
      : removal,
    replacement: options.replacement && {
      ...record,
      found: { kind: "planned", plan: { ...emptyPlan(), steps: options.replacement }, explained: [] },
    },
    assumed: [],
  };
}

export interface World {
  hosts: ReviewedHost[];
  machines: readonly MachineOfWorld[];
  others?: readonly StateResource[];
  changes: readonly GatheredChange[];
  errors?: string[];
  failOn?: readonly Impact[];
  secrets?: SecretTexts;
}

export function reviewOf({
  hosts,
  machines,
  others = [],
  changes,
  errors = [],
  failOn = [],
  secrets,
}: World): ReviewReport {
  const resources = [...machines.map(machineState), ...others];
  return makeReport(
    {
      preview: { project: "shop", stack: "prod", steps: [], others: 0, errors, warnings: [] },
      state: {
        project: "shop",
        stack: "prod",
        source: "state.json",
        pendingOperations: 0,
        resources,
        deleting: [],
      },
      ...{ hosts, changes: [...changes], warnings: [] },
    },
    {
      at: new Date("2026-01-02T03:04:05Z"),
      ...{ failOn: new Set(failOn), bandwidthMibPerSecond: 110, secrets: secrets ?? new SecretTexts() },
    },
  );
}

const moves = (name: string, from: string, to: string, copies: string[] = []): Step => ({
  ...{ kind: "migrate", subject: name, from, to, copies, effect: "migrate" },
});

/** Three hosts with ten guests each, of which a few change, each in another way. */
export function smallWorld(): World {
  const hosts = ["alpha", "beta", "gamma"];
  const machines = hosts.flatMap((host) =>
    Array.from(
      { length: 10 },
      (_, i): MachineOfWorld => ({
        ...{
          name: `${host}-web-${i}`,
          host,
          runs: i !== 9,
          disks: 1 + (i % 3),
          network: i % 2 === 0 ? "lan" : "dmz",
        },
      }),
    ),
  );
  const state = (name: string) => machineState(machines.find((one) => one.name === name) as MachineOfWorld);
  const update = (name: string, steps: Step[], more: ChangeOptions = {}) =>
    changeOf(name, steps, {
      resource: state(name),
      inputs: { ...state(name).inputs, ...more.inputs },
      ...more,
    });
  const memory = { property: "memory", from: "1 GiB", to: "2 GiB" };
  const diff = [
    "@@ -3,3 +3,3 @@",
    "   <name>alpha-web-0</name>",
    "-  <memory unit='KiB'>1048576</memory>",
    "+  <memory unit='KiB'>2097152</memory>",
  ].join("\n");
  return {
    hosts: hosts.map((host) => hostOf(host, machines)),
    machines,
    others: [
      resourceState("Network", "lan", {
        name: "lan",
        hosts: Object.fromEntries(hosts.map((h) => [h, { address: h }])),
      }),
      resourceState("StoragePool", "images", {
        name: "images",
        hosts: Object.fromEntries(hosts.map((h) => [h, { address: h }])),
      }),
    ],
    changes: [
      update(
        "alpha-web-0",
        [{ kind: "restart", subject: "alpha-web-0", force: false, changes: [memory], effect: "restart" }],
        { explained: [`the definition changes:\n${diff}`] },
      ),
      update("alpha-web-1", [moves("alpha-web-1", "alpha", "beta", ["alpha-web-1-0"])], {
        inputs: { ...state("alpha-web-1").inputs, host: "beta" },
      }),
      update("alpha-web-2", [moves("alpha-web-2", "alpha", "gamma")], {
        inputs: { ...state("alpha-web-2").inputs, host: "gamma" },
      }),
      update("beta-web-0", [
        { kind: "changeRunning", subject: "beta-web-0", changes: [memory], effect: "live" },
      ]),
      update("beta-web-1", [
        {
          kind: "updateDefinition",
          subject: "beta-web-1",
          changes: [{ property: "cpus", from: "1", to: "2" }],
          effect: "nextBoot",
        },
      ]),
      changeOf("gamma-web-0", [], {
        operation: "delete",
        resource: state("gamma-web-0"),
        removal: [
          {
            kind: "removeMachine",
            subject: "gamma-web-0",
            host: "gamma",
            guest: "powerCut",
            snapshots: [],
            effect: "stop",
          },
          {
            kind: "deleteVolume",
            subject: "gamma-web-0",
            host: "gamma",
            pool: "images",
            volume: "gamma-web-0-0",
            sizeBytes: GIB,
            effect: "none",
          },
        ],
      }),
      changeOf(
        "fresh",
        [
          { kind: "defineMachine", subject: "fresh", host: "beta", effect: "none", reason: "new" },
          {
            kind: "createVolume",
            subject: "fresh",
            host: "beta",
            pool: "images",
            volume: "fresh-0",
            sizeBytes: 20 * GIB,
            format: "qcow2",
            effect: "none",
          },
          { kind: "start", subject: "fresh", effect: "none", reason: "new" },
        ],
        {
          operation: "create",
          inputs: inputsOf({ name: "fresh", host: "beta", memoryMib: 4096, network: "lan" }),
        },
      ),
    ],
  };
}

/** Fifty hosts with twenty guests each; every third changes when `everything`, else a few. */
export function largeWorld(everything = false): World {
  const hosts = Array.from({ length: 50 }, (_, i) => `host-${String(i).padStart(2, "0")}`);
  const machines = hosts.flatMap((host) =>
    Array.from(
      { length: 20 },
      (_, i): MachineOfWorld => ({ name: `${host}-guest-${i}`, host, network: "lan" }),
    ),
  );
  const changes = machines.flatMap((machine, i): GatheredChange[] => {
    const resource = machineState(machine);
    if (!everything && i > 120) return [];
    if (!everything && i % 4 !== 0) return [];
    if (i % 3 === 0) {
      const to = hosts[(Math.floor(i / 20) + 1 + (i % 7)) % 50] as string;
      return [
        changeOf(machine.name, [moves(machine.name, machine.host, to)], {
          resource,
          inputs: { ...resource.inputs, host: to },
        }),
      ];
    }
    const change = { property: "memory", from: "1 GiB", to: "2 GiB" };
    return [
      changeOf(
        machine.name,
        [{ kind: "restart", subject: machine.name, force: false, changes: [change], effect: "restart" }],
        {
          resource,
          explained: [
            `the definition changes:\n@@ -1 +1 @@\n${"-  <memory unit='KiB'>1048576</memory>\n+  <memory unit='KiB'>2097152</memory>\n".repeat(4)}`,
          ],
        },
      ),
    ];
  });
  return { hosts: hosts.map((host) => hostOf(host, machines, 256)), machines, changes };
}
