import { installPrograms } from "./distribution.js";
import type { Finding } from "./finding.js";
import type { MachineFacts } from "./machine.js";
import { DOWNLOAD_PROGRAMS, type ImageProgram, UNPACK_PROGRAMS, WORKSHOP_PROGRAMS } from "./tools.js";
import { placeOf, type Verdict } from "./verdict.js";

/** The programs that images are made with on a host. */
export function judgeTools(verdict: Verdict, machine: MachineFacts): Finding[] {
  const place = placeOf(machine);
  const has = (program: ImageProgram) => machine.programs.includes(program);
  const lack = (about: string, what: string, missing: readonly ImageProgram[], why: string) =>
    verdict.notice("tools", what, { why, about, commands: installPrograms(place, missing) });
  const findings: Finding[] = [];
  const workshop = WORKSHOP_PROGRAMS.filter((program) => !has(program));
  if (workshop.length > 0)
    findings.push(
      lack(
        "workshop",
        `no ${workshop.join(", no ")}`,
        workshop,
        "Images come to it through the machine that runs Pulumi, which unpacks them; none is downloaded or converted on it.",
      ),
    );
  if (!DOWNLOAD_PROGRAMS.some(has))
    findings.push(
      lack(
        "download",
        "neither curl nor wget",
        ["curl"],
        "Images with an address come to it through the machine that runs Pulumi, instead of straight.",
      ),
    );
  if (!has("qemu-img"))
    findings.push(
      lack(
        "qemu-img",
        "no qemu-img",
        ["qemu-img"],
        "Images of other formats than is declared (VMDK, VHDX, VDI, VHD), and with them the disks of an OVA, can't be converted on it, and are refused.",
      ),
    );
  const unpackers = UNPACK_PROGRAMS.filter((program) => !has(program));
  if (unpackers.length > 0)
    findings.push(
      lack(
        "unpack",
        `no ${unpackers.join(", no ")}`,
        unpackers,
        `Images packed with ${unpackers.length === 1 ? "it" : "them"} can't be unpacked there.`,
      ),
    );
  return findings.length > 0 ? findings : [verdict.fine("tools", machine.programs.join(", "))];
}
