import { asRoot, install } from "./distribution.js";
import type { AskedAt } from "./examine.js";
import type { Finding } from "./finding.js";
import type { MachineFacts } from "./machine.js";
import { placeOf, type Verdict } from "./verdict.js";

const TOLERATED_SKEW_SECONDS = 2;
const HARMFUL_SKEW_SECONDS = 30;
const DAY_MS = 86_400_000;

/**
 * By how much a host's clock is ahead of this machine's, in seconds; between two bounds, since the answer took its time. Undefined where the
 * host didn't say.
 */
export function skewOf(
  { clock }: MachineFacts,
  { askedAt, answeredAt }: AskedAt,
): { atLeast: number; atMost: number } | undefined {
  if (Number.isNaN(clock.first) || Number.isNaN(clock.last)) return undefined;
  // A clock without fractions may be almost a second further.
  const fraction = Number.isInteger(clock.first) && Number.isInteger(clock.last) ? 1 : 0;
  return { atLeast: clock.last - answeredAt, atMost: clock.first + fraction - askedAt };
}

export function judgeClock(verdict: Verdict, machine: MachineFacts, asked: AskedAt | undefined): Finding[] {
  const why = "Certificates, leases of runs and the clocks of guests that move go by the hosts' clocks.";
  const commands = keepClock(machine);
  const unkept = machine.clock.isSynchronised === false;
  if (asked === undefined)
    return unkept ? [verdict.notice("time", "nothing keeps its clock right: no NTP", { why, commands })] : [];
  const skew = skewOf(machine, asked);
  if (skew === undefined)
    return [verdict.notice("time", "the host doesn't say what time it is", { why, commands: [] })];
  const seconds = skew.atLeast > 0 ? skew.atLeast : Math.min(skew.atMost, 0);
  const amount = `${Math.abs(seconds).toFixed(1)} s ${seconds > 0 ? "ahead of" : "behind"} this machine's`;
  if (Math.abs(seconds) > HARMFUL_SKEW_SECONDS)
    return [verdict.problem("time", `its clock is ${amount}`, { why, commands })];
  if (Math.abs(seconds) > TOLERATED_SKEW_SECONDS)
    return [verdict.notice("time", `its clock is ${amount}`, { why, commands })];
  if (unkept)
    return [verdict.notice("time", "right now, but nothing keeps it so: no NTP", { why, commands })];
  return [verdict.fine("time", "as here")];
}

function keepClock(machine: MachineFacts): string[] {
  const place = placeOf(machine);
  if (!machine.hasSystemd) return [asRoot(place, "chronyd -q")];
  if (machine.clock.hasKeeper) return [asRoot(place, "timedatectl set-ntp true")];
  // Of Debian's packages daemons are started by themselves; timedatectl knows for some time of none yet.
  const start = place.family === "debian" ? [] : [asRoot(place, "systemctl enable --now chronyd")];
  return [...install(place, "clock"), ...start];
}

const TLS_FILES = ["ca-cert.pem", "server-cert.pem", "server-key.pem", "client-cert.pem", "client-key.pem"];

/** QEMU's own encryption of migrations. */
export function judgeTls(verdict: Verdict, machine: MachineFacts, now: Date): Finding {
  const { folder, files, isUnreadable, until } = machine.tls;
  const why = "Guests' memory crosses the network in the clear, and moves with `migration.tls` are refused.";
  if (isUnreadable) return verdict.notice("tls", `${machine.user.name} may not look into ${folder}`, { why });
  const missing = TLS_FILES.filter((file) => !files.includes(file));
  if (missing.length > 0)
    return verdict.notice(
      "tls",
      missing.length === TLS_FILES.length
        ? `no certificates in ${folder}`
        : `${folder} lacks ${missing.join(", ")}`,
      {
        why,
        commands: [
          `# put a CA, and for this host a certificate and key that it signed, into ${folder}: https://libvirt.org/kbase/tlscerts.html`,
        ],
      },
    );
  if (until === undefined) return verdict.fine("tls", `certificates in ${folder}`);
  const days = Math.floor((until.getTime() - now.getTime()) / DAY_MS);
  const day = until.toISOString().slice(0, 10);
  if (days < 0)
    return verdict.problem("tls", `the certificate in ${folder} has been invalid since ${day}`, {
      why: "Moves with `migration.tls` fail.",
      commands: [`# put a new server-cert.pem and client-cert.pem into ${folder}`],
    });
  if (days < 30)
    return verdict.notice("tls", `the certificate in ${folder} is valid until ${day} only`, {
      why: "Then moves with `migration.tls` fail.",
      commands: [`# put a new server-cert.pem and client-cert.pem into ${folder}`],
    });
  return verdict.fine("tls", `certificates in ${folder}, valid until ${day}`);
}
