import { basename } from "node:path";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/**
 * The files that take more than a minute, longest first. On a clean checkout vitest goes by size, and one of these that comes
 * last is waited for by a worker with nothing to do.
 */
const longest = [
  "killed.test.ts",
  "examples.test.ts",
  "debian-guest.test.ts",
  "migration-faults.test.ts",
  "component.test.ts",
  "secrets.test.ts",
  "unreachable.test.ts",
  "announced.test.ts",
  "ownership.test.ts",
  "network.test.ts",
  "disk-move-killed.test.ts",
  "migration-killed.test.ts",
  "image.test.ts",
  "drift.test.ts",
  "getters.test.ts",
  "bare-host.test.ts",
  "changes-devices.test.ts",
  "names.test.ts",
  "network-modes.test.ts",
  "changes-compute.test.ts",
  "waiting.test.ts",
  "migration.test.ts",
  "migration-stopped.test.ts",
  "machine-killed.test.ts",
  "machine-pairs.test.ts",
];

/** Projects whose tests run on real hosts. */
const onHosts = new Set(["lab", "engine"]);

/** Files that take long first, then vitest's own order. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const projects = [...new Set(sorted.map(({ project }) => project.name))];
    const place = ({ moduleId, project }: TestSpecification) => {
      const at = longest.indexOf(basename(moduleId));
      return onHosts.has(project.name) && at >= 0 ? at : longest.length;
    };
    return projects.flatMap((name) =>
      sorted.filter(({ project }) => project.name === name).sort((a, b) => place(a) - place(b)),
    );
  }
}
