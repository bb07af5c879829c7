// Where prepared things are kept between runs: outside the work tree, one folder for each user.
import { homedir } from "node:os";
import { join } from "node:path";

/** @param {NodeJS.ProcessEnv} [environment] */
export function cacheFolder(environment = process.env) {
  return join(environment.XDG_CACHE_HOME || join(environment.HOME || homedir(), ".cache"), "pulumi-kvm");
}
