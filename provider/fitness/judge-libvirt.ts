import { asRoot, install, type Place } from "./distribution.js";
import type { LibvirtAnswer } from "./examine.js";
import type { Finding } from "./finding.js";
import type { MachineFacts } from "./machine.js";
import { placeOf, rootCommands, shellWord, type Verdict } from "./verdict.js";

const NEEDED = "Everything that is declared on the host is made through it.";

/** Whether libvirt can be spoken to, and why not; and what versions there are. */
export function judgeLibvirt(verdict: Verdict, machine: MachineFacts, libvirt: LibvirtAnswer): Finding[] {
  if (libvirt.kind === "unasked") {
    const isUsable = machine.sockets.some((socket) => socket.isUsable);
    return [
      isUsable
        ? verdict.fine("libvirt", `${machine.user.name} may use it`)
        : closed(verdict, machine, "nobody asked it"),
      ...notStartedWithHost(verdict, machine),
      ...installed(verdict, machine),
    ];
  }
  if (libvirt.kind === "denied") return [denied(verdict, machine), ...installed(verdict, machine)];
  const missing = missingDrivers(verdict, machine);
  if (libvirt.kind === "closed") {
    // Without one of them it isn't spoken to, for what it has of theirs can't be read.
    const why = missing.some(({ level }) => level === "problem")
      ? missing
      : [closed(verdict, machine, libvirt.reason), ...missing];
    return [...why, ...installed(verdict, machine)];
  }
  const { libvirtVersion, qemuVersion } = libvirt.facts.host;
  return [
    verdict.fine("libvirt", `answers ${machine.user.name}`),
    ...missing,
    ...notStartedWithHost(verdict, machine),
    ...fleetingUuid(verdict, machine),
    verdict.fine("versions", `libvirt ${libvirtVersion}, QEMU ${qemuVersion}`),
  ];
}

function closed(verdict: Verdict, machine: MachineFacts, reason: string): Finding {
  const { sockets, daemons } = machine;
  const place = placeOf(machine);
  const daemon = daemonOf(machine);
  if (daemons.length === 0 && sockets.length === 0)
    return verdict.problem("libvirt", "libvirt isn't installed", {
      why: NEEDED,
      commands: [...install(place, "libvirt"), ...enable(place, daemon)],
    });
  if (sockets.length > 0 && sockets.every(({ isUsable }) => !isUsable)) return denied(verdict, machine);
  if (sockets.length === 0)
    return verdict.problem("libvirt", `${daemon} is installed, but its socket isn't there`, {
      why: NEEDED,
      commands: machine.hasSystemd ? enable(place, daemon) : [asRoot(place, `${daemon} --daemon`)],
    });
  return verdict.problem("libvirt", `its socket is there, but it can't be spoken to: ${reason}`, {
    why: NEEDED,
    commands: machine.hasSystemd
      ? rootCommands(place, `systemctl restart ${daemon}`, `journalctl -u ${daemon} -n 50`)
      : [asRoot(place, `${daemon} --daemon`)],
  });
}

/**
 * The daemon that is to be started, where it isn't clear from what runs: Debian's and Ubuntu's one daemon, or the first of those that Fedora 35 and RHEL 9 have
 * begun with, where libvirtd may be installed besides.
 */
export function daemonOf({ daemons, distribution, running, units }: MachineFacts): "libvirtd" | "virtqemud" {
  const has = (name: string) => daemons.some((daemon) => daemon.name === name);
  if (daemons.length === 0)
    return ["redhat", "suse"].includes(distribution.family) ? "virtqemud" : "libvirtd";
  if (!has("libvirtd") || !has("virtqemud")) return has("libvirtd") ? "libvirtd" : "virtqemud";
  const isChosen = units.some(
    ({ name, isActive, isEnabled }) => name === "libvirtd.service" && (isActive || isEnabled),
  );
  if (isChosen || running.includes("libvirtd")) return "libvirtd";
  return units.some(({ name, isLoaded }) => name === "virtqemud.socket" && isLoaded)
    ? "virtqemud"
    : "libvirtd";
}

function denied(verdict: Verdict, machine: MachineFacts): Finding {
  const { user, sockets } = machine;
  const which = sockets.length === 0 ? "it" : sockets.map(({ path }) => path).join(", ");
  const why = user.groups.includes("libvirt") ? "" : ': the login isn\'t in the group "libvirt"';
  return verdict.problem("libvirt", `${user.name} may not use ${which}${why}`, {
    why: `${NEEDED} A member of the group may do with all VMs of the host what root may.`,
    commands: [asRoot(placeOf(machine), `usermod -aG libvirt ${shellWord(user.name)}`)],
  });
}

/** The services of daemons that start what has autostart; a socket waits for a visitor, which is enough for the others. */
function enable(place: Place, daemon: string): string[] {
  return daemon === "libvirtd"
    ? rootCommands(place, "systemctl enable --now libvirtd")
    : rootCommands(
        place,
        "systemctl enable --now virtqemud.service virtnetworkd.service virtstoraged.service virtnodedevd.socket virtsecretd.socket virtnwfilterd.socket",
      );
}

const DRIVERS: Readonly<Record<string, { level: "problem" | "notice"; why: string }>> = {
  virtnetworkd: { level: "problem", why: "It has libvirt's networks: none can be looked at or made." },
  virtstoraged: { level: "problem", why: "It has the storage pools: none can be looked at or made." },
  virtsecretd: { level: "notice", why: "VMs and pools that have a secret of libvirt's don't start." },
  virtnwfilterd: { level: "notice", why: "VMs with a network filter don't start." },
};

/** Where there is a daemon for each driver, of those beside virtqemud. */
function missingDrivers(verdict: Verdict, machine: MachineFacts): Finding[] {
  const place = placeOf(machine);
  return machine.missingDrivers.flatMap(({ daemon, isInstalled }) => {
    const driver = DRIVERS[daemon];
    if (driver === undefined) return [];
    const start = machine.hasSystemd
      ? rootCommands(place, `systemctl enable --now ${daemon}.socket`)
      : [asRoot(place, `${daemon} --daemon`)];
    const what = `${daemon} ${isInstalled ? "is installed, but its socket isn't there" : "isn't installed"}`;
    const more = {
      ...{ why: driver.why, about: daemon },
      commands: [...(isInstalled ? [] : install(place, "libvirt")), ...start],
    };
    return driver.level === "problem"
      ? verdict.problem("libvirt", what, more)
      : verdict.notice("libvirt", what, more);
  });
}

function installed(verdict: Verdict, { daemons, qemuVersion }: MachineFacts): Finding[] {
  if (daemons.length === 0 && qemuVersion === undefined) return [];
  const libvirt = daemons[0]?.version;
  return [
    verdict.fine("versions", `installed: libvirt ${libvirt ?? "isn't"}, QEMU ${qemuVersion ?? "isn't"}`),
  ];
}

/** Without it the VMs' autostart has nobody to do it. */
function notStartedWithHost(verdict: Verdict, machine: MachineFacts): Finding[] {
  const units = machine.units.filter(
    ({ name, isLoaded }) => isLoaded && /^(libvirtd|virtqemud)\./.test(name),
  );
  const enabled = units.filter(({ isEnabled }) => isEnabled);
  if (!machine.hasSystemd || units.length === 0 || enabled.some(({ name }) => name.endsWith(".service")))
    return [];
  const daemon = (enabled[0] ?? units.find(({ isActive }) => isActive) ?? units[0])?.name.split(".")[0];
  const commands = enable(placeOf(machine), daemon ?? "libvirtd");
  return [
    enabled.length === 0
      ? verdict.problem("libvirt", `${daemon} isn't started with the host`, {
          ...{ why: "After a reboot nothing answers, and no VM starts by itself.", about: "boot" },
          commands,
        })
      : verdict.notice("libvirt", `${daemon} is started by its first visitor, not with the host`, {
          ...{ why: "After a reboot no VM starts by itself before that.", about: "boot" },
          commands,
        }),
  ];
}

function fleetingUuid(verdict: Verdict, machine: MachineFacts): Finding[] {
  if (machine.hostUuid !== "fleeting") return [];
  return [
    verdict.notice("libvirt", "its host UUID is another one after each start of libvirt", {
      why: "The firmware has none. Hosts are told apart by it: a move that is cut off can't be settled once it is another.",
      commands: withHostUuid(machine, 'host_uuid_source = "machine-id"'),
      about: "uuid",
    }),
  ];
}

/** Commands that give the daemon a host UUID by a line of its configuration. Guests run on while it is restarted. */
export function withHostUuid(machine: MachineFacts, line: string): string[] {
  const place = placeOf(machine);
  const daemon = daemonOf(machine);
  const file = `/etc/libvirt/${daemon}.conf`;
  const former = machine.hostUuid === "configured" ? `sed -i "/^ *host_uuid/d" ${file}; ` : "";
  const restart = machine.hasSystemd
    ? asRoot(place, `systemctl restart ${daemon}`)
    : asRoot(place, `sh -c 'pkill -x ${daemon}; sleep 1; ${daemon} --daemon'`);
  return [asRoot(place, `sh -c '${former}echo "${line.replaceAll('"', '\\"')}" >> ${file}'`), restart];
}
