import type { Host } from "../hosts/host.js";

/** A user without rights may just not see a path. */
const LOOK = `for path; do
  if test -e "$path"; then echo there
  elif [ "$(id -u)" = 0 ] || sudo -n test ! -e "$path"; then echo missing
  else echo unknown; fi
done`;

/** What was there when it was looked for in this deployment, and what is being looked for: many VMs ask for the same, some at one time. */
const looks = new WeakMap<Host, Map<string, Promise<string | undefined>>>();

/** Those paths of which the host can say for certain that nothing is there. */
export async function missingPaths(host: Host, paths: readonly string[]): Promise<string[]> {
  const known = looks.get(host) ?? new Map<string, Promise<string | undefined>>();
  looks.set(host, known);
  const wanted = [...new Set(paths)];
  const asked = wanted.filter((path) => !known.has(path));
  if (asked.length > 0) {
    const looking = lookFor(host, asked);
    for (const [i, path] of asked.entries())
      known.set(
        path,
        looking.then((answers) => answers[i]),
      );
    const forgetUnless = (answers: readonly string[]) => {
      for (const [i, path] of asked.entries()) if (answers[i] !== "there") known.delete(path);
    };
    looking.then(forgetUnless, () => forgetUnless([]));
  }
  const answers = await Promise.all(wanted.map((path) => known.get(path)));
  return wanted.filter((_, i) => answers[i] === "missing");
}

async function lookFor(host: Host, paths: readonly string[]): Promise<string[]> {
  const { stdout } = await host.exec(["sh", "-c", LOOK, "sh", ...paths]);
  return stdout.split("\n");
}
