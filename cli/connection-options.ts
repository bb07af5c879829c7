import { resolve } from "node:path";
import { type Command, Option } from "commander";
import type { Connection } from "../provider/hosts/host-ref.js";
import { checkAddress, checkPort, parseJumps } from "../provider/ssh/target.js";
import { durationOf } from "./duration-option.js";
import { UsageError } from "./usage-error.js";

/** How hosts that a command line names are reached, where OpenSSH's configuration says nothing else; as the command line gives it. */
export interface ConnectionOptions {
  identityFile?: string;
  /** As `kvm doctor` called it first. */
  identity?: string;
  sshConfig?: string;
  proxyJump?: string;
  knownHosts?: string;
  connectTimeout?: string;
}

/** The options by which a command that takes hosts on its command line lets people say how to reach them: one set for all of them. */
export function connectionOptions(command: Command): Command {
  return command
    .optionsGroup("How hosts that are named are reached:")
    .option("-i, --identity-file <file>", "private key to log in with; default: as ssh has it")
    .addOption(new Option("--identity <file>").hideHelp())
    .option("-F, --ssh-config <file>", 'OpenSSH configuration to read instead of the usual ones, or "none"')
    .option("-J, --proxy-jump <hosts>", "jump hosts, as ssh has them")
    .option("--known-hosts <file>", "where the hosts' keys are; default: as ssh has it")
    .option("--connect-timeout <duration>", "how long a host may take to let us in; default: 10s")
    .optionsGroup("Options:");
}

/** A host that the command line names, as its options say that it is reached. */
export function connectionOf(host: Connection, options: ConnectionOptions, text: string): Connection {
  try {
    checkAddress(host.address);
    if (host.port !== undefined) checkPort(host.port, "the port");
  } catch (error) {
    throw new UsageError(`${JSON.stringify(text)}: ${(error as Error).message}`);
  }
  return { ...host, ...given(options) };
}

/** Nothing that people ask for is left undone without a word. */
export function refuseWithoutNamedHosts(options: ConnectionOptions): void {
  if (Object.keys(given(options)).length > 0)
    throw new UsageError(
      "--identity-file, --ssh-config, --proxy-jump, --known-hosts and --connect-timeout are for hosts that are named; those of a stack are reached as its state says",
    );
}

function given(options: ConnectionOptions): Partial<Connection> {
  const { sshConfig, proxyJump, knownHosts, connectTimeout } = options;
  const identityFile = options.identityFile ?? options.identity;
  return {
    ...(identityFile !== undefined && { identityFile: fileOf("--identity-file", identityFile) }),
    ...(sshConfig !== undefined && {
      sshConfig: sshConfig === "none" ? (false as const) : fileOf("--ssh-config", sshConfig),
    }),
    ...(proxyJump !== undefined && { proxyJump: jumpsOf(proxyJump) }),
    ...(knownHosts !== undefined && { knownHosts: fileOf("--known-hosts", knownHosts) }),
    ...(connectTimeout !== undefined && { connectTimeout: timeoutOf(connectTimeout) }),
  };
}

/** A program that is written with it runs in another folder. What begins with ~ is expanded where it is read: shells don't after "=". */
function fileOf(option: string, file: string): string {
  if (file === "") throw new UsageError(`${option}: the name of the file is missing`);
  return /^~(?:\/|$)/.test(file) ? file : resolve(file);
}

function jumpsOf(text: string): string {
  try {
    parseJumps(text);
  } catch {
    throw new UsageError(
      `--proxy-jump ${JSON.stringify(text)}: must be [USER@]HOST[:PORT], several separated by commas, or "none"`,
    );
  }
  return text;
}

function timeoutOf(connectTimeout: string): string {
  // What the input `connectTimeout` of a Host allows as well.
  const bounds = { example: "5s", leastMs: 100, mostMs: 600_000 };
  return `${durationOf("--connect-timeout", connectTimeout, bounds)}ms`;
}
