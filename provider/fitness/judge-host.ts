import { newestMachines } from "../libvirt/xml/machine-types.js";
import { install } from "./distribution.js";
import type { HostExamination } from "./examine.js";
import type { Finding } from "./finding.js";
import { judgeLibvirt } from "./judge-libvirt.js";
import { judgeSilence } from "./judge-login.js";
import { judgeNetworks, judgePools } from "./judge-storage.js";
import { judgeClock, judgeTls } from "./judge-surroundings.js";
import { judgeTools } from "./judge-tools.js";
import { judgeIommu, judgeKvm, judgeNested } from "./judge-virtualisation.js";
import type { MachineFacts } from "./machine.js";
import { placeOf, Verdict } from "./verdict.js";

/** From what was found out about one host to what is said of it. Pure. */
export function judgeHost(examination: HostExamination, now: Date): Finding[] {
  const { name, seen } = examination;
  if (seen.kind === "silent") return [judgeSilence(examination, seen.silence)];
  const { machine, libvirt } = seen;
  const facts = libvirt.kind === "open" ? libvirt.facts : undefined;
  const verdict = new Verdict(name);
  return [
    verdict.fine("login", `${seen.user}${machine.user.isRoot ? "" : sudoText(machine)}, host key verified`),
    ...judgeLibvirt(verdict, machine, libvirt),
    judgeKvm(verdict, machine, facts),
    judgeNested(verdict, machine),
    judgeIommu(verdict, machine),
    ...(facts === undefined ? [] : [cpu(verdict, machine, facts.host)]),
    ...(facts === undefined ? [] : [machines(verdict, facts.host.machineTypes)]),
    firmware(
      verdict,
      machine,
      facts?.host.platforms.some((p) => p.capabilities.firmware.includes("efi")),
    ),
    tpm(
      verdict,
      machine,
      facts?.host.platforms.some((p) => p.capabilities.tpmBackends.includes("emulator")),
    ),
    ...judgeTools(verdict, machine),
    ...(facts === undefined ? [] : judgePools(verdict, machine, facts)),
    ...(facts === undefined ? [] : judgeNetworks(verdict, machine, facts)),
    ...bandwidth(verdict, machine),
    ...judgeClock(verdict, machine, seen.asked),
    judgeTls(verdict, machine, now),
  ];
}

function sudoText({ user }: MachineFacts): string {
  switch (user.sudo) {
    case "free":
      return ", sudo without a password";
    case "asks":
      return ", sudo asks for a password";
    case "absent":
    case undefined:
      return ", no sudo";
    default:
      return user.sudo satisfies never;
  }
}

function cpu(
  verdict: Verdict,
  machine: MachineFacts,
  { cpuModel, cpus, memoryBytes }: { cpuModel: string; cpus: number; memoryBytes: number },
): Finding {
  const memory = `${(memoryBytes / 2 ** 30).toFixed(1)} GiB of memory`;
  return verdict.fine("cpu", `${machine.cpuName} (${cpuModel}), ${cpus} CPUs, ${memory}`);
}

/** "pc-q35-7.2, pc-i440fx-7.2" */
function machines(verdict: Verdict, machineTypes: readonly string[]): Finding {
  const newest = newestMachines(machineTypes);
  if (newest.length > 0) return verdict.fine("machines", `up to ${newest.join(", ")}`);
  return verdict.notice("machines", "none of the usual machine types", {
    why: "VMs here need an input `machine`, and move only to hosts that have it.",
  });
}

function firmware(verdict: Verdict, machine: MachineFacts, byLibvirt: boolean | undefined): Finding {
  if (byLibvirt ?? machine.hasFirmware) return verdict.fine("firmware", "UEFI (OVMF)");
  return verdict.notice("firmware", "no UEFI firmware for guests", {
    why: 'VMs with firmware "uefi" or "uefi-secure-boot", and Windows 11, don\'t start.',
    commands: install(placeOf(machine), "firmware"),
  });
}

function bandwidth(verdict: Verdict, { missingForShaping, kernel }: MachineFacts): Finding[] {
  if (missingForShaping === undefined) return [];
  if (missingForShaping.length === 0) return [verdict.fine("bandwidth", "the kernel can limit it")];
  return [
    verdict.notice("bandwidth", `kernel ${kernel} lacks ${missingForShaping.join(", ")}`, {
      why: "Interfaces and networks with bandwidth don't start, but for those on Open vSwitch. A package of further modules for this kernel may have them (linux-modules-extra, kernel-modules-extra).",
    }),
  ];
}

function tpm(verdict: Verdict, machine: MachineFacts, byLibvirt: boolean | undefined): Finding {
  if (byLibvirt ?? machine.hasSwtpm) return verdict.fine("tpm", "swtpm");
  return verdict.notice("tpm", "no swtpm", {
    why: "VMs with a TPM, such as Windows 11, don't start.",
    commands: install(placeOf(machine), "tpm"),
  });
}
