import { readFileSync } from "node:fs";

/** Of the package that this file is in, built or not. */
export function packageVersion(): string {
  for (const path of ["../package.json", "../../package.json"])
    try {
      const { name, version } = JSON.parse(readFileSync(new URL(path, import.meta.url), "utf8")) as {
        name: string;
        version: string;
      };
      if (name === "pulumi-kvm") return version;
    } catch {
      // It is one folder up in the sources, and two in dist/.
    }
  return "unknown";
}
