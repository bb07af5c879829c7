import { defineConfig } from "vitest/config";

/** Tests on real hosts: one file at a time, for they share two cores and the clock matters. */
const onHosts = { testTimeout: 300_000, hookTimeout: 300_000, fileParallelism: false };

export default defineConfig({
  test: {
    projects: [
      { test: { name: "fast", include: ["test/{unit,property,wire}/**/*.test.ts"], testTimeout: 20_000 } },
      { test: { name: "package", include: ["test/package/**/*.test.ts"], ...onHosts } },
      { test: { name: "lab", include: ["test/lab/**/*.test.ts"], ...onHosts } },
      { test: { name: "engine", include: ["test/engine/**/*.test.ts"], ...onHosts } },
      { test: { name: "bench", include: ["test/bench/**/*.bench.ts"], ...onHosts } },
    ],
  },
});
