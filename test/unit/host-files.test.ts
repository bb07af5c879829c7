import { expect, it } from "vitest";
import type { DomainModel } from "../../provider/libvirt/xml/index.js";
import { emptyPlan } from "../../provider/planning/plan.js";
import type { Step } from "../../provider/planning/step.js";
import {
  hostFilesToFind,
  judgeHostFiles,
  newHostFiles,
} from "../../provider/resources/virtual-machine/host-files.js";
import type { ObservedDomain, ObservedPool } from "../../provider/resources/virtual-machine/observed.js";
import type { Inputs } from "../../provider/resources/virtual-machine/schema.js";

const identity = { project: "test", stack: "dev", type: "t", name: "web" };
const ref = { name: "alpha", connection: { address: "10.0.0.1" }, credentials: {} };
const inputs = {
  ...{ name: "web", kernel: "/boot/k", initrd: "/boot/i", cdroms: [{ source: "/iso/a" }, {}] },
  filesystems: [{ source: "/srv", target: "data" }],
  interfaces: [{ bridge: "br9" }, { direct: { dev: "nic9" } }, { network: "lan" }],
} as unknown as Inputs;
const missing = ["/boot/i", "/iso/a", "/srv", "/sys/class/net/br9", "/sys/class/net/nic9"];

function judged(
  domain: DomainModel | undefined,
  chosen?: { uuid: string; nonce: string },
  powerState?: Inputs["powerState"],
  starts = false,
) {
  const step: Step = starts
    ? { kind: "start", subject: "web", effect: "none", reason: "it is off" }
    : { kind: "record", subject: "web", effect: "none", reason: "" };
  const plan = { ...emptyPlan(), steps: [step] };
  const previous = starts ? { previous: inputs } : {};
  judgeHostFiles(
    { identity, inputs: { ...inputs, powerState }, chosen, ...previous },
    { ref, missing, pools: [] },
    domain && { persistent: domain, live: undefined },
    plan,
  );
  return [plan.warnings.length, plan.refusals.map(({ message }) => message.replace(/:.*/, ""))];
}

it("what a VM names of its host for the first time is warned of, and refused by up, where it isn't there", () => {
  const chosen = { uuid: "u", nonce: "n" };
  expect(judged(undefined)).toEqual([5, []]);
  const devices = ["interfaces[0].bridge", "interfaces[1].direct.dev"];
  expect(judged(undefined, chosen)).toEqual([
    0,
    ["initrd", "filesystems[0].source", "cdroms[0].source", ...devices],
  ]);
  expect(judged(undefined, chosen, "stopped")).toEqual([5, []]);
  // An installation medium that people have deleted since is no reason not to take the VM over.
  const found = {
    disks: [{ source: { file: "/iso/a" } }],
    directBoot: { kernel: "/boot/k", initrd: "/boot/i" },
    interfaces: [{ source: { bridge: "br9" } }, { source: { device: "nic9", mode: "bridge" } }],
  };
  expect(judged(found as unknown as DomainModel, chosen)).toEqual([0, ["filesystems[0].source"]]);
  // But none of them may be gone when it is to be started.
  expect(judged(found as unknown as DomainModel, undefined, "running", true)).toEqual([5, []]);
  expect(judged(found as unknown as DomainModel, chosen, "running", true)).toEqual([
    0,
    ["initrd", "filesystems[0].source", "cdroms[0].source", ...devices],
  ]);
  expect(newHostFiles({ identity, inputs, previous: { ...inputs, kernel: "/boot/old" } })).toEqual([
    { input: "kernel", path: "/boot/k" },
  ]);
  const without = { ...inputs, interfaces: [] };
  expect(newHostFiles({ identity, inputs, previous: without }).map(({ device }) => device)).toEqual([
    "bridge br9",
    "device nic9",
  ]);
});

it("all that a guest needs of its host is looked for where it may be started", () => {
  const toFind = (more: Partial<Inputs>, state: "shutOff" | "running", previous = inputs) =>
    hostFilesToFind(
      { identity, inputs: { ...inputs, ...more }, previous },
      { record: { state } } as ObservedDomain,
      { pools: [] },
    ).length;
  expect(toFind({}, "shutOff")).toBe(6);
  expect(toFind({ powerState: "stopped" }, "shutOff")).toBe(0);
  expect(toFind({}, "running")).toBe(0);
  expect(toFind({ restartPolicy: "whenNeeded" }, "running")).toBe(6);
  const gpu = [{ type: "pci", address: "0000:01:00.0" }] as Inputs["hostDevices"];
  expect(toFind({ hostDevices: gpu }, "running")).toBe(1);
});

it("what a VM's disks are layers over is looked for where it is to be started, and missed before a guest is shut down", () => {
  const volume = (name: string, backing?: string) => ({
    ...{ pool: "images", name, path: `/images/${name}` },
    xml: `<volume><name>${name}</name><capacity>1</capacity><target><format type='qcow2'/></target>${backing === undefined ? "" : `<backingStore><path>${backing}</path><format type='qcow2'/></backingStore>`}</volume>`,
  });
  const volumes = [
    volume("web-0", "/images/middle"),
    volume("middle", "/images/base"),
    volume("other", "/x"),
  ];
  const pools = [{ name: "images", active: true, contents: { volumes } }] as unknown as ObservedPool[];
  const disks = [{ target: "vda", source: { pool: "images", volume: "web-0" } }, { target: "sda" }];
  const domain = {
    ...{ record: { state: "running" }, live: undefined },
    persistent: { disks, interfaces: [] },
  } as unknown as ObservedDomain;
  const bare = { name: "web", restartPolicy: "whenNeeded" } as Inputs;
  const request = { identity, inputs: bare, previous: { ...bare } };
  const paths = (state: Inputs) =>
    hostFilesToFind({ ...request, inputs: state }, domain, { pools }).map(({ path }) => path);
  expect(paths(bare)).toEqual(["/images/middle", "/images/base"]);
  expect(paths({ name: "web" } as Inputs)).toEqual([]);

  const restart: Step = { kind: "restart", subject: "web", force: false, effect: "restart", changes: [] };
  const stay = domain.persistent?.disks ?? [];
  const judge = (steps: Step[], chosen?: { uuid: string; nonce: string }, becomes = stay) => {
    const plan = { ...emptyPlan(), steps };
    const place = { ref, pools, missing: ["/images/base"] };
    judgeHostFiles({ ...request, chosen }, place, domain, plan, () => becomes);
    return [...plan.warnings, ...plan.refusals.map(({ message }) => message)];
  };
  const problem = "disks[vda]: there is no /images/base, over which it is a layer, on alpha";
  expect(judge([restart])).toEqual([`${problem} as yet; "pulumi up" is refused unless it is there by then`]);
  expect(judge([restart], { uuid: "u", nonce: "n" })).toEqual([`${problem}; put it there again`]);
  expect(judge([{ kind: "record", subject: "web", effect: "none", reason: "" }])).toEqual([]);
  // The way out of it: the disk is taken away.
  expect(judge([restart], undefined, [])).toEqual([]);
});
