import { defineConfig } from "vitest/config";
import { LongestFirst } from "./test/support/longest-first.js";
import { longer } from "./test/support/runs.js";

/** Tests on real hosts, each file with hosts of its own. */
const onHosts = { testTimeout: 300_000, hookTimeout: 300_000, fileParallelism: true, maxWorkers: 2 };

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          name: "fast",
          include: ["test/{unit,property,wire}/**/*.test.ts"],
          testTimeout: longer(60_000), // the longest takes four seconds on an idle machine
          isolate: false, // no file leaves anything to the next, and each would load all modules anew
          maxWorkers: 2,
        },
      },
      { test: { name: "package", include: ["test/package/**/*.test.ts"], ...onHosts } },
      // They wait for guests and timeouts: with three and two at a time a quarter and a tenth of two cores were idle.
      { test: { name: "lab", include: ["test/lab/**/*.test.ts"], ...onHosts, maxWorkers: 4 } },
      { test: { name: "engine", include: ["test/engine/**/*.test.ts"], ...onHosts, maxWorkers: 3 } },
      { test: { name: "bench", include: ["test/bench/**/*.bench.ts"], ...onHosts, maxWorkers: 1 } },
    ],
  },
});
