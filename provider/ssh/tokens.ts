import { createHash } from "node:crypto";
import { hostname, userInfo } from "node:os";
import { join } from "node:path";
import { SshError } from "./errors.js";
import type { SshSurroundings } from "./surroundings.js";

/** What the %-tokens of ssh_config(5) stand for. */
export interface TokenValues {
  /** %h */ readonly hostName: string;
  /** %n */ readonly originalHost: string;
  /** %p */ readonly port: number;
  /** %r */ readonly remoteUser: string;
  /** %j */ readonly proxyJump?: string;
  /** %k */ readonly hostKeyAlias?: string;
}

/** Replaces the %-tokens; one that this doesn't know is an error, as in `ssh`. */
export function expandTokens(text: string, values: TokenValues, surroundings: SshSurroundings): string {
  return text.replace(/%(.?)/g, (_, token: string) => {
    switch (token) {
      case "%":
        return "%";
      case "h":
        return values.hostName;
      case "n":
        return values.originalHost;
      case "p":
        return String(values.port);
      case "r":
        return values.remoteUser;
      case "j":
        return values.proxyJump ?? "";
      case "k":
        return values.hostKeyAlias ?? values.originalHost;
      case "d":
        return surroundings.homeDirectory;
      case "u":
        return surroundings.localUser;
      case "i":
        return String(userInfo().uid);
      case "l":
        return hostname();
      case "L":
        return hostname().split(".")[0] ?? "";
      case "C":
        return connectionHash(values);
      default:
        throw new SshError("configInvalid", `SSH configuration: unknown token %${token} in "${text}"`);
    }
  });
}

// %C names a connection in file names; sha1 is what `ssh` uses, and nothing is secured by it.
function connectionHash(values: TokenValues): string {
  const parts = [hostname(), values.hostName, values.port, values.remoteUser, values.proxyJump ?? ""];
  return createHash("sha1").update(parts.join("")).digest("hex");
}

/** Replaces ${NAME} by the environment's value; an unset one is an error, as in `ssh`. */
export function expandEnvironment(text: string, surroundings: SshSurroundings): string {
  return text.replace(/\$\{([^}]*)\}/g, (_, name: string) => {
    const value = surroundings.environment[name];
    if (value === undefined) {
      throw new SshError(
        "configInvalid",
        `SSH configuration: "${text}" needs the environment variable ${name}`,
      );
    }
    return value;
  });
}

/** A leading ~ is the home directory; another user's (~name) isn't looked up. */
export function expandHome(path: string, surroundings: SshSurroundings): string {
  if (path === "~") return surroundings.homeDirectory;
  if (path.startsWith("~/")) return join(surroundings.homeDirectory, path.slice(2));
  if (path.startsWith("~")) {
    throw new SshError("configInvalid", `SSH configuration: write "${path}" as a full path`);
  }
  return path;
}

/** A path as the configuration writes it: ~, ${ENV} and %-tokens. */
export function expandPath(path: string, values: TokenValues, surroundings: SshSurroundings): string {
  return expandTokens(expandEnvironment(expandHome(path, surroundings), surroundings), values, surroundings);
}
