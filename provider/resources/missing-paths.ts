import type { Host } from "../hosts/host.js";

/** A user without rights may just not see a path. */
const LOOK = `for path; do
  if test -e "$path"; then echo there
  elif [ "$(id -u)" = 0 ] || sudo -n test ! -e "$path"; then echo missing
  else echo unknown; fi
done`;

/** What has been there once in this deployment. */
const found = new WeakMap<Host, Set<string>>();

/** Those paths of which the host can say for certain that nothing is there. */
export async function missingPaths(host: Host, paths: readonly string[]): Promise<string[]> {
  const known = found.get(host) ?? new Set();
  found.set(host, known);
  const asked = [...new Set(paths)].filter((path) => !known.has(path));
  if (asked.length === 0) return [];
  const { stdout } = await host.exec(["sh", "-c", LOOK, "sh", ...asked]);
  const answers = stdout.split("\n");
  const answered = (answer: string) => asked.filter((_, i) => answers[i] === answer);
  for (const path of answered("there")) known.add(path);
  return answered("missing");
}
