import { HostUnreachable, oneLine } from "../../provider/hosts/errors.js";
import { Hosts } from "../../provider/hosts/hosts.js";
import { isLibvirtError } from "../../provider/libvirt/index.js";
import { SshError } from "../../provider/ssh/index.js";
import { EXIT, type ExitCode } from "../exit-code.js";
import { SecretTexts } from "../state/secrets.js";
import { UsageError } from "../usage-error.js";
import { parseEscape } from "./escape.js";
import { findMachine } from "./machine.js";
import { ConsoleRefused, HostLost } from "./refused.js";
import { serialConsole } from "./serial.js";
import { findWanted, type WantedOptions } from "./wanted.js";

/** As the command line gives them. */
export interface ConsoleOptions extends WantedOptions {
  device?: string;
  escape: string;
  force?: boolean;
  linger?: string;
  quiet?: boolean;
}

const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

export async function runConsole(name: string, options: ConsoleOptions): Promise<number> {
  const escapeKey = { text: options.escape, byte: parseEscape(options.escape) };
  const lingerMs = options.linger === undefined ? undefined : millisecondsOf(options.linger);
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
    const machine = await findMachine(await findWanted(name, options, secrets), hosts);
    return await serialConsole(machine, {
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

function millisecondsOf(text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(ms|s|m)?$/.exec(text) ?? [];
  if (number === undefined)
    throw new UsageError(`--linger ${text}: must be a time such as "500ms", "5s" or "2m"`);
  return Number(number) * { ms: 1, s: 1_000, m: 60_000 }[(unit ?? "s") as "ms" | "s" | "m"];
}

export const whatItEndsWith: Readonly<Record<ExitCode, string>> = {
  [EXIT.fine]: "left, or the guest has ended",
  [EXIT.failed]: "wrong usage, or the command failed",
  [EXIT.found]: "the VM is there and can't be shown: it is off, lacks what was asked for, or somebody has it",
  [EXIT.incomplete]: "the host could not be reached, or was lost",
};
