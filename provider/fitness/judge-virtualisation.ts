import type { LibvirtFacts } from "./examine.js";
import type { Finding } from "./finding.js";
import { daemonOf } from "./judge-libvirt.js";
import type { MachineFacts } from "./machine.js";
import { placeOf, rootCommands, shellWord, type Verdict } from "./verdict.js";

const SLOW =
  "Guests are emulated instruction by instruction: ten times slower and more. KVM isn't optional for work.";

/** Whether guests run on the CPU itself. libvirt's word counts, where it has one; the rest says why not. */
export function judgeKvm(
  verdict: Verdict,
  machine: MachineFacts,
  libvirt: LibvirtFacts | undefined,
): Finding {
  const { kvm, user } = machine;
  const place = placeOf(machine);
  // Who logs in needs nothing of it: QEMU's user does.
  const isOpen = kvm.device === "usable" || (kvm.device === "denied" && isOpenToQemu(kvm.mode));
  const works = libvirt?.host.kvm ?? isOpen;
  const module = kvm.extension === "svm" ? "kvm_amd" : "kvm_intel";
  if (works) return verdict.fine("kvm", `usable${kvm.module === undefined ? "" : ` (${kvm.module})`}`);
  if (isOpen)
    return verdict.problem("kvm", "/dev/kvm is there, but libvirt finds no KVM", {
      why: SLOW,
      commands: rootCommands(place, "virt-host-validate qemu", `systemctl restart ${daemonOf(machine)}`),
    });
  switch (kvm.device) {
    case "usable":
    case "denied": {
      const mode = kvm.mode === undefined ? "" : ` (${kvm.mode})`;
      return verdict.problem("kvm", `/dev/kvm is closed to ${user.name}${mode}`, {
        why: `QEMU's user needs it too. ${SLOW}`,
        commands: rootCommands(
          place,
          "chown root:kvm /dev/kvm",
          "chmod 0660 /dev/kvm",
          `usermod -aG kvm ${shellWord(user.name)}`,
        ),
      });
    }
    case "driverless":
    case "absent":
      if (kvm.extension !== undefined || kvm.module !== undefined)
        return verdict.problem(
          "kvm",
          `/dev/kvm ${kvm.device === "absent" ? "isn't there" : "can't be opened"}, though the CPU has ${kvm.extension ?? "what it needs"}${kvm.module === undefined ? ": the module isn't loaded" : ""}`,
          {
            why: SLOW,
            commands: rootCommands(
              place,
              `modprobe ${module}`,
              `sh -c 'echo ${module} > /etc/modules-load.d/kvm.conf'`,
            ),
          },
        );
      return verdict.problem(
        "kvm",
        kvm.isGuest
          ? "no KVM: this host is a guest itself, and isn't given virtualisation"
          : "no KVM: the CPU says nothing of virtualisation",
        {
          why: SLOW,
          on: kvm.isGuest ? "its own host" : "its firmware",
          commands: [
            kvm.isGuest
              ? "# allow nested virtualisation, and give this guest the CPU mode host-passthrough"
              : "# switch on VT-x (Intel) or SVM (AMD)",
          ],
        },
      );
    default:
      return kvm.device satisfies never;
  }
}

/** "660 root kvm": QEMU's user is in the group kvm. */
function isOpenToQemu(mode: string | undefined): boolean {
  const [, group, others, name] = /(\d)(\d) \S+ (\S+)$/.exec(mode ?? "") ?? [];
  return [others, name === "kvm" ? group : undefined].some((bits) => bits === "6" || bits === "7");
}

/** Only for guests that are hosts themselves. */
export function judgeNested(verdict: Verdict, machine: MachineFacts): Finding {
  const { nested, module } = machine.kvm;
  if (nested === true) return verdict.fine("nested", "guests may have KVM");
  if (nested === undefined)
    return verdict.notice("nested", "there is no setting for it: no KVM module with one is loaded", {
      why: "Guests that are hosts of guests themselves are slow.",
    });
  return verdict.notice("nested", "guests may not have KVM", {
    why: "Guests that are hosts of guests themselves are slow.",
    commands: rootCommands(
      placeOf(machine),
      `sh -c 'echo "options ${module} nested=1" > /etc/modprobe.d/kvm-nested.conf'`,
      `sh -c 'modprobe -r ${module} && modprobe ${module}'   # with no VM running`,
    ),
  });
}

/** Only for VMs with devices of the host. */
export function judgeIommu(verdict: Verdict, machine: MachineFacts): Finding {
  const { units, groups } = machine.iommu;
  if (groups > 0) return verdict.fine("iommu", `${groups} groups`);
  const place = placeOf(machine);
  // Without KVM only its name tells whose a CPU is.
  const isAmd = machine.kvm.extension === "svm" || /\bAMD\b/.test(machine.cpuName);
  const parameter = isAmd ? "amd_iommu=on" : "intel_iommu=on";
  const what = units > 0 ? "it is there, with no groups" : "no IOMMU in use";
  return verdict.notice("iommu", what, {
    why: "Devices of the host (hostDevices) can't be given to VMs.",
    commands: [...kernelParameter(place, parameter), "# and VT-d or AMD-Vi in the firmware, then a reboot"],
  });
}

function kernelParameter(place: ReturnType<typeof placeOf>, parameter: string): string[] {
  switch (place.family) {
    case "debian":
      return rootCommands(
        place,
        `sh -c 'echo "GRUB_CMDLINE_LINUX=\\"\\$GRUB_CMDLINE_LINUX ${parameter}\\"" > /etc/default/grub.d/iommu.cfg && update-grub'`,
      );
    case "redhat":
      return rootCommands(place, `grubby --update-kernel=ALL --args=${parameter}`);
    case "suse":
    case "arch":
    case "unknown":
      return [`# add ${parameter} to the kernel's command line`];
    default:
      return place.family satisfies never;
  }
}
