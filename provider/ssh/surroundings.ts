import { homedir, userInfo } from "node:os";

/** What the settings depend on besides the target: who runs this, and where the files are. */
export interface SshSurroundings {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly homeDirectory: string;
  readonly localUser: string;
  /** Called with one line when something deserves attention but is no error. */
  readonly warn: (message: string) => void;
}

/** This process's own surroundings, where they aren't given. */
export function surroundingsOf(given: {
  environment?: NodeJS.ProcessEnv;
  homeDirectory?: string;
  warn?: (message: string) => void;
}): SshSurroundings {
  const environment = given.environment ?? process.env;
  return {
    environment,
    homeDirectory: given.homeDirectory ?? homedir(),
    localUser: localUserName(environment),
    warn: given.warn ?? (() => undefined),
  };
}

function localUserName(environment: NodeJS.ProcessEnv): string {
  try {
    return userInfo().username;
  } catch {
    // A container's uid without an entry in passwd has no name.
    return environment.USER ?? environment.LOGNAME ?? "";
  }
}
