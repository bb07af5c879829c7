import { HostUnreachable, oneLine } from "../../provider/hosts/errors.js";
import { Hosts } from "../../provider/hosts/hosts.js";
import { isLibvirtError } from "../../provider/libvirt/index.js";
import { SecretTexts } from "../../provider/planning/secret-texts.js";
import { SshError } from "../../provider/ssh/index.js";
import { EXIT, type ExitCode } from "../exit-code.js";
import { print, writeWhole } from "../output.js";
import { UsageError } from "../usage-error.js";
import { parseEscape } from "./escape.js";
import { FollowedMachine } from "./followed.js";
import { findMachine } from "./machine.js";
import { ConsoleRefused, HostLost } from "./refused.js";
import { asJson } from "./report.js";
import { screenshot } from "./screenshot.js";
import { serialConsole } from "./serial.js";
import { type VncWay, vncPage, vncPort } from "./vnc.js";
import { findWanted, type WantedOptions } from "./wanted.js";

/** As the command line gives them. */
export interface ConsoleOptions extends WantedOptions {
  device?: string;
  escape: string;
  force?: boolean;
  linger?: string;
  vnc?: boolean;
  vncPort?: string;
  keep?: boolean;
  open?: boolean;
  linkLifetime?: string;
  screenshot?: string;
  screen: string;
  json?: boolean;
  quiet?: boolean;
}

const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGTERM: 15 } as const;

export async function runConsole(name: string, options: ConsoleOptions): Promise<number> {
  const escapeKey = { text: options.escape, byte: parseEscape(options.escape) };
  const { vnc, vncPort: port, screenshot: file, json } = options;
  const ways = [vnc === true, port !== undefined, file !== undefined].filter(Boolean).length;
  if (ways > 1) throw new UsageError("--vnc, --vnc-port and --screenshot: give one of them");
  if (json === true && ways === 0)
    throw new UsageError("--json tells of --vnc, --vnc-port or --screenshot; a console has nothing to tell");
  if (json === true && file === "-")
    throw new UsageError("--json and --screenshot -: both would be on stdout");
  const localPort = port === undefined ? undefined : numberOf("--vnc-port", port, 65_535);
  const screen = numberOf("--screen", options.screen, 15);
  if (vnc !== true && (options.open === true || options.linkLifetime !== undefined))
    throw new UsageError("--open and --link-lifetime are about the link that --vnc prints; give --vnc too");
  const lingerMs = options.linger === undefined ? undefined : millisecondsOf("--linger", options.linger);
  const linkLifetime = lifetimeOf(options.linkLifetime ?? DEFAULT_LINK_LIFETIME);
  const secrets = new SecretTexts();
  const say = (text: string) => {
    if (options.quiet !== true) process.stderr.write(`${secrets.conceal(text)}\n`);
  };
  const told = new AbortController();
  const listeners = Object.entries(SIGNALS).map(([signal, number]) => {
    const listener = () => told.abort(128 + number);
    process.on(signal, listener);
    return () => process.off(signal, listener);
  });
  const hosts = new Hosts({ warn: say, now: () => Date.now() });
  try {
    const wanted = await findWanted(name, options, secrets);
    const machine = await findMachine(wanted, hosts);
    const named = { vm: machine.label, host: machine.hostName, uuid: machine.uuid };
    if (file !== undefined) {
      const { png, widthPixels, heightPixels } = await screenshot(machine, screen, told.signal);
      await (file === "-" ? print(png) : writeWhole(file, png));
      const made = { ...{ file, screen, widthPixels, heightPixels }, sizeBytes: png.byteLength };
      if (json === true) await print(asJson({ kind: "screenshot", ...named, ...made }));
      else say(`${file === "-" ? "The screen" : file}: ${widthPixels} x ${heightPixels} pixels.`);
      return EXIT.fine;
    }
    const find = wanted.others.length === 0 ? undefined : () => findMachine(wanted, hosts);
    const followed = new FollowedMachine(machine, find, say);
    if (vnc === true || localPort !== undefined) {
      const announce = (way: VncWay) => print(json === true ? asJson({ ...named, ...way }) : `${way.url}\n`);
      const bounds = {
        ...{ keep: options.keep === true, linkLifetime, openBrowser: options.open === true },
        ...{ signal: told.signal, say, announce },
      };
      if (localPort !== undefined) return await vncPort(followed, localPort, bounds);
      const announcePage = (way: VncWay) => {
        say(
          `The screen of ${machine.label} on ${machine.hostName}; the link is good for one visit from this machine:`,
        );
        return announce(way);
      };
      return await vncPage(followed, { ...bounds, announce: announcePage });
    }
    return await serialConsole(followed, {
      ...{ device: options.device, force: options.force === true, escapeKey, lingerMs, say },
      ...{ signal: told.signal, input: process.stdin, output: process.stdout },
    });
  } catch (error) {
    if (told.signal.aborted) return told.signal.reason as number;
    if (error instanceof Error) error.message = secrets.conceal(error.message);
    const code = codeOf(error);
    if (code === EXIT.failed) throw error;
    process.stderr.write(`kvm: ${oneLine(error)}\n`);
    return code;
  } finally {
    for (const stop of listeners) stop();
    await hosts.close();
  }
}

function codeOf(error: unknown): ExitCode {
  if (error instanceof ConsoleRefused) return EXIT.found;
  if (error instanceof HostUnreachable || error instanceof HostLost) return EXIT.incomplete;
  if (isLibvirtError(error, "connectionLost", "timeout")) return EXIT.incomplete;
  if (error instanceof SshError && error.kind === "closed") return EXIT.incomplete;
  return EXIT.failed;
}

function numberOf(option: string, text: string, most: number): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > most)
    throw new UsageError(`${option} ${text}: must be a whole number from 0 to ${most}`);
  return Number(text);
}

export const DEFAULT_LINK_LIFETIME = "5m";

function lifetimeOf(text: string): { text: string; ms: number } | undefined {
  return text === "none" ? undefined : { text, ms: millisecondsOf("--link-lifetime", text) };
}

/** Of a timer. */
const LONGEST_MS = 2 ** 31 - 1;

function millisecondsOf(option: string, text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(ms|s|m)?$/.exec(text) ?? [];
  if (number === undefined)
    throw new UsageError(`${option} ${text}: must be a time such as "500ms", "5s" or "2m"`);
  const ms = Number(number) * { ms: 1, s: 1_000, m: 60_000 }[(unit ?? "s") as "ms" | "s" | "m"];
  if (ms > LONGEST_MS)
    throw new UsageError(`${option} ${text}: must be at most ${Math.floor(LONGEST_MS / 60_000)}m`);
  return ms;
}

export const whatItEndsWith: Readonly<Record<ExitCode, string>> = {
  [EXIT.fine]: "left, or the guest has ended",
  [EXIT.failed]: "wrong usage, or the command failed",
  [EXIT.found]:
    "the VM is there and can't be shown: it is off, lacks what was asked for, or somebody has it; or nobody used the link of --vnc",
  [EXIT.incomplete]: "the host could not be reached, or was lost",
};
