import type { Step } from "../../planning/step.js";
import { isOlder } from "../version.js";

/** libvirt names the folder of a guest's sockets by the number of its run and this many characters of its name. */
const CHARACTERS = 20;
/** Runs are counted from the host's boot on: a name that fits the first must fit later ones. */
const RUN_DIGITS = 4;
/** What a socket's address holds. */
const LONGEST_PATH = 107;
const AGENT = "/org.qemu.guest_agent.0";
/** Debian 12 (9.0) has the longer path, Ubuntu 24.04 (10.0) and later ones don't. */
const SHORTER_SINCE = "10.0.0";

/** Letters beyond ASCII take two to four bytes each: libvirt defines a domain that it can't start. */
export function socketPathWarnings(
  name: string,
  { host, libvirtVersion }: { host: string; libvirtVersion: string },
  steps: readonly Step[],
): string[] {
  if (!steps.some(({ kind }) => STARTING.has(kind))) return [];
  const folder = isOlder(libvirtVersion, SHORTER_SINCE)
    ? "/var/lib/libvirt/qemu/channel/target/domain-"
    : "/run/libvirt/qemu/channel/";
  const room = LONGEST_PATH - folder.length - RUN_DIGITS - "-".length - AGENT.length;
  const bytes = Buffer.byteLength([...name].slice(0, CHARACTERS).join(""));
  if (bytes <= room) return [];
  return [
    `name: the first ${CHARACTERS} characters of ${JSON.stringify(name)} take ${bytes} bytes, and libvirt ${libvirtVersion} on ${host} puts them into the path of the agent's socket, which holds ${room}: it can't start the guest; ${WAY_OUT}`,
  ];
}

const STARTING: ReadonlySet<Step["kind"]> = new Set([
  ...(["defineMachine", "start", "restart", "migrate", "moveStopped"] as const),
]);

const WAY_OUT = "give a shorter name, or one with more ASCII letters";

/** What libvirt says then has no way out. */
export function socketPathAdvice(message: string): string | undefined {
  return /UNIX socket path .* too long/s.test(message) ? WAY_OUT : undefined;
}
