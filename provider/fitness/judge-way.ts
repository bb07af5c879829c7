import { newestMachines } from "../libvirt/xml/machine-types.js";
import { install } from "./distribution.js";
import type { HostExamination } from "./examine.js";
import type { PortTry, WayFacts } from "./examine-ways.js";
import type { Finding } from "./finding.js";
import { skewOf } from "./judge-surroundings.js";
import { placeOf, rootCommands, shellWord, Verdict } from "./verdict.js";

type Seen = Extract<HostExamination["seen"], { kind: "reached" }>;

const SKEW_BETWEEN_SECONDS = 2;

/** From what was found out about two hosts, and the way from the one to the other, to what is said of it. Pure. */
export function judgeWay(way: WayFacts, from: Seen, to: Seen): Finding[] {
  const verdict = new Verdict(way.from, way.to);
  return [
    ...judgeNames(verdict, way, from, to),
    judgePorts(verdict, way, to),
    ...judgeCpu(verdict, way, from, to),
    ...judgeSoftware(verdict, way, from, to),
    ...judgeEqualNames(verdict, way, from, to),
    ...judgeClocks(verdict, from, to),
  ];
}

function judgeNames(verdict: Verdict, { to, names }: WayFacts, from: Seen, there: Seen): Finding[] {
  if (names === undefined)
    return [verdict.notice("names", "the host could not be asked", { why: "Names may lead elsewhere." })];
  const own = there.machine.addresses;
  const findings = names.flatMap(({ name, is, addresses }): Finding[] => {
    const isForMoves = is === "migrationAddress";
    const commands = rootCommands(
      placeOf(from.machine),
      `sh -c 'echo "${own[0] ?? "ADDRESS"} ${shellWord(name).replaceAll("'", "")}" >> /etc/hosts'`,
    );
    if (addresses.length === 0) {
      const what = `${name} can't be resolved`;
      return isForMoves
        ? [verdict.problem("names", what, { why: "VMs move to that address.", commands, about: is })]
        : [
            verdict.notice("names", what, {
              why: "virsh and virt-manager move VMs to a host's own name; this package needs it only as migrationAddress.",
              ...{ commands, about: is },
            }),
          ];
    }
    const strange = addresses.filter((address) => !own.includes(address) && !address.startsWith("fe80:"));
    if (own.length === 0 || strange.length === 0) return [];
    return [
      verdict.problem(
        "names",
        `${name} is resolved to ${strange.join(", ")}, and ${to} has ${own.join(", ")}`,
        {
          why: "Whoever moves a VM by that name sends its memory to another machine.",
          commands: [`getent ahosts ${shellWord(name)}   # then correct /etc/hosts or the DNS`],
          about: is,
        },
      ),
    ];
  });
  return findings.length > 0 ? findings : [verdict.fine("names", names.map(({ name }) => name).join(", "))];
}

function judgePorts(verdict: Verdict, { from, to, ports }: WayFacts, there: Seen): Finding {
  const { low, high } = there.machine.migrationPorts;
  const range = `${low} to ${high}`;
  if (ports.kind === "untried")
    return verdict.notice("migrationPorts", `not tried: ${ports.reason}`, {
      why: `VMs that move to ${to} are sent to its TCP ports ${range}.`,
      on: to,
      commands: there.machine.listener === undefined ? install(placeOf(there.machine), "python") : [],
    });
  const closed = ports.tries.filter(({ outcome }) => outcome !== "open");
  const address = there.migrationAddress;
  if (closed.length === 0)
    return verdict.fine(
      "migrationPorts",
      `${address}: ${ports.tries.map(({ port }) => port).join(" and ")} tried`,
    );
  const elsewhere = closed.some(({ outcome }) => outcome === "otherHost");
  return verdict.problem(
    "migrationPorts",
    closed.map((each) => `${address}:${each.port} ${outcomeText(each)}`).join(", "),
    {
      why: elsewhere
        ? `VMs that move to ${to} would be sent to another machine; its migrationAddress must lead to itself.`
        : `VMs don't move from ${from} to ${to}: they are sent to the TCP ports ${range}.`,
      on: to,
      commands: elsewhere ? [] : openPorts(there, low, high),
    },
  );
}

function outcomeText({ outcome, reason }: PortTry): string {
  switch (outcome) {
    case "open":
      return "is open";
    case "refused":
      return "is refused";
    case "silent":
      return "doesn't answer";
    case "otherHost":
      return "is answered by another machine";
    case "failed":
      return `can't be connected to (${reason ?? "it isn't said why"})`;
    default:
      return outcome satisfies never;
  }
}

function openPorts({ machine }: Seen, low: number, high: number): string[] {
  const place = placeOf(machine);
  const isOn = (unit: string) => machine.units.some(({ name, isActive }) => name === unit && isActive);
  if (isOn("firewalld.service"))
    return rootCommands(
      place,
      `firewall-cmd --permanent --add-port=${low}-${high}/tcp`,
      "firewall-cmd --reload",
    );
  if (isOn("ufw.service")) return rootCommands(place, `ufw allow ${low}:${high}/tcp`);
  return rootCommands(
    place,
    `iptables -I INPUT -p tcp --dport ${low}:${high} -j ACCEPT   # and make it last`,
  );
}

function judgeCpu(verdict: Verdict, { to, cpu }: WayFacts, from: Seen, there: Seen): Finding[] {
  const [here, other] = [libvirtOf(from), libvirtOf(there)];
  if (here === undefined || other === undefined) return [];
  if (here.host.kvm !== other.host.kvm)
    return [
      verdict.problem("cpu", `${here.host.kvm ? "only this one" : `only ${to}`} has KVM`, {
        why: "A VM that runs with KVM moves only to hosts that have it.",
      }),
    ];
  if (cpu === undefined || cpu.comparison === "error")
    return [
      verdict.notice("cpu", "libvirt can't compare the two CPUs", {
        why: "Whether VMs of the CPU mode host-model can move is found out when they do.",
      }),
    ];
  if (cpu.comparison !== "incompatible")
    return [verdict.fine("cpu", cpu.comparison === "identical" ? "the same" : `${to} has all of it`)];
  return [
    verdict.problem("cpu", `${to} lacks what guests of the CPU mode host-model have here`, {
      why: "Such VMs don't move there while they run.",
      on: "program",
      commands:
        cpu.baseline === undefined
          ? []
          : [`cpu: { mode: "custom", model: ${JSON.stringify(cpu.baseline)} }   // what both have`],
    }),
  ];
}

/** Machine types and versions: what is newer here than there. */
function judgeSoftware(verdict: Verdict, { to }: WayFacts, from: Seen, there: Seen): Finding[] {
  const [here, other] = [libvirtOf(from), libvirtOf(there)];
  if (here === undefined || other === undefined) return [];
  const missing = newestMachines(here.host.machineTypes).filter(
    (machine) => !other.host.machineTypes.includes(machine),
  );
  if (missing.length === 0) return [verdict.fine("machines", "the newest are there too")];
  const common = newestMachines(
    here.host.machineTypes.filter((machine) => other.host.machineTypes.includes(machine)),
  );
  return [
    verdict.problem(
      "machines",
      `${to} has no ${missing.join(", ")} (QEMU ${here.host.qemuVersion} here, ${other.host.qemuVersion} there)`,
      {
        why: "A VM that is made here with the newest machine type doesn't move there.",
        on: "program",
        commands: common
          .slice(0, 1)
          .map((machine) => `machine: ${JSON.stringify(machine)}   // both have it`),
      },
    ),
  ];
}

/** What VMs are connected to by name must be there by that name. */
function judgeEqualNames(verdict: Verdict, { to }: WayFacts, from: Seen, there: Seen): Finding[] {
  const [here, other] = [libvirtOf(from), libvirtOf(there)];
  if (here === undefined || other === undefined) return [];
  const missing = (kind: "pools" | "networks") =>
    here[kind].map(({ name }) => name).filter((name) => !other[kind].some((each) => each.name === name));
  return (["pools", "networks"] as const).flatMap((kind) => {
    const names = missing(kind);
    if (names.length === 0) return [];
    const one = kind === "pools" ? "pool" : "network";
    return [
      verdict.notice(kind, `${to} has no ${one} ${names.join(", ")}`, {
        why: `VMs with ${kind === "pools" ? "disks" : "interfaces"} in it don't move there.`,
        on: "program",
        commands: [
          `hosts: [${JSON.stringify(verdict.host)}, ${JSON.stringify(to)}]   // of that ${kind === "pools" ? "StoragePool" : "Network"}`,
        ],
      }),
    ];
  });
}

function judgeClocks(verdict: Verdict, from: Seen, to: Seen): Finding[] {
  if (from.asked === undefined || to.asked === undefined) return [];
  const [here, there] = [skewOf(from.machine, from.asked), skewOf(to.machine, to.asked)];
  if (here === undefined || there === undefined) return [];
  const atLeast = Math.max(here.atLeast - there.atMost, there.atLeast - here.atMost);
  if (atLeast <= SKEW_BETWEEN_SECONDS) return [];
  return [
    verdict.notice("time", `the two clocks differ by ${atLeast.toFixed(1)} s`, {
      why: "A guest that moves sees its clock jump by that.",
    }),
  ];
}

function libvirtOf({ libvirt }: Seen) {
  return libvirt.kind === "open" ? libvirt.facts : undefined;
}
