import type { HostConfig } from "./config.js";
import { SshError } from "./errors.js";

/** The keywords that are taken from the configuration, as typed values. */
export interface ConfigOptions {
  readonly user: string | undefined;
  readonly port: number | undefined;
  readonly proxyJump: string | undefined;
  readonly proxyCommand: string | undefined;
  readonly hostKeyAlias: string | undefined;
  readonly identitiesOnly: boolean;
  readonly identityAgent: string | undefined;
  readonly hashKnownHosts: boolean;
  readonly strictHostKeyChecking: string | undefined;
  readonly addressFamily: 4 | 6 | undefined;
  readonly bindAddress: string | undefined;
  readonly connectTimeoutMs: number | undefined;
  /** 0: keepalive is switched off. */
  readonly serverAliveIntervalMs: number | undefined;
  readonly serverAliveCountMax: number | undefined;
}

/** @throws SshError configInvalid when a value isn't of its keyword's form. */
export function optionsOf(config: HostConfig): ConfigOptions {
  return {
    user: config.value("user"),
    port: count(config, "port"),
    proxyJump: config.value("proxyjump"),
    proxyCommand: unlessNone(config.value("proxycommand")),
    hostKeyAlias: config.value("hostkeyalias"),
    identitiesOnly: flag(config, "identitiesonly"),
    identityAgent: config.value("identityagent"),
    hashKnownHosts: flag(config, "hashknownhosts"),
    strictHostKeyChecking: config.value("stricthostkeychecking")?.toLowerCase(),
    addressFamily: addressFamily(config.value("addressfamily")),
    bindAddress: config.value("bindaddress"),
    connectTimeoutMs: duration(config, "connecttimeout") || undefined,
    serverAliveIntervalMs: duration(config, "serveraliveinterval"),
    serverAliveCountMax: count(config, "serveralivecountmax"),
  };
}

function unlessNone(value: string | undefined): string | undefined {
  return value?.toLowerCase() === "none" ? undefined : value;
}

function flag(config: HostConfig, keyword: string): boolean {
  const value = config.value(keyword)?.toLowerCase() ?? "no";
  if (value === "yes" || value === "true") return true;
  if (value === "no" || value === "false") return false;
  throw invalid(keyword, value, "yes or no");
}

function count(config: HostConfig, keyword: string): number | undefined {
  const value = config.value(keyword);
  if (value === undefined) return undefined;
  if (/^\d{1,9}$/.test(value)) return Number(value);
  throw invalid(keyword, value, "a number");
}

const UNIT_MS: Readonly<Record<string, number>> = {
  "": 1000,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

// sshd_config(5), TIME FORMATS: "90", "1m30s", any case.
function duration(config: HostConfig, keyword: string): number | undefined {
  const value = config.value(keyword)?.toLowerCase();
  if (value === undefined || value === "none") return undefined;
  if (!/^(?:\d{1,9}[smhdw])*(?:\d{1,9}[smhdw]?)$/.test(value))
    throw invalid(keyword, value, "a time such as 30 or 1m30s");
  let total = 0;
  for (const [, amount, unit] of value.matchAll(/(\d+)([smhdw]?)/g)) {
    total += Number(amount) * (UNIT_MS[unit ?? ""] ?? 0);
  }
  return total;
}

function addressFamily(value: string | undefined): 4 | 6 | undefined {
  switch (value?.toLowerCase()) {
    case "inet":
      return 4;
    case "inet6":
      return 6;
    default:
      return undefined;
  }
}

function invalid(keyword: string, value: string, expected: string): SshError {
  return new SshError("configInvalid", `SSH configuration: ${keyword} must be ${expected}, not "${value}"`);
}
