import { defineConfig } from "vitest/config";
import { LongestFirst } from "./test/support/longest-first.js";

/** Tests on real hosts: three files at a time, each with hosts of its own. They wait for guests, timeouts and each other a third of the time. */
const onHosts = { testTimeout: 300_000, hookTimeout: 300_000, fileParallelism: true, maxWorkers: 3 };

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          name: "fast",
          include: ["test/{unit,property,wire}/**/*.test.ts"],
          testTimeout: 20_000,
          maxWorkers: 2,
        },
      },
      { test: { name: "package", include: ["test/package/**/*.test.ts"], ...onHosts } },
      { test: { name: "lab", include: ["test/lab/**/*.test.ts"], ...onHosts } },
      { test: { name: "engine", include: ["test/engine/**/*.test.ts"], ...onHosts } },
      { test: { name: "bench", include: ["test/bench/**/*.bench.ts"], ...onHosts, maxWorkers: 1 } },
    ],
  },
});
